//! kill -9 of the engine, for real: each effect happens once, or the run says which step is in doubt.

use std::time::{Duration, Instant};

use crate::support::{Place, kill, until};

#[test]
fn a_command_that_was_running_is_not_lost_and_not_repeated() {
    let place = Place::with(
        r#"
        command("first", #{ run: ["sh", "-c", "echo first >> ledger"], rollback: "nothing" });
        let out = command("slow", #{ run: ["sh", "-c", "echo slow >> ledger; echo > began; cat go > /dev/null; echo end >> ledger; echo result"], rollback: "nothing" });
        check("its output is there", || out.stdout == "result");
        command("last", #{ run: ["sh", "-c", "echo last >> ledger"], rollback: "nothing" });
        "#,
    );
    place.fifo("began");
    place.fifo("go");
    let child = place.command(&["exec", "main"]).spawn().expect("the binary starts");
    place.read("began");
    kill(child);
    place.write("go", "");
    place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!(place.ledger(), ["first", "slow", "end", "last"]);
    place.expect(0, &["verify"]);
    place.git(&["fsck", "--strict"]);
}

#[test]
fn a_second_operator_is_told_who_holds_the_run() {
    let place = Place::with(r#"command("slow", #{ run: ["sh", "-c", "echo > began; cat go"], rollback: "nothing" });"#);
    place.fifo("began");
    place.fifo("go");
    let child = place.command(&["exec", "main"]).spawn().expect("the binary starts");
    place.read("began");
    place.expect(10, &["resume", &place.newest_run()]).says(&["is held by", "`runbook exec`"]);
    place.write("go", "");
    assert!(child.wait_with_output().expect("it ends").status.success());
}

#[test]
fn killed_at_random_moments_a_run_ends_like_an_undisturbed_one() {
    let steps: String = (0..12)
        .map(|n| format!("command(\"step {n}\", #{{ run: [\"sh\", \"-c\", \"echo {n} >> ledger\"], rollback: [\"sh\", \"-c\", \"echo back {n} >> ledger\"] }});\n"))
        .collect();
    let forward: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    for delay in (0..24).map(|n| Duration::from_micros(n * 2_500)) {
        let place = Place::with(&steps);
        let child = place.command(&["exec", "main"]).stderr(std::process::Stdio::null()).spawn().expect("the binary starts");
        until("a run", || place.state().join("runs").read_dir().is_ok_and(|mut runs| runs.next().is_some()));
        let began = Instant::now();
        until("the moment", || began.elapsed() >= delay);
        kill(child);
        let resumed = place.run(&["resume", &place.newest_run()]);
        match resumed.code {
            Some(0) => assert_eq!(place.ledger(), forward, "{resumed}"),
            // It died before the first record, or after the last: nothing to resume.
            Some(2) => assert!(place.ledger().is_empty() || place.ledger() == forward, "{resumed}"),
            _ => panic!("neither completed nor unbegun: {resumed}"),
        }
    }
}
