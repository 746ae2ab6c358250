//! `runbook runs` and `runbook show`: looking at runs takes none of them, and tells the living from the dead.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Place, Ran};

/// A command that takes as long as the test wants, between two others.
const SLOW: &str = r#"
command("first", #{ run: ["sh", "-c", "echo first >> ledger"], rollback: [["true"]] });
command("slow", #{ run: ["sh", "-c", "echo slow >> ledger; echo > began; cat go > /dev/null; echo end >> ledger"], rollback: "nothing" });
command("last", #{ run: ["sh", "-c", "echo last >> ledger"], rollback: "nothing" });
"#;

/// A run whose engine waits for its slow command.
fn at_work() -> (Place, Child, String) {
    let place = Place::with(SLOW);
    place.fifo("began");
    place.fifo("go");
    let engine = place.command(&["exec", "main"]).stderr(Stdio::null()).spawn().expect("the binary starts");
    place.wait_for("began");
    let run = place.newest_run();
    (place, engine, run)
}

fn ids(ran: &Ran) -> Vec<String> {
    ran.out.lines().filter(|line| line.starts_with("01")).map(|line| line[..26].to_owned()).collect()
}

#[test]
fn filters_find_runs_and_damage_hides_none() {
    let place = Place::with("check(\"fine\", || true);");
    place.write("runbook.toml", "[env.staging]\n");
    place.runbook("other", "check(\"never\", || false);");
    place.expect(0, &["exec", "main"]);
    place.expect(1, &["exec", "other", "--env", "staging"]);
    place.expect(0, &["exec", "main", "--dry-run"]);
    let all = ids(&place.expect(0, &["runs"]));
    assert_eq!(all.len(), 3);
    let found = |filter: &[&str]| ids(&place.expect(0, &[&["runs"], filter].concat()));
    for (filter, runs) in [
        (&["--state", "failed"] as &[_], &all[1..2]),
        (&["--runbook", "main"], &[all[0].clone(), all[2].clone()]),
        (&["--env", "staging"], &all[1..2]),
        (&["--mode", "rehearsal"], &all[..1]),
        (&["--mode", "live", "--limit", "1"], &all[1..2]),
        (&["--since", "1h"], &all),
        (&["--until", "1h"], &[]),
        (&["--since", "2020-01-01", "--until", "2020-01-02T00:00"], &[]),
        (&["--by", "nobody-of-that-name"], &[]),
    ] {
        assert_eq!(found(filter), runs, "{filter:?}");
    }
    let who = Command::new("id").arg("-un").output().expect("id");
    assert_eq!(found(&["--by", String::from_utf8_lossy(&who.stdout).trim()]), all);
    place.expect(2, &["runs", "--since", "soon"]).says(&["--since soon", "2026-11-21"]);
    // The one in the middle is damaged in its first record: all are listed, and the code says that one is.
    let journal = place.state().join("runs").join(&all[1]).join("journal.jsonl");
    let mut content = std::fs::read(&journal).expect("a journal");
    content[60] ^= 1;
    std::fs::write(&journal, content).expect("damage");
    let damaged = place.expect(11, &["runs"]);
    assert_eq!(ids(&damaged), all);
    damaged.says(&["damaged    -", "damaged at record 0", &all[1]]);
    assert_eq!(ids(&place.expect(11, &["runs", "--state", "damaged"])), all[1..2]);
    // Whoever only looks has not been kept from running anything.
    let shown = place.expect(11, &["show", &all[1]]);
    shown.says(&["damaged at record 0", "runbook verify"]).is_silent_about(&["nothing was"]);
    place.expect(11, &["resume", &all[1]]).says(&["damaged at record 0", "nothing was done"]);
    let lines = place.expect(11, &["runs", "--output", "json"]).out;
    let flags: Vec<_> = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["damaged"].clone()).collect();
    assert_eq!(flags, [false, true, false]);
}

#[test]
fn a_run_that_died_says_so_with_what_was_in_flight_and_what_to_type() {
    let (place, mut engine, run) = at_work();
    place.expect(0, &["show", &run]).says(&["at work:", "runbook exec", "command `slow` since", "--follow"]);
    place.expect(0, &["report", &run]).says(&["**running**", "At work"]);
    engine.kill().expect("killed");
    engine.wait().expect("it ends");
    let shown = place.expect(0, &["show", &run]);
    shown.says(&["main died", "in flight: command `slow`, attempt 1", "you are asked whether it took effect"]);
    shown.says(&[&format!("runbook resume {run}"), &format!("runbook rollback {run}")]);
    place.expect(0, &["runs", "--state", "died"]).says(&[&run]);
    place.expect(0, &["diff", &run, &run]).says(&["died"]).is_silent_about(&["running"]);
    place.expect(0, &["report", &run]).says(&["**died**", "end unknown", &format!("`runbook resume {run}`")]);
    place.write("go", "");
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["first", "slow", "end", "last"]);
    place.expect(0, &["show", &run]).is_silent_about(&["in flight", "at work"]);
}

#[test]
fn a_run_that_goes_on_is_followed_to_its_end() {
    let (place, mut engine, run) = at_work();
    let follow = |format: &str| {
        let mut command = place.command(&["show", &run, "--follow", "--output", format]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
    };
    let (text, json) = (follow("text"), follow("json"));
    place.write("go", "");
    assert!(engine.wait().expect("it ends").success());
    let (text, json) = (text.wait_with_output().expect("text"), json.wait_with_output().expect("json"));
    assert!(text.status.success() && json.status.success());
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for part in ["first", "slow", "last", "main completed"] {
        assert_eq!(text.matches(part).count(), 1, "{part}\n{text}");
    }
    let told: Vec<Value> =
        String::from_utf8_lossy(&json.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(told.len(), place.journal().len(), "each record once");
}

#[test]
fn whoever_follows_ends_with_the_reader_of_it() {
    let (place, mut engine, run) = at_work();
    let mut codes = Vec::new();
    for format in ["text", "json"] {
        let mut command = place.command(&["show", &run, "--follow", "--output", format]);
        let mut follower = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts");
        // As `grep -m1` does: one line is read, and that was it.
        let mut line = String::new();
        let mut reader = BufReader::new(follower.stdout.take().expect("a pipe"));
        reader.read_line(&mut line).expect("a line");
        drop(reader);
        let begun = Instant::now();
        let ended = loop {
            match follower.try_wait().expect("its end") {
                None if begun.elapsed() < Duration::from_secs(5) => std::thread::sleep(Duration::from_millis(20)),
                ended => break ended,
            }
        };
        follower.kill().ok();
        follower.wait().ok();
        codes.push(ended.and_then(|ended| ended.code()));
    }
    place.write("go", "");
    assert!(engine.wait().expect("it ends").success());
    assert_eq!(codes, [Some(0), Some(0)], "it goes on although nobody reads it");
}

#[test]
fn a_step_is_shown_in_full() {
    let place = Place::with(
        r#"phase("P", || { command("twice", #{ run: ["sh", "-c", "echo x >> ledger; test $(wc -l < ledger) -gt 1"], retry: #{ times: 1, every: "1ms" }, rollback: [["true", "back"]] }); });"#,
    );
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    let shown = place.expect(0, &["show", &run, "twice"]);
    shown.says(&[
        "command · done · P/twice",
        "attempt 1",
        "exit code 1",
        "attempt 2",
        "exit code 0",
        "rollback        true back",
    ]);
    shown.says(&["the runbook had it tried again", "runbooks/main.rhai:"]);
    let json: Value = serde_json::from_str(&place.expect(0, &["show", &run, "P/twice", "--output", "json"]).out).expect("JSON");
    assert_eq!(json["step"]["attempts"].as_array().map(Vec::len), Some(2));
    place.expect(2, &["show", &run, "thrice"]).says(&["no step `thrice`", "P/twice"]);
    place.expect(2, &["show", "main", "twice"]).says(&["is a runbook"]);
}
