//! A confirm without a terminal suspends the run; anyone allowed answers, and the run goes on.

use crate::support::Place;

const ASKS: &str = r#"
command("before", #{ run: ["sh", "-c", "echo before >> ledger"], rollback: "nothing" });
confirm("Go on?");
command("after", #{ run: ["sh", "-c", "echo after >> ledger"], rollback: "nothing" });
"#;

#[test]
fn it_waits_and_goes_on_when_answered() {
    let place = Place::with(ASKS);
    place.expect(4, &["exec", "main"]).says(&["Go on?", "runbook answer"]);
    assert_eq!(place.ledger(), ["before"]);
    place.expect(4, &["resume"]);
    place.expect(0, &["answer", &place.newest_run(), "--yes"]);
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["before", "after"]);
}

#[test]
fn a_no_declines_and_stops() {
    let place = Place::with(ASKS);
    place.expect(4, &["exec", "main"]);
    place.expect(0, &["answer", &place.newest_run(), "--no"]);
    place.expect(8, &["resume"]).says(&["declined"]);
    assert_eq!(place.ledger(), ["before"]);
}

#[test]
fn yes_answers_for_whoever_typed_it() {
    let place = Place::with(ASKS);
    place.expect(0, &["exec", "main", "--yes"]);
    let answered = place.journal().into_iter().find(|r| r["type"] == "confirm_answered").expect("an answer");
    assert!(answered["by"].to_string().contains("--yes"), "{answered}");
}

#[test]
fn only_those_who_may_answer_can() {
    let place = Place::with(r#"confirm("Sure?", #{ by: ["bob", "@oncall"] }); confirm("Somebody else?", #{ not_self: true });"#);
    place.expect(4, &["exec", "main", "--yes"]);
    place.expect(10, &["answer", &place.newest_run(), "--yes"]).says(&["not among those who may answer"]);
}

#[test]
fn a_choice_is_recorded_and_comes_back() {
    let place =
        Place::with(r#"let c = confirm("Which?", #{ choices: ["left", "right"] }); check("it was right", || c == "right");"#);
    place.expect(4, &["exec", "main"]);
    place.expect(2, &["answer", &place.newest_run(), "--choose", "up"]).says(&["left, right"]);
    place.expect(0, &["answer", &place.newest_run(), "--choose", "right"]);
    place.expect(0, &["resume"]);
}
