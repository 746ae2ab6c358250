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
