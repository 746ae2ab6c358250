//! Questions that several people answer, each in a browser of their own; and whoever has to be told of them.

use serde_json::json;

use crate::serve::client::{Client, Server};
use crate::serve::hearing::{hears, told as told_by};
use crate::serve::telling::SECRET;
use crate::serve::visitors::people;
use crate::support::Place;

fn source(options: &str) -> String {
    format!(
        "command(\"before\", #{{ run: [\"sh\", \"-c\", \"echo before >> ledger\"], rollback: [\"sh\", \"-c\", \"echo back >> ledger\"] }});\n\
         confirm(\"Switch?\", #{{ {options} }});\n\
         command(\"after\", #{{ run: [\"sh\", \"-c\", \"echo after >> ledger\"], rollback: \"nothing\" }});\n"
    )
}

fn approvers(place: &Place, names: &str) {
    let config = place.read("runbook.toml").replace("approvers = [\"amy\"]", &format!("approvers = [{names}]"));
    place.write("runbook.toml", &config);
}

/// Starts it on its page, as a person does.
fn started(browser: &Client, runbook: &str) -> String {
    let page = browser.get(&format!("/open/{runbook}"));
    let [form, shown] = ["_form", "shown"].map(|name| page.field(name));
    let run = browser.form("/runs", &[("_form", &form), ("shown", &shown), ("runbook", runbook), ("mode", "live")]);
    assert_eq!(run.status, 303, "{run:?}");
    run.header("location").to_owned()
}

fn says(browser: &Client, path: &str, said: &str) -> u16 {
    let page = browser.until(path, &["class=\"card asks\""]);
    let [form, shown] = ["_form", "shown"].map(|name| page.field(name));
    browser.form(&format!("{path}/answer"), &[("_form", &form), ("shown", &shown), ("said", said), ("note", "seen")]).status
}

#[test]
fn two_people_agree_in_two_browsers_and_whoever_started_it_is_neither() {
    let place = Place::new();
    place.runbook("asks", &source("quorum: 2, not_self: true"));
    let tokens = people(&place, &["ola", "amy", "ann"], "");
    approvers(&place, "\"amy\", \"ann\", \"ola\"");
    let server = Server::start(&place);
    let [ola, amy, ann] = [0, 1, 2].map(|at| server.browser(&tokens[at]));
    let path = started(&ola, "asks");
    let page = ola.until(&path, &["class=\"card asks\""]);
    page.says(&["somebody else", "2 people have to agree"]);
    assert!(!page.body.contains("name=\"said\""), "whoever runs it has no button: {page:?}");
    // A form that somebody made themselves is judged like one of ours.
    let form = page.field("_form");
    let shown = amy.get(&path).field("shown");
    assert_eq!(ola.form(&format!("{path}/answer"), &[("_form", &form), ("shown", &shown), ("said", "yes")]).status, 409);
    assert_eq!(says(&amy, &path, "yes"), 303);
    ann.until(&path, &["amy: yes"]);
    // One person is one voice, however often it is raised, and from whichever browser.
    let elsewhere = server.browser(&tokens[1]);
    assert_eq!(says(&elsewhere, &path, "yes"), 409);
    assert_eq!(place.ledger(), ["before"]);
    assert_eq!(says(&ann, &path, "yes"), 303);
    ann.until(&path, &["completed"]);
    assert_eq!(place.ledger(), ["before", "after"]);
    let answers: Vec<_> = place.journal().into_iter().filter(|record| record["type"] == "confirm_answered").collect();
    let by: Vec<_> = answers.iter().map(|answer| answer["by"]["person"]["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(by, ["amy", "ann"]);
}

/// One run has one writer; nobody who answers is to notice.
#[test]
fn two_people_answer_two_questions_at_the_same_moment() {
    let place = Place::new();
    place.runbook(
        "both",
        "parallel(\"both\", [\"a\", \"b\", \"c\"], |name| {\n\
             confirm(\"Switch \" + name + \"?\");\n\
             command(\"do it\", #{ run: [\"sh\", \"-c\", \"echo $1 >> ledger\", \"sh\", name], rollback: \"nothing\" });\n\
         });\n",
    );
    let server = Server::start(&place);
    let program = server.program();
    let begun = program.post("/api/runs", &json!({ "runbook": "both", "mode": "live" })).json();
    let run = format!("/api/runs/{}", begun["run"].as_str().expect("a run"));
    let page = program.until(&run, &["Switch a?", "Switch b?", "Switch c?", "\"shown\""]).json();
    let asked: Vec<_> = page["questions"].as_array().expect("questions").iter().map(|one| one["shown"].clone()).collect();
    assert_eq!(asked.len(), 3);
    let answer = |shown: &serde_json::Value| {
        let answer = program.post(&format!("{run}/answer"), &json!({ "said": "yes", "shown": shown }));
        (answer.status, answer.body)
    };
    let said: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = asked.iter().map(|shown| scope.spawn(|| answer(shown))).collect();
        all.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    assert!(said.iter().all(|(status, _)| *status == 200), "{said:?}");
    program.until(&run, &["\"completed\""]);
    let mut ledger = place.ledger();
    ledger.sort();
    assert_eq!(ledger, ["a", "b", "c"]);
    // Who comes too late is told so, and not of processes.
    let (status, body) = answer(&asked[0]);
    assert!(status == 409 && body.contains("not asked any more"), "{status} {body}");
}

#[test]
fn a_run_that_goes_on_already_is_shown_to_whoever_resumes_it() {
    let place = Place::new();
    place.fifo("gate");
    place.runbook(
        "waits",
        "command(\"try\", #{ run: [\"sh\", \"-c\", \"test -e mended\"], rollback: \"nothing\" });\n\
         command(\"wait\", #{ run: [\"sh\", \"-c\", \"read x < gate; echo $x >> ledger\"], rollback: \"nothing\" });\n",
    );
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let path = started(&browser, "waits");
    let page = browser.until(&path, &["failed", "Resume"]);
    let form = page.field("_form");
    place.write("mended", "");
    let resume = || browser.form(&format!("{path}/resume"), &[("_form", &form)]);
    for _ in 0..2 {
        let answer = resume();
        assert_eq!((answer.status, answer.header("location")), (303, path.as_str()), "{answer:?}");
    }
    std::fs::write(place.path("gate"), "x\n").expect("a reader");
    browser.until(&path, &["completed"]);
    assert_eq!(place.ledger(), ["x"]);
}

#[test]
fn a_rollback_that_is_asked_for_twice_is_done_once_and_shown_to_both() {
    let place = Place::new();
    place.fifo("gate");
    place.runbook(
        "done",
        "command(\"do\", #{ run: [\"true\"], rollback: [\"sh\", \"-c\", \"read x < gate; echo back >> ledger\"] });\n",
    );
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let path = started(&browser, "done");
    let form = browser.until(&path, &["completed", "Roll it back for real"]).field("_form");
    let back = || browser.form(&format!("{path}/rollback"), &[("_form", &form), ("sure", "yes")]);
    assert_eq!(back().status, 303);
    browser.until(&path, &["data-turn=\"rolling_back-1"]);
    let again = back();
    assert_eq!((again.status, again.header("location")), (303, path.as_str()), "{again:?}");
    std::fs::write(place.path("gate"), "x\n").expect("a reader");
    browser.until(&path, &["rolled back"]);
    assert_eq!(place.ledger(), ["back"]);
}

/// On a bad connection nobody knows whether what they said has arrived: "nothing was recorded" would be wrong.
#[test]
fn whoever_says_the_same_once_more_is_shown_the_run() {
    let place = Place::new();
    place.runbook("asks", &source(""));
    let tokens = people(&place, &["ola", "amy", "ann"], "");
    approvers(&place, "\"amy\", \"ann\"");
    let server = Server::start(&place);
    let [ola, amy, ann] = [0, 1, 2].map(|at| server.browser(&tokens[at]));
    let path = started(&ola, "asks");
    let [page, theirs] = [&amy, &ann].map(|browser| browser.until(&path, &["class=\"card asks\""]));
    let shown = page.field("shown");
    let say = |browser: &Client, page: &crate::serve::client::Answer, said: &str| {
        let form = page.field("_form");
        browser.form(&format!("{path}/answer"), &[("_form", &form), ("shown", &shown), ("said", said), ("note", "seen")])
    };
    for _ in 0..2 {
        let answer = say(&amy, &page, "yes");
        assert_eq!((answer.status, answer.header("location")), (303, path.as_str()), "{answer:?}");
    }
    amy.until(&path, &["completed"]);
    assert_eq!(say(&amy, &page, "yes").status, 303);
    // Of anything else, and of anybody else, nothing is recorded.
    for refused in [say(&amy, &page, "no"), say(&ann, &theirs, "yes")] {
        assert_eq!(refused.status, 409, "{refused:?}");
        refused.says(&["nothing was recorded"]);
    }
    assert_eq!(place.ledger(), ["before", "after"]);
    assert_eq!(place.journal().iter().filter(|record| record["type"] == "confirm_answered").count(), 1);
}

#[test]
fn one_no_is_enough_and_nobody_is_asked_any_more() {
    let place = Place::new();
    place.runbook("asks", &source("quorum: 2"));
    let tokens = people(&place, &["ola", "amy", "ann"], "");
    approvers(&place, "\"amy\", \"ann\"");
    let server = Server::start(&place);
    let [ola, amy, ann] = [0, 1, 2].map(|at| server.browser(&tokens[at]));
    let path = started(&ola, "asks");
    assert_eq!(says(&amy, &path, "yes"), 303);
    let page = ann.until(&path, &["amy: yes"]);
    let [form, shown] = ["_form", "shown"].map(|name| page.field(name));
    let answer = |said| ann.form(&format!("{path}/answer"), &[("_form", &form), ("shown", &shown), ("said", said)]).status;
    assert_eq!(answer("no"), 303);
    ann.until(&path, &["declined"]);
    assert_eq!(answer("yes"), 409, "it was answered");
    assert_eq!(place.ledger(), ["before"]);
}

#[test]
fn each_deadline_tells_the_next_person_once_and_the_last_one_ends_it_whichever_server_is_there() {
    let place = Place::new();
    place.runbook("asks", &source("by: [\"amy\"], deadline: \"2s\", escalate: [\"@l2\", \"bob\"], on_timeout: \"rollback\""));
    let (hook, heard) = hears(&[(200, "")]);
    place.private("key", SECRET);
    place.write(
        "runbook.toml",
        &format!(
            "[serve]\nurl = \"https://runbook.example\"\n[serve.notify.own]\nkind = \"webhook\"\nurl = \"{hook}\"\nsecret = \"key\"\non = [\"waiting\", \"rolled_back\"]\n"
        ),
    );
    let mut server = Server::start(&place);
    place.expect(4, &["exec", "asks"]);
    let mut told = Vec::new();
    let mut hear = || {
        let news = told_by(&heard);
        told.push((news["kind"].clone(), news["to"].clone()));
    };
    hear();
    server.program().until("/metrics", &["runbook_serve_notified_total 1"]);
    // Another server takes over in the middle of it; what was told is not told again.
    server.kill();
    let _server = Server::start(&place);
    (0..3).for_each(|_| hear());
    let waiting = |to: &str| (json!("waiting"), json!([to]));
    assert_eq!(told, [waiting("amy"), waiting("@l2"), waiting("bob"), (json!("rolled_back"), json!([]))]);
    assert_eq!(place.ledger(), ["before", "back"]);
    assert!(heard.try_recv().is_err(), "somebody was told twice");
}

#[test]
fn what_could_not_be_told_is_told_by_the_next_server_and_only_once() {
    let place = Place::new();
    place.runbook("asks", &source("by: [\"amy\"]"));
    place.runbook("fails", "command(\"x\", #{ run: [\"false\"], rollback: \"nothing\" });\n");
    let (hook, heard) = hears(&[(503, ""), (200, "")]);
    place.private("key", SECRET);
    place.write(
        "runbook.toml",
        &format!("[serve]\nurl = \"https://runbook.example\"\n[serve.notify.own]\nkind = \"webhook\"\nurl = \"{hook}\"\nsecret = \"key\"\n"),
    );
    let mut server = Server::start(&place);
    place.expect(4, &["exec", "asks"]);
    let refused = told_by(&heard);
    server.program().until("/metrics", &["runbook_serve_unnotified_total 1"]);
    server.kill();
    let mut server = Server::start(&place);
    let told = told_by(&heard);
    assert_eq!(told["key"], refused["key"]);
    server.program().until("/metrics", &["runbook_serve_notified_total 1"]);
    server.kill();
    let _server = Server::start(&place);
    place.expect(1, &["exec", "fails"]);
    // The next thing that anybody hears is news.
    assert_eq!(told_by(&heard)["kind"], "failed");
}
