//! A step in doubt is never silently repeated and never silently passed over.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Place;

fn stopped_half_way(options: &str) -> Place {
    let place = Place::with(&format!(
        r#"
        command("before", #{{ run: ["sh", "-c", "echo before >> ledger"], rollback: ["sh", "-c", "echo back before >> ledger"] }});
        command("half", #{{
            run: ["sh", "-c", "echo half >> ledger; test -e quick || sleep 300"],
            rollback: ["sh", "-c", "echo back half >> ledger"],
            timeout: "300ms",{options}
        }});
        command("after", #{{ run: ["sh", "-c", "echo after >> ledger"], rollback: "nothing" }});
        "#
    ));
    place.expect(5, &["exec", "main"]).says(&["half", "runbook resolve"]);
    assert_eq!(place.ledger(), ["before", "half"]);
    place.write("quick", "");
    place
}

#[test]
fn without_a_word_nothing_goes_on() {
    let place = stopped_half_way("");
    place.expect(5, &["resume"]).says(&["runbook resolve"]);
    // As it was: stopped for having taken too long.
    place.expect(5, &["rollback", &place.newest_run()]).says(&["stopped after 300ms"]);
    assert_eq!(place.ledger(), ["before", "half"]);
}

#[test]
fn it_did_and_the_run_goes_on_behind_it() {
    let place = stopped_half_way("");
    let run = place.newest_run();
    place.expect(2, &["resolve", &run, "nonsense", "did", "--why", "x"]).says(&["nonsense", "half"]);
    place.expect(0, &["resolve", &run, "half", "did", "--why", "the file has it"]);
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["before", "half", "after"]);
    place.expect(0, &["report", &run]).says(&["completed", "With 1 step settled by a person"]);
    let page = place.expect(0, &["report", &run, "--format", "html"]).out;
    assert!(page.contains("1 step settled by a person") && !page.contains("It did what it should"), "{page}");
    place.expect(6, &["rollback", &run]);
    assert_eq!(place.ledger()[3..], ["back half", "back before"]);
    place.expect(0, &["verify"]);
}

#[test]
fn it_did_not_and_is_done_again() {
    let place = stopped_half_way("");
    place.expect(0, &["resolve", &place.newest_run(), "half", "did-not", "--why", "no trace of it"]);
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["before", "half", "half", "after"]);
}

#[test]
fn what_its_author_calls_idempotent_is_simply_tried_again() {
    let place = Place::with(
        r#"command("half", #{ run: ["sh", "-c", "echo half >> ledger; test -e quick || sleep 300"], timeout: "300ms", idempotent: true, rollback: "nothing" });"#,
    );
    place.expect(1, &["exec", "main"]);
    place.write("quick", "");
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["half", "half"]);
}

#[test]
fn its_own_check_settles_it() {
    for (effect, ledger) in [("true", &["half", "after"][..]), ("false", &["half", "half", "after"][..])] {
        let place = Place::with(&format!(
            r#"
            command("half", #{{
                run: ["sh", "-c", "echo half >> ledger; test -e quick || sleep 300"],
                timeout: "300ms", rollback: "nothing", settled_by: || fs::exists("effect-{effect}"),
            }});
            command("after", #{{ run: ["sh", "-c", "echo after >> ledger"], rollback: "nothing" }});
            "#
        ));
        place.write("effect-true", "");
        place.expect(1, &["exec", "main"]);
        place.write("quick", "");
        place.expect(0, &["resume"]);
        assert_eq!(place.ledger(), ledger, "{effect}");
    }
}

#[test]
fn a_script_that_catches_failures_does_not_catch_a_doubt() {
    let half = r#"command("half", #{ run: ["sh", "-c", "echo half >> ledger; kill -9 $$"], rollback: "nothing" })"#;
    let after = r#"command("after", #{ run: ["sh", "-c", "echo after >> ledger"], rollback: "nothing" });"#;
    for caught in [format!("try {{ {half}; }} catch {{}}"), format!("attempt(|| {half});")] {
        let place = Place::with(&(caught + after));
        place.expect(5, &["exec", "main"]).says(&["half", "runbook resolve"]);
        place.expect(5, &["resume"]);
        assert_eq!(place.ledger(), ["half"]);
        place.expect(0, &["resolve", &place.newest_run(), "half", "did", "--why", "the file has it"]);
        place.expect(0, &["resume"]);
        assert_eq!(place.ledger(), ["half", "after"]);
    }
}

#[test]
fn a_doubt_that_an_engine_died_over_is_not_caught_either() {
    let place = Place::with(
        r#"
        try { command("half", #{ run: ["sh", "-c", "echo half >> ledger; kill -9 $$"], rollback: "nothing" }); } catch {}
        command("after", #{ run: ["sh", "-c", "echo after >> ledger"], rollback: "nothing" });
        "#,
    );
    place.expect(5, &["exec", "main", "--unsealed", "its journal is cut"]);
    // The engine died between the end of the attempt and the question: the end is the last that it wrote.
    let journal = std::fs::read_to_string(place.journal_path()).expect("a journal");
    let kept = place.entries().iter().rposition(|entry| entry == "step_ended").expect("an end") + 1;
    let cut: String = journal.split_inclusive('\n').take(kept).collect();
    std::fs::write(place.journal_path(), cut).expect("the journal is cut");
    place.expect(5, &["resume"]).says(&["half", "runbook resolve"]);
    assert_eq!(place.ledger(), ["half"]);
}

#[test]
fn what_an_idempotent_step_may_have_done_before_it_failed_is_in_doubt_before_a_rollback() {
    for retry in ["", r#"retry: #{ times: 1, every: "10ms" },"#] {
        let place = Place::with(&format!(
            r#"
            command("half", #{{
                run: ["sh", "-c", "test -e once && exit 1; touch once; echo half >> ledger; kill -9 $$"],
                idempotent: true, {retry} rollback: ["sh", "-c", "echo back half >> ledger"],
            }});
            "#
        ));
        place.expect(1, &["exec", "main"]);
        let run = place.newest_run();
        place.expect(5, &["rollback", &run]).says(&["half", "runbook resolve"]);
        place.expect(0, &["resolve", &run, "half", "did", "--why", "the file has it"]);
        place.expect(6, &["rollback", &run]);
        assert_eq!(place.ledger(), ["half", "back half"]);
    }
}

/// Starts a run, and kills its engine as soon as its command has written to `began`.
pub(crate) fn engine_dies(place: &Place) {
    let mut engine = place.command(&["exec", "main"]).stderr(Stdio::null()).spawn().expect("the binary starts");
    place.wait_for("began");
    engine.kill().expect("kill -9");
    engine.wait().expect("it is gone");
}

/// A command in mid-air: its effect is there, its engine is dead, and it ends as `end` says once somebody writes to `go`.
fn in_flight(end: &str) -> Place {
    let place = Place::with(&format!(
        r#"
        command("before", #{{ run: ["sh", "-c", "echo before >> ledger"], rollback: ["sh", "-c", "echo back before >> ledger"] }});
        command("half", #{{
            run: ["sh", "-c", "echo half >> ledger; echo > began; cat go > /dev/null; {end}"],
            rollback: ["sh", "-c", "echo back half >> ledger"],
        }});
        "#
    ));
    place.fifo("began");
    place.fifo("go");
    engine_dies(&place);
    place
}

#[test]
fn a_person_cannot_say_that_a_command_did_not_happen_while_it_runs() {
    let place = in_flight("echo end >> ledger");
    let run = place.newest_run();
    let saying = place
        .command(&["resolve", &run, "half", "did-not", "--why", "a guess"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    place.write("go", "");
    let said = saying.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(2), "{text}");
    assert!(text.contains("`half` is not in doubt") && text.contains(&format!("runbook resume {run}")), "{text}");
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["before", "half", "end"]);
}

#[test]
fn a_command_that_was_killed_after_its_engine_is_in_doubt_before_a_rollback() {
    let place = in_flight("kill -9 $$");
    let run = place.newest_run();
    place.write("go", "");
    place.expect(5, &["rollback", &run]).says(&["half", "runbook resolve"]);
    assert_eq!(place.ledger(), ["before", "half"]);
    place.expect(0, &["resolve", &run, "half", "did", "--why", "the file has it"]);
    place.expect(6, &["rollback", &run]);
    assert_eq!(place.ledger()[2..], ["back half", "back before"]);
}

#[test]
fn a_rollback_that_was_stopped_half_way_is_in_doubt_too() {
    let killed = r#"["sh", "-c", "echo back >> ledger; test -e quick || kill -9 $$"]"#;
    let blocks = format!(r#"|| {{ command("back", #{{ run: {killed}, rollback: "nothing" }}); }}"#);
    for back in [killed, blocks.as_str()] {
        let place = Place::with(&format!(r#"command("do", #{{ run: ["sh", "-c", "echo do >> ledger"], rollback: {back} }});"#));
        place.expect(0, &["exec", "main"]);
        let run = place.newest_run();
        place.expect(5, &["rollback", &run]).says(&["runbook resolve"]);
        place.write("quick", "");
        place.expect(5, &["resume", &run]);
        assert_eq!(place.ledger(), ["do", "back"]);
        let step = place
            .journal()
            .iter()
            .rev()
            .find_map(|record| (record["type"] == "step_intended").then(|| record["seq"].to_string()));
        place.expect(0, &["resolve", &run, &step.expect("an intent"), "did", "--why", "the file has it"]);
        place.expect(6, &["resume", &run]);
        assert_eq!(place.ledger(), ["do", "back"]);
    }
}

#[test]
fn its_own_check_settles_it_before_a_rollback_too() {
    for (effect, on_failure, ledger) in [
        ("true", "stop", &["before", "half", "back half", "back before"][..]),
        ("false", "stop", &["before", "half", "back before"][..]),
        ("true", "rollback", &["before", "half", "back half", "back before"][..]),
        ("false", "rollback", &["before", "half", "back before"][..]),
    ] {
        let place = Place::with(&format!(
            r#"
            runbook(#{{ title: "T", owner: "o", on_failure: "{on_failure}" }});
            command("before", #{{ run: ["sh", "-c", "echo before >> ledger"], rollback: ["sh", "-c", "echo back before >> ledger"] }});
            phase("P", || {{
                command("half", #{{
                    run: ["sh", "-c", "echo half >> ledger; kill -9 $$"],
                    rollback: ["sh", "-c", "echo back half >> ledger"], settled_by: || fs::exists("effect-{effect}"),
                }});
            }});
            command("after", #{{ run: ["sh", "-c", "echo after >> ledger"], rollback: "nothing" }});
            "#
        ));
        place.write("effect-true", "");
        if on_failure == "stop" {
            place.expect(1, &["exec", "main"]);
            place.expect(6, &["rollback", &place.newest_run()]);
        } else {
            place.expect(6, &["exec", "main"]);
        }
        assert_eq!(place.ledger(), ledger, "{effect} {on_failure}");
        let resolved = place.journal().into_iter().find(|record| record["type"] == "step_resolved").expect("a verdict");
        assert_eq!(resolved["by"], "settled_by");
        place.expect(0, &["verify"]);
    }
}

#[test]
fn a_check_that_cannot_tell_leaves_the_doubt_to_a_person_before_a_rollback() {
    let place = Place::with(
        r#"command("half", #{
            run: ["sh", "-c", "echo half >> ledger; kill -9 $$"],
            rollback: ["sh", "-c", "echo back half >> ledger"], settled_by: || fs::read("/nowhere/at/all").len() > 0,
        });"#,
    );
    place.expect(1, &["exec", "main"]);
    let run = place.newest_run();
    place.expect(5, &["rollback", &run]).says(&["half", "runbook resolve", "could not tell"]);
    place.expect(0, &["resolve", &run, "half", "did", "--why", "seen"]);
    place.expect(6, &["rollback", &run]);
    assert_eq!(place.ledger(), ["half", "back half"]);
}

/// Its keeper is killed under it, so that nobody saw its end.
#[test]
fn whoever_is_told_of_a_doubt_is_told_that_the_step_can_be_asked() {
    let place = Place::with(
        r#"command("half", #{ run: ["sh", "-c", "kill -9 $PPID"], rollback: ["touch", "back"], settled_by: || fs::read("effect") == "yes" });"#,
    );
    let ran = place.expect(5, &["exec", "main"]);
    let run = place.newest_run();
    ran.says(&[&format!("runbook resume {run}  (ask its `settled_by`)"), "runbook resolve"]);
    place.expect(5, &["rollback", &run]).says(&[&format!("runbook rollback {run}  (ask its `settled_by`)"), "could not tell"]);
    place.write("effect", "yes");
    place.expect(0, &["resume"]);
    let place = Place::with(r#"command("half", #{ run: ["sh", "-c", "kill -9 $PPID"], rollback: "nothing" });"#);
    place.expect(5, &["exec", "main"]).is_silent_about(&["settled_by"]);
}

#[test]
fn a_keeper_that_does_not_answer_leaves_nothing_to_anybodys_word() {
    let place = Place::with(
        r#"command("half", #{
            run: ["sh", "-c", "echo half >> ledger; echo > began; cat go > /dev/null; echo end >> ledger"],
            idempotent: true,
            rollback: "nothing",
        });"#,
    );
    place.fifo("began");
    place.fifo("go");
    engine_dies(&place);
    let run = place.newest_run();
    let keeper = keeper_of(&place, &run);
    kill_process(keeper, Signal::STOP).expect("SIGSTOP");
    // It may be at work, so neither its author nor a person can say that it is not.
    place.expect(5, &["resume", &run]).says(&["does not answer", "mend that, then resume"]);
    place.expect(5, &["resolve", &run, "half", "did-not", "--why", "a guess"]).says(&["does not answer"]);
    assert_eq!(place.ledger(), ["half"], "there is one of it");
    kill_process(keeper, Signal::CONT).expect("SIGCONT");
    place.write("go", "");
    place.expect(0, &["resume", &run]);
    assert_eq!(place.ledger(), ["half", "end"]);
}

/// The keeper of a run, by its command line.
pub(crate) fn keeper_of(place: &Place, run: &str) -> Pid {
    let directory = place.state().join("runs").join(run).join("keeper");
    let wanted = directory.canonicalize().expect("the keeper's directory").display().to_string();
    let is_it = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.starts_with("runbook-keeper") && line.split('\0').any(|word| word == wanted)
    };
    let pids = std::fs::read_dir("/proc").expect("/proc").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let found = pids.into_iter().find(is_it).expect("a keeper");
    Pid::from_raw(found).expect("a pid")
}

#[test]
fn the_time_of_a_command_goes_on_while_no_engine_lives() {
    let place = Place::with(
        r#"command("half", #{
            run: ["sh", "-c", "echo half >> ledger; echo > began; sleep 300"],
            idempotent: true,
            timeout: "1500ms",
            rollback: "nothing",
        });"#,
    );
    place.fifo("began");
    engine_dies(&place);
    // Its time is over before anybody comes back: the clock is what is waited for.
    let begun = std::time::Instant::now();
    while begun.elapsed() < std::time::Duration::from_millis(1600) {
        std::thread::yield_now();
    }
    let resumed = std::time::Instant::now();
    place.expect(1, &["resume"]).says(&["stopped after"]);
    assert!(resumed.elapsed() < std::time::Duration::from_millis(1400), "it had no time left: {:?}", resumed.elapsed());
    let end = place.journal().into_iter().find(|record| record["type"] == "step_ended").expect("its end");
    let after = end.to_string();
    assert!(!after.contains("\"1500ms\"") && !after.contains("\"1.5s\""), "it had more time than that: {after}");
}

#[test]
fn a_command_that_its_keeper_has_stopped_had_the_time_that_its_author_gave_it() {
    let place = Place::with(
        r#"command("half", #{
            run: ["sh", "-c", "trap 'echo > began; cat go > /dev/null; exit 1' TERM; while :; do sleep 0.01; done"],
            idempotent: true,
            timeout: "300ms",
            rollback: "nothing",
        });"#,
    );
    place.fifo("began");
    place.fifo("go");
    engine_dies(&place);
    place.write("go", "");
    let ledger = place.state().join("runs").join(place.newest_run()).join("keeper/ledger.jsonl");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !std::fs::read_to_string(&ledger).unwrap_or_default().contains("\"ended\"") {
        assert!(std::time::Instant::now() < end, "the keeper writes its end down");
        std::thread::yield_now();
    }
    // However late somebody comes back.
    place.expect(1, &["resume"]).says(&["stopped after 300ms"]);
}

#[test]
fn a_run_whose_keeper_has_lost_what_it_wrote_can_be_given_up() {
    let place = in_flight("true");
    let run = place.newest_run();
    kill_process(keeper_of(&place, &run), Signal::KILL).expect("kill -9");
    // A file that opens, and whose first page nobody can read.
    let ledger = place.state().join("runs").join(&run).join("keeper/ledger.jsonl");
    std::fs::remove_file(&ledger).expect("it was there");
    std::os::unix::fs::symlink("/proc/self/mem", &ledger).expect("a link");
    place.expect(5, &["resume", &run]).says(&["keeper", "mend that, then resume"]);
    place.expect(5, &["resolve", &run, "half", "did-not", "--why", "a guess"]);
    place.expect(0, &["abandon", &run, "--why", "its disk is broken"]);
    place.expect(0, &["show", &run]).says(&["abandoned"]);
    place.write("go", "");
}
