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

/// The same with a deadline that is over before anybody can type anything.
fn asked_too_late(on_timeout: &str) -> Place {
    let back = r#"rollback: ["sh", "-c", "echo back >> ledger"]"#;
    let options = format!("confirm(\"Go on?\", #{{ deadline: \"1ms\"{on_timeout} }});");
    let place = Place::with(&ASKS.replacen("rollback: \"nothing\"", back, 1).replace("confirm(\"Go on?\");", &options));
    place.expect(4, &["exec", "main"]);
    place
}

#[test]
fn a_deadline_counts_while_no_process_does() {
    let place = asked_too_late("");
    let run = place.newest_run();
    place.expect(10, &["answer", &run, "--yes"]).says(&["the 1ms for an answer to `Go on?` are over", "runbook resume"]);
    place.expect(1, &["resume"]).says(&["nobody answered within 1ms"]);
    assert_eq!(place.ledger(), ["before"]);
    // Whoever resumes a run that stopped there wants to be asked once more, and has as much time again.
    place.expect(4, &["resume"]).says(&["for an answer to `Go on?`"]);
    assert_eq!(place.entries().iter().filter(|entry| *entry == "step_intended").count(), 3);
    place.expect(1, &["resume"]);
    place.expect(0, &["verify"]);
}

#[test]
fn a_question_says_until_when_and_is_not_offered_when_its_time_is_over() {
    let place = Place::with(
        &ASKS.replace("confirm(\"Go on?\");", "confirm(\"Go on?\", #{ deadline: \"1h\", on_timeout: \"rollback\" });"),
    );
    place.expect(4, &["exec", "main"]).says(&["until 20", " UTC", "runbook answer"]);
    place.expect(0, &["show", "last"]).says(&["until 20", "runbook answer"]);
    place.expect(4, &["answer", "last"]).says(&["until 20", "--yes"]);
    // Another session says it as well, which was not there when it was asked.
    place.expect(4, &["resume"]).says(&["until 20", "runbook answer"]);

    // What had time at the end of the session may have none when somebody looks.
    let place = Place::with(&ASKS.replace("confirm(\"Go on?\");", "confirm(\"Go on?\", #{ deadline: \"3s\" });"));
    place.expect(4, &["exec", "main"]);
    let began = std::time::Instant::now();
    while !place.expect(0, &["show", "last"]).out.contains("was over at 20") {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "its time does not come to an end");
    }

    let place = asked_too_late(", on_timeout: \"rollback\"");
    let over = place.expect(0, &["show", "last"]);
    over.says(&["was over at 20", "runbook resume", "nobody answers in time"]).is_silent_about(&["runbook answer"]);
    let over = place.expect(4, &["answer", "last"]);
    over.says(&["was over at 20", "runbook resume", "roll back"]).is_silent_about(&["--yes"]);
    place.expect(6, &["resume"]);
}

#[test]
fn silence_rolls_back_or_goes_on_when_the_runbook_says_so() {
    let place = asked_too_late(", on_timeout: \"rollback\"");
    place.expect(6, &["resume"]).says(&["nobody answered `Go on?` in time", "rolled back"]);
    assert_eq!(place.ledger(), ["before", "back"]);
    let place = asked_too_late(", on_timeout: \"proceed\"");
    place.expect(0, &["resume", "--yes"]);
    assert_eq!(place.ledger(), ["before", "after"]);
    let answered = place.journal().into_iter().find(|r| r["type"] == "confirm_answered").expect("an answer");
    assert_eq!(answered["by"], "runbook", "it was too late for the flag");
}

#[test]
fn without_a_run_every_question_that_waits_is_shown_and_none_is_answered() {
    let place = Place::with("confirm(\"Go on?\");");
    place.runbook("other", "confirm(\"Which way?\", #{ choices: [\"left\", \"right\"] });");
    place.expect(10, &["answer"]).says(&["no run waits for an answer"]);
    place.expect(4, &["exec", "main"]);
    let first = place.newest_run();
    place.expect(4, &["exec", "other"]);
    let second = place.newest_run();
    let shown = place.expect(4, &["answer"]);
    shown.says(&[
        "main",
        &format!("runbook answer {first} 'Go on?' --yes"),
        "other",
        &format!("runbook answer {second}"),
        "--choose left",
    ]);
    let refused = place.expect(2, &["answer", "--yes"]);
    refused.says(&["which run?", &format!("runbook answer {first}  (main)"), &format!("runbook answer {second}  (other)")]);
    place.expect(0, &["answer", &first, "--yes"]);
    place.expect(4, &["answer"]).says(&[&second]).is_silent_about(&[&first]);
}

#[test]
fn a_deadline_that_is_not_over_waits_and_an_answer_in_time_counts() {
    let place = Place::with(
        &ASKS.replace("confirm(\"Go on?\");", "confirm(\"Go on?\", #{ deadline: \"1h\", on_timeout: \"rollback\" });"),
    );
    place.expect(4, &["exec", "main"]);
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
fn whoever_says_no_at_a_terminal_is_not_asked_how_to_go_on_all_the_same() {
    for question in ["confirm(\"Go on?\");", "confirm(\"Go on?\", #{ quorum: 2 });"] {
        let place = Place::with(&ASKS.replace("confirm(\"Go on?\");", question));
        let mut terminal = place.terminal(&["exec", "main"]);
        terminal.until("Go on?").until("[y/N]").keys("n\r");
        let ended = terminal.end().with(8);
        ended.says(&["declined", "ask again"]);
        assert!(!ended.screen().join("\n").contains("[k]"), "no way around it is offered");
        assert_eq!(place.ledger(), ["before"]);
    }
}

#[test]
fn an_answer_stands() {
    let place = Place::with(ASKS);
    place.expect(4, &["exec", "main"]);
    let run = place.newest_run();
    place.expect(0, &["answer", &run, "--no"]).says(&["answered: no", "end it, as the answer says"]);
    place.expect(10, &["answer", &run, "--yes"]).says(&["is answered already", "has said no", "nothing was recorded"]);
    place.expect(8, &["resume"]);
    assert_eq!(place.ledger(), ["before"]);
    // Asked again, it is another question.
    place.expect(4, &["resume"]);
    place.expect(0, &["answer", &run, "--yes"]);
    place.expect(0, &["resume"]);
}

#[test]
fn a_quorum_says_who_has_agreed_and_that_somebody_else_is_wanted() {
    let place = Place::with(&ASKS.replace("confirm(\"Go on?\");", "confirm(\"Go on?\", #{ quorum: 2 });"));
    place.expect(4, &["exec", "main"]).says(&["2 people have to agree"]);
    let run = place.newest_run();
    place.expect(0, &["answer", &run, "--yes"]).says(&["1 of 2", "2 people have to agree", "so far: "]);
    place.expect(10, &["answer", &run, "--yes"]).says(&["has said yes, and somebody else is wanted"]);
    place.expect(4, &["answer", &run]).says(&["2 people have to agree", ": yes"]);
    // A change of mind is one: it declines.
    place.expect(0, &["answer", &run, "--no"]);
    place.expect(8, &["resume"]);
    assert_eq!(place.ledger(), ["before"]);
}

#[test]
fn a_name_with_a_slash_is_shown_as_it_was_written() {
    let place = Place::with("confirm(\"Switch from rel/v1 to rel/v2?\");");
    let ran = place.expect(4, &["exec", "main"]);
    ran.says(&["for an answer to `Switch from rel/v1 to rel/v2?`"]).is_silent_about(&["%2F"]);
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

/// Who runs the tests, as the system knows them.
fn me() -> String {
    let output = std::process::Command::new("id").arg("-un").output().expect("id");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn a_group_of_the_repository_may_answer_as_it_was_when_the_run_began() {
    let place = Place::with(r#"confirm("Sure?", #{ by: ["@oncall"] });"#);
    place.write("runbook.toml", &format!("[groups]\noncall = [\"{}\"]\n", me()));
    // A flag speaks for nobody in particular.
    place.expect(4, &["exec", "main", "--yes"]);
    place.write("runbook.toml", "[groups]\noncall = []\n");
    place.expect(0, &["answer", &place.newest_run(), "--yes"]);
    place.expect(0, &["resume"]).says(&["completed"]);
    place.expect(4, &["exec", "main"]);
    place.expect(10, &["answer", &place.newest_run(), "--yes"]).says(&["@oncall", "[groups]"]);
}

#[test]
fn one_person_is_no_quorum_of_two() {
    let place = Place::with(r#"confirm("Sure?", #{ quorum: 2 });"#);
    place.expect(4, &["exec", "main", "--yes"]);
    let run = place.newest_run();
    place.expect(0, &["answer", &run, "--yes"]);
    place.expect(4, &["resume"]);
}

#[test]
fn nobody_says_yes_in_advance_where_the_environment_is_protected() {
    let place = Place::with(r#"confirm("Sure?");"#);
    place.write("runbook.toml", "[env.production]\nprotected = true\n");
    place.expect(10, &["exec", "main", "--env", "production", "--yes"]).says(&["protected"]);
    place.expect(4, &["exec", "main", "--env", "production"]);
    place.expect(10, &["resume", "--yes"]).says(&["protected"]);
    place.expect(4, &["resume"]);
}

#[test]
fn of_several_questions_each_is_answered_by_its_name_and_by_those_who_may() {
    let place = Place::with(
        r#"
        let said = parallel("ask", ["first", "second"], |item| {
            confirm(`${item}?`, if item == "first" { #{ by: ["nobody"] } } else { #{ choices: ["up", "down"], details: "Look first." } })
        });
        print(`${said.map(|one| one.value)}`);
        "#,
    );
    place.expect(4, &["exec", "main"]);
    let run = place.newest_run();
    let before = place.photograph();
    let open = place.expect(4, &["answer", &run]);
    open.says(&["? first?", "may answer: nobody", "? second?", "Look first.", "'ask/second/second?' --choose up"]);
    assert_eq!(place.photograph(), before);
    place.expect(10, &["answer", &run, "first?", "--yes"]).says(&["not among those who may answer"]);
    place.expect(2, &["answer", &run, "third?", "--yes"]).says(&["third?"]);
    // The first that this person may answer.
    place.expect(0, &["answer", &run, "--choose", "down"]);
    place.expect(4, &["answer", &run]).says(&["? first?"]).is_silent_about(&["second?"]);
}
