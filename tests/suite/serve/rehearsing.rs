//! Rehearsals that an alert starts by itself.

use serde_json::{Value, json};

use crate::serve::alerts::{KEY, fingerprint};
use crate::serve::client::{Client, Server};
use crate::support::Place;

const ANSWERS: &str = r#"
let p = runbook(#{
    title: "Answer it",
    serves: ["ApiHighErrorRate"],
    rehearse_on_alert: true,
    params: #{ service: #{ type: "string", pattern: "[a-z0-9][a-z0-9-]{0,62}", from_label: "svc" } },
});
check("it is looked at", || exec::output(["sh", "-c", "echo looked; env"]).code == 0);
command("note it", #{ run: ["sh", "-c", "echo \"$1\" >> ledger", "sh", p.service], rollback: "nothing" });
"#;

/// A place whose `[serve.rehearse]` says this.
fn place(rehearse: &str) -> Place {
    let place = Place::new();
    place.runbook("answer-it", ANSWERS);
    place.private("key", &format!("{KEY}\n"));
    let rehearse = if rehearse.is_empty() { String::new() } else { format!("[serve.rehearse]\n{rehearse}\n") };
    place.write("runbook.toml", &format!("[serve]\nalertmanager_token = \"key\"\n{rehearse}"));
    place
}

fn message(name: &str, service: &str, hour: &str) -> Value {
    json!({
        "version": "4", "groupKey": "{}:{}", "status": "firing",
        "alerts": [{
            "status": "firing", "labels": { "alertname": name, "svc": service }, "annotations": {},
            "startsAt": format!("2026-11-21T{hour}:00:00Z"),
            "fingerprint": fingerprint(&[("alertname", name), ("svc", service)]),
        }],
    })
}

fn fires(hook: &Client, service: &str, hour: &str) -> String {
    let answer = hook.post("/hooks/alertmanager", &message("ApiHighErrorRate", service, hour));
    assert_eq!(answer.status, 200, "{answer:?}");
    format!("/a/{}", fingerprint(&[("alertname", "ApiHighErrorRate"), ("svc", service)]))
}

fn runs(place: &Place) -> usize {
    place.path(".runbook/runs").read_dir().map_or(0, Iterator::count)
}

#[test]
fn an_alert_finds_its_rehearsal_done_and_nothing_is_run() {
    let place = place("runbooks = [\"answer-it\"]");
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("A_TOKEN_OF_THE_SERVER", "not-for-an-alert");
    let mut server = Server::of(&place, command);
    let (hook, browser) = (server.bearer(KEY), server.browser(&server.token));
    let path = fires(&hook, "checkout", "03");
    let page = browser.until(&path, &["Rehearsed by itself", "rehearsed: "]);
    page.says(&["and nothing was changed", "<a href=\"/runs/"]);
    assert_eq!((runs(&place), place.ledger()), (1, Vec::<String>::new()));
    let journal = place.journal();
    assert_eq!((&journal[0]["mode"], &journal[0]["params"]["service"]["origin"]), (&json!("rehearsal"), &json!("alert")));
    assert_eq!(journal[1]["operator"]["name"], "alert");
    assert_eq!(
        (&journal[0]["alert"]["name"], &journal[0]["alert"]["source"]),
        (&json!("ApiHighErrorRate"), &json!("alertmanager"))
    );
    // What the server has in its environment is not for whoever can make an alert fire.
    assert!(!place.read(&format!(".runbook/runs/{}/journal.jsonl", place.newest_run())).contains("not-for-an-alert"));

    // The same occurrence again, also of another server: nothing. The next occurrence: one more.
    fires(&hook, "checkout", "03");
    server.kill();
    let server = Server::start(&place);
    let (hook, browser) = (server.bearer(KEY), server.browser(&server.token));
    fires(&hook, "checkout", "03");
    browser.get(&path).says(&["Rehearsed by itself"]);
    fires(&hook, "checkout", "04");
    server.program().until("/metrics", &["runbook_serve_rehearsed_total 1"]);
    assert_eq!((runs(&place), place.ledger()), (2, Vec::<String>::new()));
}

#[test]
fn nothing_is_rehearsed_that_somebody_did_not_want() {
    // `other` is the last to fire each time: once it was rehearsed, those before it would have been.
    let wide = ANSWERS.replace("pattern: \"[a-z0-9][a-z0-9-]{0,62}\", ", "");
    let unasked = ANSWERS.replace("rehearse_on_alert: true,", "");
    let needy = ANSWERS.replace("params: #{", "params: #{ more: #{ type: \"string\" },");
    for (rules, source) in [
        ("runbooks = [\"other\"]", ANSWERS),
        ("runbooks = [\"*\"]", wide.as_str()),
        ("runbooks = [\"*\"]", unasked.as_str()),
        ("runbooks = [\"*\"]", needy.as_str()),
    ] {
        let place = place(rules);
        place.runbook("answer-it", source);
        place.runbook("other", &ANSWERS.replace("ApiHighErrorRate", "Other").replace("Answer it", "Other"));
        let server = Server::start(&place);
        let hook = server.bearer(KEY);
        let path = fires(&hook, "checkout", "03");
        assert_eq!(hook.post("/hooks/alertmanager", &message("Other", "x", "03")).status, 200);
        server.program().until("/metrics", &["runbook_serve_rehearsed_total 1"]);
        assert_eq!(place.journal()[0]["runbook"], "other");
        assert_eq!(runs(&place), 1, "{rules} {source}");
        let page = server.browser(&server.token).get(&path);
        assert!(!page.body.contains("Rehearsed by itself"), "{page:?}");
    }
    // Where nothing is said, nothing is done; a stranger's message is none.
    let place = place("");
    let server = Server::start(&place);
    fires(&server.bearer(KEY), "checkout", "03");
    assert_eq!(
        server.bearer("wrong-wrong-wrong-wrong").post("/hooks/alertmanager", &message("ApiHighErrorRate", "x", "03")).status,
        401
    );
    drop(server);
    assert_eq!(runs(&place), 0);
}

#[test]
fn an_hour_has_so_many_and_none_takes_longer_than_it_may() {
    let place = place("runbooks = [\"*\"]\nper_hour = 2\nat_once = 1\nwithin = \"1s\"");
    place.fifo("gate");
    place.runbook("answer-it", &ANSWERS.replace("echo looked; env", "read x < gate"));
    let server = Server::start(&place);
    let (hook, browser) = (server.bearer(KEY), server.browser(&server.token));
    for service in ["one", "two", "three"] {
        fires(&hook, service, "03");
    }
    // Each waits at a pipe that nobody writes to, and is stopped.
    server.program().until("/metrics", &["runbook_serve_rehearsed_total 2"]);
    assert_eq!(runs(&place), 2);
    let address = format!("/a/{}", fingerprint(&[("alertname", "ApiHighErrorRate"), ("svc", "three")]));
    // Whoever has asked for the metrics without a pause is told to wait for a moment.
    let page = loop {
        let page = browser.get(&address);
        if page.status != 429 {
            break page;
        }
    };
    assert!(page.status == 200 && !page.body.contains("Rehearsed by itself"), "{page:?}");
}

#[test]
fn rules_that_cannot_be_are_found_at_the_start() {
    for (rules, why) in [
        ("runbooks = [\"*\"]\nat_once = 0", "`at_once` is 1 to 16"),
        ("runbooks = [\"*\"]\nwithin = \"2d\"", "`within` is 1s to 1h"),
        ("runbooks = [\"*\"]\nlive = true", "live"),
        ("env = \"staging\"", "runbooks"),
        ("runbooks = [\"*\"]\nenv = \"nowhere\"", "nowhere"),
    ] {
        place(rules).expect(2, &["serve", "--listen", "127.0.0.1:0"]).says(&[why]);
    }
}
