//! Confirms that are answered on the page.

use serde_json::json;

use crate::serve::client::{Answer, Client, Server};
use crate::serve::visitors::people;
use crate::support::Place;

const ASKS: &str = r#"
command("before", #{ run: ["sh", "-c", "echo before >> ledger"], rollback: ["sh", "-c", "echo back >> ledger"] });
confirm("Switch <now>?", #{ details: "this <b>switches</b>" });
command("after", #{ run: ["sh", "-c", "echo after >> ledger"], rollback: "nothing" });
"#;

/// Starts it, and waits for its question.
fn asking(client: &Client, runbook: &str) -> (String, serde_json::Value) {
    let started = client.post("/api/runs", &json!({ "runbook": runbook, "mode": "live" }));
    assert_eq!(started.status, 201, "{started:?}");
    let path = format!("/api/runs/{}", started.json()["run"].as_str().expect("a run"));
    let told = client.until(&path, &["\"questions\":[{"]);
    (path, told.json()["questions"][0].clone())
}

fn say(client: &Client, path: &str, said: &str, question: &serde_json::Value) -> Answer {
    client.post(&format!("{path}/answer"), &json!({ "said": said, "shown": question["shown"], "note": "as agreed" }))
}

#[test]
fn a_question_is_answered_in_a_browser_and_the_run_goes_on() {
    let place = Place::new();
    place.runbook("asks", ASKS);
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let page = browser.get("/open/asks");
    let [form, shown] = ["_form", "shown"].map(|name| page.field(name));
    let run = browser.form("/runs", &[("_form", &form), ("shown", &shown), ("runbook", "asks"), ("mode", "live")]);
    let path = run.header("location").to_owned();
    let page = browser.until(&path, &["class=\"card asks\""]);
    page.says(&["Switch &lt;now&gt;?", "this &lt;b&gt;switches&lt;/b&gt;"]);
    let question = page.field("shown");
    // Bound to what was shown, and to nothing else.
    let other = browser.form(&format!("{path}/answer"), &[("_form", &form), ("shown", &"0".repeat(64)), ("said", "yes")]);
    assert_eq!(other.status, 409);
    other.says(&["is not what was shown"]);
    assert_eq!(browser.form(&format!("{path}/answer"), &[("shown", &question), ("said", "yes")]).status, 403);
    assert_eq!(browser.form(&format!("{path}/answer"), &[("_form", &form), ("said", "yes")]).status, 409);
    browser.get("/").says(&["Waiting for an answer", "asks"]);
    let yes =
        browser.form(&format!("{path}/answer"), &[("_form", &form), ("shown", &question), ("said", "yes"), ("note", "agreed")]);
    assert_eq!(yes.status, 303, "{yes:?}");
    browser.until(&path, &["completed"]);
    assert_eq!(place.ledger(), ["before", "after"]);
    let answered = place.journal().into_iter().find(|record| record["type"] == "confirm_answered").expect("an answer");
    assert_eq!(
        (&answered["shown"], &answered["note"], &answered["by"]["person"]["from"]),
        (&question.into(), &json!("agreed"), &json!("web"))
    );
    let late = browser.form(&format!("{path}/answer"), &[("_form", &form), ("shown", &"0".repeat(64)), ("said", "no")]);
    assert_eq!(late.status, 409);

    // Rolled back from the same page, after a tick, and not while the process that ran it is still there.
    browser.until(&path, &["Roll it back for real"]);
    assert_eq!(browser.form(&format!("{path}/rollback"), &[("_form", &form)]).status, 422);
    assert_eq!(browser.form(&format!("{path}/rollback"), &[("_form", &form), ("sure", "yes")]).status, 303);
    browser.until(&path, &["rolled back", "verdict back"]);
    assert_eq!(place.ledger(), ["before", "after", "back"]);
    // Each view says the same of a step that was taken back.
    browser.get(&format!("{path}/steps/0")).says(&["command · rolled back · "]);
    place.expect(0, &["show", "last", "before"]).says(&["command · rolled back · before"]);
    browser.get(&format!("{path}/report")).says(&["Who decided what"]);
    let trail = place.git(&["log", "--first-parent", "--format=%B", "main"]);
    assert!(trail.contains(path.trim_start_matches("/runs/")), "{trail}");
}

/// Alerts start more rehearsals in a night than people start runs in a week.
#[test]
fn a_question_is_on_the_first_page_however_many_runs_came_after_it() {
    let place = Place::new();
    place.runbook("asks", ASKS);
    place.expect(4, &["exec", "asks"]);
    let run = place.newest_run();
    for nth in 100..400 {
        place.write(&format!(".runbook/runs/7ZZZZZZZZZZZZZZZZZZZZZZ{nth}/journal.jsonl"), "later\n");
    }
    let server = Server::start(&place);
    let page = server.program().get("/");
    page.says(&["Waiting for an answer", &format!("/runs/{run}")]);
    assert!(!page.body.contains("All that wait"), "{page:?}");
}

/// What the run has done stays; it waits for nothing any more, and cannot be resumed.
#[test]
fn a_run_that_waits_is_given_up_with_a_reason_by_whoever_may_run() {
    let place = Place::new();
    place.runbook("asks", ASKS);
    let tokens = people(&place, &["ola", "amy"], "");
    let server = Server::start(&place);
    let [ola, amy] = [0, 1].map(|at| server.browser(&tokens[at]));
    let (path, question) = asking(&server.bearer(&tokens[0]), "asks");
    let path = path.replace("/api", "");
    let form = ola.get(&path).says(&["Give up…", "owes a way back", "name=\"why\" required"]).field("_form");
    let theirs = amy.get(&path).field("_form");
    let address = format!("{path}/abandon");
    let why = "--not an option; <b>\u{1b}[2J";
    for (who, fields, status, words) in [
        (&ola, vec![("_form", form.as_str()), ("why", why)], 422, "tick the box"),
        (&ola, vec![("_form", &form), ("sure", "yes"), ("why", "  ")], 422, "a reason is wanted"),
        (&ola, vec![("_form", &form), ("sure", "yes"), ("why", &"x".repeat(5000))], 422, "longer than 4 KiB"),
        (&ola, vec![("_form", &form), ("sure", "yes"), ("why", "a\0b")], 422, "NUL"),
        (&ola, vec![("sure", "yes"), ("why", why)], 403, "RB0046"),
        (&amy, vec![("_form", &theirs), ("sure", "yes"), ("why", why)], 403, "may look, and not run"),
    ] {
        let refused = who.form(&address, &fields);
        assert_eq!(refused.status, status, "{refused:?}");
        refused.says(&[words]);
    }
    ola.get(&path).says(&["class=\"card asks\""]);
    assert_eq!(ola.form(&address, &[("_form", &form), ("sure", "yes"), ("why", why)]).status, 303);
    let page = ola.until(&path, &["abandoned"]);
    assert!(!page.body.contains("Give up…") && !page.body.contains("<b>\u{1b}") && !page.body.contains("/resume"), "{page:?}");
    assert_eq!(ola.form(&address, &[("_form", &form), ("sure", "yes"), ("why", "again")]).status, 409);
    assert_eq!(say(&server.bearer(&tokens[1]), &format!("/api{path}"), "yes", &question).status, 409);
    assert_eq!(place.ledger(), ["before"]);
    let last = place.journal().pop().expect("an end");
    assert_eq!((&last["status"], &last["why"]), (&json!("abandoned"), &json!(why)));
}

#[test]
fn who_may_answer_is_for_the_confirm_to_say() {
    let place = Place::new();
    place.runbook("asks", &ASKS.replace("#{ details", "#{ by: [\"amy\", \"ann\", \"ola\"], not_self: true, quorum: 2, details"));
    let more = "";
    let tokens = people(&place, &["ola", "amy", "vic", "ann"], more);
    let config = place.read("runbook.toml").replace("approvers = [\"amy\"]", "approvers = [\"amy\", \"ann\", \"ola\", \"vic\"]");
    place.write("runbook.toml", &config);
    let server = Server::start(&place);
    let [ola, amy, vic, ann] = [0, 1, 2, 3].map(|at| server.bearer(&tokens[at]));
    let (path, question) = asking(&ola, "asks");
    for (who, why) in [(&ola, "somebody else"), (&vic, "not among those who may answer")] {
        let refused = say(who, &path, "yes", &question);
        assert_eq!(refused.status, 409, "{refused:?}");
        refused.says(&[why]);
    }
    assert_eq!(say(&amy, &path, "yes", &question).status, 200);
    let again = say(&amy, &path, "yes", &question);
    assert_eq!(again.status, 409, "{again:?}");
    again.says(&["somebody else is wanted"]);
    assert_eq!(amy.get(&path).json()["questions"][0]["so_far"], json!(["amy: yes"]));
    assert_eq!(place.ledger(), ["before"]);
    assert_eq!(say(&ann, &path, "yes", &question).status, 200);
    ann.until(&path, &["\"state\":{\"status\":\"completed\"}"]);
    assert_eq!(place.ledger(), ["before", "after"]);
}

#[test]
fn a_deadline_passes_while_nobody_is_at_work_and_the_run_does_what_it_says() {
    let place = Place::new();
    let source = ASKS.replace("#{ details", "#{ deadline: \"1s\", escalate: [\"@l2\"], on_timeout: \"rollback\", details");
    place.runbook("asks", &source);
    let server = Server::start(&place);
    let owner = server.program();
    let (path, question) = asking(&owner, "asks");
    assert!(question["until"].is_string(), "{question}");
    owner.until(&path, &["\"state\":{\"status\":\"rolled_back\"}"]);
    assert_eq!(place.ledger(), ["before", "back"]);
}

#[test]
fn branches_ask_at_the_same_time_and_each_is_answered_by_itself() {
    let place = Place::new();
    let source = r#"
parallel("hosts", ["a", "b"], #{ max: 2 }, |host| {
    confirm(`Switch ${host}?`, #{ by: [host] });
    command("switch", #{ run: ["sh", "-c", "echo $1 >> ledger", "sh", host], rollback: "nothing" });
});
"#;
    place.runbook("asks", source);
    let tokens = people(&place, &["ola", "a", "b"], "");
    let config = place.read("runbook.toml").replace("approvers = [\"amy\"]", "approvers = [\"a\", \"b\"]");
    place.write("runbook.toml", &config);
    let server = Server::start(&place);
    let [ola, a, b] = [0, 1, 2].map(|at| server.bearer(&tokens[at]));
    let (path, _) = asking(&ola, "asks");
    let told = ola.until(&path, &["Switch a?", "Switch b?"]).json();
    let questions = told["questions"].as_array().expect("questions").clone();
    let of = |host: &str| questions.iter().find(|question| question["text"] == format!("Switch {host}?")).expect("a question");
    a.get(&path.replace("/api", "")).says(&["Switch a?", "Switch b?", "is not among those who may answer: b"]);
    assert_eq!(say(&a, &path, "yes", of("b")).status, 409);
    assert_eq!(say(&b, &path, "yes", of("b")).status, 200);
    b.until(&path, &["\"questions\":[{"]);
    assert_eq!(say(&b, &path, "yes", of("b")).status, 409, "it was answered");
    assert_eq!(say(&a, &path, "yes", of("a")).status, 200);
    a.until(&path, &["\"state\":{\"status\":\"completed\"}"]);
    assert_eq!(place.ledger(), ["b", "a"]);
}

/// A phone that loses its network takes its request with it: what it began is brought to its end all the same.
#[test]
fn an_answer_whose_sender_is_gone_is_recorded_and_the_run_goes_on() {
    let place = Place::new();
    place.runbook("asks", ASKS);
    let server = Server::start(&place);
    let (path, question) = asking(&server.program(), "asks");
    let answer = json!({ "said": "yes", "shown": question["shown"] }).to_string();
    let program = server.program().with("content-type", "application/json");
    let started = place.state().join("serve/started");
    let parts = || std::fs::read_dir(&started).map_or(0, Iterator::count);
    let until = |are_there: bool| {
        let began = std::time::Instant::now();
        while (parts() > 0) != are_there && began.elapsed() < std::time::Duration::from_secs(20) {
            std::thread::yield_now();
        }
    };
    // Whoever began the run may be there still.
    until(false);
    let stream = program.send("POST", &format!("{path}/answer"), answer.as_bytes());
    // Gone as soon as somebody is at work on it: the process that answers in their name.
    until(true);
    drop(stream);
    server.program().until(&path, &["\"status\":\"completed\""]);
    assert_eq!(place.ledger(), ["before", "after"]);
}
