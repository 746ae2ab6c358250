//! `runbook resume`: finished steps are not done again, the failed one is tried again, an edited script is noticed.

use crate::support::Place;

const GATED: &str = r#"
for n in 1..=3 { command(`step ${n}`, #{ run: ["sh", "-c", `echo ${n} >> ledger`], rollback: "nothing" }); }
command("gate", #{ run: ["test", "-e", "open"], rollback: "nothing" });
let answer = command("last", #{ run: ["sh", "-c", "echo last >> ledger; echo 42"], rollback: "nothing" }).stdout;
check("it is 42", || answer == "42");
"#;

#[test]
fn it_goes_on_behind_the_last_recorded_outcome() {
    let place = Place::with(GATED);
    place.expect(1, &["exec", "main"]);
    place.write("open", "");
    place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!(place.ledger(), ["1", "2", "3", "last"]);
    place.expect(0, &["resume", &place.newest_run()]).says(&["is completed already"]);
}

#[test]
fn the_pinned_source_is_what_it_goes_on_with() {
    let place = Place::with(GATED);
    place.expect(1, &["exec", "main"]);
    place.runbook("main", "check(\"something else\", || false);");
    place.write("open", "");
    place.expect(0, &["resume"]).says(&["has changed since", "--adopt"]);
    assert_eq!(place.ledger(), ["1", "2", "3", "last"]);
}

#[test]
fn without_anything_unfinished_it_says_so() {
    let place = Place::with("check(\"fine\", || true);");
    place.expect(0, &["exec", "main"]);
    place.expect(2, &["resume"]).says(&["nothing", "runbook runs"]);
}

#[test]
fn a_run_behind_one_that_has_ended_is_not_brought_back_unnamed() {
    let place = Place::with(GATED);
    place.expect(1, &["exec", "main"]);
    let stopped = place.newest_run();
    place.runbook("other", "check(\"fine\", || true);");
    // A rehearsal is not what anybody goes on with.
    place.expect(0, &["exec", "other", "--dry-run"]);
    place.expect(1, &["resume"]).says(&[&stopped, "main, begun", "gate"]);

    place.expect(0, &["exec", "other"]);
    place.write("open", "");
    let told = place.expect(2, &["resume"]);
    told.says(&["which run?", "(other), is completed", &format!("runbook resume {stopped}  (main)")]);
    assert_eq!(place.ledger(), ["1", "2", "3"]);
    place.expect(0, &["resume", &stopped]);
    assert_eq!(place.ledger(), ["1", "2", "3", "last"]);
}

#[test]
fn an_adopted_edit_goes_on_from_where_the_run_was() {
    let place = Place::with(GATED);
    place.expect(1, &["exec", "main"]);
    let edited = GATED.replace("[\"test\", \"-e\", \"open\"]", "[\"true\"]");
    place.runbook("main", &edited);
    // The failed step itself was edited: nothing of it took effect, so the edited one takes its place.
    place.expect(0, &["resume", "--adopt"]);
    assert_eq!(place.ledger(), ["1", "2", "3", "last"]);
    assert!(place.entries().contains(&"adopted".to_owned()));
}

#[test]
fn an_adopted_edit_of_a_finished_step_is_a_mismatch_and_nothing_runs() {
    let place = Place::with(GATED);
    place.expect(1, &["exec", "main"]);
    place.runbook("main", &GATED.replace("echo ${n} >>", "echo other ${n} >>"));
    place.write("open", "");
    let ran = place.expect(10, &["resume", "--adopt"]);
    ran.says(&["step 1", "recorded", "main.rhai (pinned)", "-for n in 1..=3", "+for n in 1..=3"]);
    assert_eq!(place.ledger(), ["1", "2", "3"]);
    // An edit that does not replay is not kept.
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["1", "2", "3", "last"]);
    place.expect(0, &["verify"]);
}

#[test]
fn an_adopted_edit_of_a_file_that_could_not_be_written_is_what_is_written() {
    let write =
        |path: &str, content: &str| format!(r#"command("conf", #{{ write: #{{ path: "{path}", content: "{content}" }} }});"#);
    // Nobody can make a file there.
    let place = Place::with(&write("/proc/runbook.conf", "old"));
    place.expect(1, &["exec", "main"]);
    place.runbook("main", &write("app.conf", "new"));
    place.expect(0, &["resume", "--adopt"]);
    assert_eq!(place.read("app.conf"), "new");
    place.expect(6, &["rollback", &place.newest_run()]);
    assert!(!place.path("app.conf").exists());
}

#[test]
fn an_edit_that_was_never_played_is_not_adopted() {
    let source = |first: &str| {
        format!(
            r#"
            command("first", #{{ run: ["sh", "-c", "echo {first} >> ledger"], rollback: "nothing" }});
            command("half", #{{ run: ["sh", "-c", "echo half >> ledger; kill -9 $$"], rollback: "nothing" }});
            "#
        )
    };
    let place = Place::with(&source("first"));
    place.expect(5, &["exec", "main"]);
    place.runbook("main", &source("edited"));
    place.expect(5, &["resume", "--adopt"]);
    place.expect(0, &["resolve", &place.newest_run(), "half", "did", "--why", "the file has it"]);
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["first", "half"]);
}

#[test]
fn a_broken_trail_does_not_advise_to_start_the_run_anew() {
    let place = Place::with(r#"command("gate", #{ run: ["false"], rollback: "nothing" });"#);
    place.expect(1, &["exec", "main"]);
    place.write(".runbook/audit.git/HEAD", "nonsense\n");
    place.write(".runbook/audit.git/config", "nonsense\n");
    let refused = place.expect(11, &["resume"]);
    assert!(!refused.to_string().contains("exec --unsealed"), "{refused}");
}

#[test]
fn an_adopted_edit_that_drops_a_finished_step_does_nothing_before_that_is_found_out() {
    let steps = |b: &str, c: &str| {
        format!(
            r#"
            command("a", #{{ run: ["sh", "-c", "echo a >> ledger"], rollback: "nothing" }});
            {b}
            command("c", #{{ run: ["sh", "-c", "{c}"], rollback: "nothing" }});
            command("d", #{{ run: ["sh", "-c", "echo d >> ledger"], rollback: "nothing" }});
            "#
        )
    };
    let b = r#"command("b", #{ run: ["sh", "-c", "echo b >> ledger"], rollback: "nothing" });"#;
    let place = Place::with(&steps(b, "test -e open && echo c >> ledger"));
    place.expect(1, &["exec", "main"]);
    place.runbook("main", &steps("", "echo c-edited >> ledger"));
    place.expect(10, &["resume", "--adopt"]).says(&["nothing was run", "the journal has `b`"]);
    assert_eq!(place.ledger(), ["a", "b"]);
    place.write("open", "");
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["a", "b", "c", "d"]);
}
