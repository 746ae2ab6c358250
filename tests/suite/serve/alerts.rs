//! Alerts that come in.

use std::io::{Read as _, Write as _};

use ring::hmac;
use serde_json::json;

use crate::serve::client::{Answer, Client, Server};
use crate::support::Place;

pub(super) const KEY: &str = "0123456789abcdef0123456789abcdef";
const SERVES: &str = r#"
let p = runbook(#{
    title: "Answer it",
    serves: ["ApiHighErrorRate"],
    params: #{ service: #{ type: "string", pattern: "[a-z0-9-]{1,63}", from_label: "svc" } },
});
command("note it", #{ run: ["sh", "-c", "echo \"$1\" >> ledger", "sh", p.service], rollback: "nothing" });
"#;

fn place() -> Place {
    let place = Place::new();
    place.runbook("answer-it", SERVES);
    place.private("key", &format!("{KEY}\nanother-key-0123456789\n"));
    place.write("runbook.toml", "[serve]\nalertmanager_token = \"key\"\ngrafana_secret = \"key\"\npagerduty_secret = \"key\"\n");
    place
}

/// FNV-1a as Alertmanager counts it, written down a second time.
pub(super) fn fingerprint(labels: &[(&str, &str)]) -> String {
    let bytes = labels.iter().flat_map(|(name, value)| [name.as_bytes(), &[0xff], value.as_bytes(), &[0xff]].concat());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

fn message(status: &str, service: &str) -> serde_json::Value {
    let labels = [("alertname", "ApiHighErrorRate"), ("svc", service)];
    json!({
        "version": "4", "groupKey": "{}:{}", "status": status, "truncatedAlerts": 0, "receiver": "r",
        "groupLabels": {}, "commonLabels": { "svc": "wrong" }, "commonAnnotations": {}, "externalURL": "",
        "alerts": [{
            "status": status, "labels": { "alertname": "ApiHighErrorRate", "svc": service },
            "annotations": { "summary": "<b>errors</b>", "dashboard": "javascript:alert(1)" },
            "startsAt": "2026-11-21T03:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "",
            "fingerprint": fingerprint(&labels),
        }],
    })
}

fn stored(hook: &Client, message: &serde_json::Value) -> serde_json::Value {
    let answer = hook.post("/hooks/alertmanager", message);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["stored"].clone()
}

#[test]
fn an_alert_is_known_once_survives_the_server_and_starts_nothing() {
    let place = place();
    let mut server = Server::start(&place);
    let hook = server.bearer(KEY);
    assert_eq!(stored(&hook, &message("firing", "checkout")), 1);
    assert_eq!(stored(&hook, &message("firing", "checkout")), 0);
    server.kill();
    let server = Server::start(&place);
    let (hook, browser) = (server.bearer(KEY), server.browser(&server.token));
    assert_eq!(stored(&hook, &message("firing", "checkout")), 0);
    browser.get("/").says(&["Firing now", "ApiHighErrorRate", "answer-it"]);
    let path = format!("/a/{}", fingerprint(&[("alertname", "ApiHighErrorRate"), ("svc", "checkout")]));
    let page = browser.get(&path);
    page.says(&["firing", "Answer it", "value=\"checkout\"", "from the alert", "&lt;b&gt;errors&lt;/b&gt;"]);
    assert!(!page.body.contains("href=\"javascript"), "{page:?}");
    assert_eq!(stored(&hook, &message("resolved", "checkout")), 1);
    browser.get(&path).says(&["resolved"]);
    assert!(place.path(".runbook/runs").read_dir().is_ok_and(|mut runs| runs.next().is_none()), "something was run");

    // What the alert says need not be typed again: it came from whom it should.
    let page = browser.get(&path);
    let [form, shown, proposed] = ["_form", "shown", "proposed"].map(|name| page.field(name));
    let run = browser.form(
        "/runs",
        &[
            ("_form", &form),
            ("shown", &shown),
            ("proposed", &proposed),
            ("runbook", "answer-it"),
            ("mode", "live"),
            ("p.service", "checkout"),
        ],
    );
    browser.until(run.header("location"), &["completed", "from the alert"]);
    assert_eq!(place.ledger(), ["checkout"]);
}

#[test]
fn a_storm_of_one_alert_hides_no_other_and_each_of_it_can_be_reached() {
    let place = place();
    let server = Server::start(&place);
    let (hook, browser) = (server.bearer(KEY), server.browser(&server.token));
    let named = |name: &str, labels: &[(&str, &str)]| {
        let mut message = message("firing", "checkout");
        let labels = [&[("alertname", name)], labels].concat();
        message["alerts"][0]["labels"] =
            labels.iter().copied().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect();
        message["alerts"][0]["fingerprint"] = fingerprint(&labels).into();
        (message["alerts"][0].clone(), fingerprint(&labels))
    };
    let send = |alerts: &[serde_json::Value]| {
        let mut all = message("firing", "checkout");
        all["alerts"] = alerts.into();
        stored(&hook, &all)
    };
    let (disk, _) = named("DiskFull", &[("host", "db-1")]);
    assert_eq!(send(&[disk]), 1);
    let storm: Vec<_> =
        (0..126).map(|nth| named("ApiHighErrorRate", &[("svc", &format!("api-{nth}")), ("team", "pay")])).collect();
    let (alerts, prints): (Vec<_>, Vec<_>) = storm.into_iter().unzip();
    assert_eq!(send(&alerts), 126);
    let page = browser.get("/");
    page.says(&["DiskFull</a>", "<code>host=db-1</code>", "126 firing", "127 firing in all", "answer-it", "no runbook"]);
    let rows: Vec<_> = page.body.matches("ApiHighErrorRate").collect();
    assert_eq!(rows.len(), 1, "one row for the storm: {page:?}");
    for (nth, print) in prints.iter().enumerate() {
        page.says(&[&format!("<a href=\"/a/{print}\"><code>svc=api-{nth}</code></a>")]);
    }
    // What all of them say tells none apart.
    assert!(page.body.matches("<code>team=pay</code>").count() <= 1, "{page:?}");
}

/// Prometheus could not reach Alertmanager for a while: then Alertmanager says that the alert ended, and later that it fires since when it did
/// before.
#[test]
fn what_ended_and_fires_again_is_seen_to_fire() {
    let place = place();
    let server = Server::start(&place);
    let (hook, program) = (server.bearer(KEY), server.program());
    let fires = || program.get("/api/alerts").json()["alerts"].as_array().map(Vec::len);
    for (status, count, firing) in [("firing", 1, 1), ("resolved", 1, 0), ("firing", 0, 1), ("resolved", 0, 0), ("firing", 0, 1)]
    {
        assert_eq!(stored(&hook, &message(status, "checkout")), count, "each occurrence is counted once");
        assert_eq!(fires(), Some(firing), "{status}");
    }
    let path = format!("/a/{}", fingerprint(&[("alertname", "ApiHighErrorRate"), ("svc", "checkout")]));
    program.get(&path).says(&["firing"]);
}

#[test]
fn a_message_of_ten_thousand_alerts_is_taken_at_once() {
    let place = place();
    let server = Server::start(&place);
    let mut all = message("firing", "checkout");
    let one = |nth: usize| {
        let svc = format!("api-{nth}");
        let labels = [("alertname", "ApiHighErrorRate"), ("svc", svc.as_str())];
        let print = fingerprint(&labels);
        json!({
            "status": "firing", "labels": labels.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "startsAt": "2026-11-21T03:00:00Z", "fingerprint": print,
        })
    };
    all["alerts"] = (0..10_000).map(one).collect();
    // An answer that takes longer than half a minute is none.
    assert_eq!(stored(&server.bearer(KEY), &all), 10_000);
    assert_eq!(stored(&server.bearer(KEY), &all), 0);
}

#[test]
fn a_second_server_does_not_take_the_alerts_of_the_first() {
    let place = place();
    let mut server = Server::start(&place);
    let pid = format!("(pid {}, at {})", server.pid().as_raw_nonzero(), server.at);
    for at in ["127.0.0.1:0", &server.at.to_string()] {
        place.expect(10, &["serve", "--listen", at]).says(&["another `runbook serve` works on", &pid, "--state-dir"]);
    }
    assert_eq!(stored(&server.bearer(KEY), &message("firing", "checkout")), 1);
    server.kill();
    // One that was killed is in nobody's way.
    let server = Server::start(&place);
    assert_eq!(stored(&server.bearer(KEY), &message("firing", "checkout")), 0);
}

#[test]
fn alerts_that_nobody_answers_are_counted() {
    let place = place();
    let server = Server::start(&place);
    let hook = server.bearer(KEY);
    for at in ["03", "04", "05"] {
        let text =
            message("firing", "checkout").to_string().replace("ApiHighErrorRate", "DiskFull").replace("T03", &format!("T{at}"));
        let mut message: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        message["alerts"][0]["fingerprint"] = fingerprint(&[("alertname", "DiskFull"), ("svc", "checkout")]).into();
        stored(&hook, &message);
    }
    stored(&hook, &message("firing", "checkout"));
    let unmapped = server.program().get("/api/alerts?unmapped=1").json();
    assert_eq!((&unmapped["unmapped"][0]["alert"], &unmapped["unmapped"][0]["count"]), (&json!("DiskFull"), &json!(3)));
    assert_eq!(unmapped["unmapped"].as_array().map(Vec::len), Some(1));
    assert_eq!(server.program().get("/api/alerts").json()["alerts"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_message_comes_from_whom_it_should_or_is_not_taken() {
    let place = place();
    let server = Server::start(&place);
    let body = message("firing", "checkout");
    for client in [server.stranger(), server.bearer("wrong-wrong-wrong-wrong"), server.program()] {
        let answer = client.post("/hooks/alertmanager", &body);
        assert_eq!(answer.status, 401);
        answer.says(&["RB0047"]);
    }
    let mut forged = message("firing", "checkout");
    forged["alerts"][0]["labels"]["svc"] = "payments".into();
    assert_eq!(server.bearer(KEY).post("/hooks/alertmanager", &forged).status, 400);
    assert_eq!(server.bearer(KEY).post("/hooks/alertmanager", &json!([])).status, 400);
    assert_eq!(server.program().get("/api/alerts").json()["alerts"], json!([]));

    let bare = Place::new();
    let without = Server::start(&bare);
    assert_eq!(without.bearer(KEY).post("/hooks/alertmanager", &body).status, 404);
}

fn sign(key: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    hmac::sign(&key, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn incident(server: &Server, text: &str) -> Answer {
    let signed = server.stranger().with("x-pagerduty-signature", &format!("v1={}", sign(KEY, text)));
    signed.ask("POST", "/hooks/pagerduty", text.as_bytes())
}

/// It is opened again with the time at which it began, its urgency and title change, and messages overtake each other.
#[test]
fn an_incident_is_the_same_whatever_is_changed_about_it() {
    let place = place();
    let server = Server::start(&place);
    let fires = || {
        let all = server.program().get("/api/alerts").json();
        all["alerts"].as_array().expect("a list").iter().map(|one| one["labels"]["alertname"].to_string()).collect::<Vec<_>>()
    };
    let tell = |kind: &str, minute: u32, title: &str, urgency: &str| {
        let event = json!({ "event": {
            "event_type": format!("incident.{kind}"), "occurred_at": format!("2026-11-21T03:{minute:02}:00Z"),
            "data": { "id": "Q1", "title": title, "urgency": urgency, "created_at": "2026-11-21T03:00:00Z" },
        } });
        assert_eq!(incident(&server, &event.to_string()).status, 200);
        fires()
    };
    assert_eq!(tell("triggered", 0, "Slow", "low"), ["\"Slow\""]);
    assert_eq!(tell("escalated", 5, "Down", "high"), ["\"Down\""]);
    assert!(tell("resolved", 9, "Down", "high").is_empty());
    assert!(tell("acknowledged", 6, "Down", "high").is_empty(), "it was late");
    assert_eq!(tell("reopened", 12, "Down", "high"), ["\"Down\""]);
    assert_eq!(tell("resolved", 9, "Down", "high"), ["\"Down\""], "it was late");
    assert!(tell("resolved", 20, "Down", "high").is_empty());
}

/// Whoever shows no token could otherwise have eight megabytes kept for them, a hundred times.
#[test]
fn what_a_stranger_sends_is_not_kept() {
    let place = place();
    let server = Server::start(&place);
    let begins = |path: &str, header: &str| {
        let mut stream = std::net::TcpStream::connect(server.at).expect("a connection");
        stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).expect("a limit");
        let head = format!("POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: 8000000\r\n{header}\r\n[", server.at);
        stream.write_all(head.as_bytes()).expect("sent");
        stream
    };
    // The rest of it does not come, and nobody waits for it.
    for path in ["/hooks/alertmanager", "/hooks/grafana", "/hooks/pagerduty"] {
        for header in ["", "authorization: Bearer wrong-wrong-wrong-wrong\r\n"] {
            let mut head = [0; 12];
            begins(path, header).read_exact(&mut head).expect("an answer");
            assert_eq!(String::from_utf8_lossy(&head), "HTTP/1.1 401", "{path} {header}");
        }
    }
    // A signature is of the whole of it: one sender has so many here that prove nothing yet.
    let open: Vec<_> = (0..4).map(|_| begins("/hooks/pagerduty", "x-pagerduty-signature: v1=00\r\n")).collect();
    let text = r#"{"event":{"event_type":"incident.triggered","data":{"id":"Q1","title":"Checkout is down"}}}"#;
    let began = std::time::Instant::now();
    while incident(&server, text).status != 503 {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "there is room for all of it");
    }
    drop(open);
    while incident(&server, text).status != 200 {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "no room comes back");
    }
}

#[test]
fn grafana_and_pagerduty_sign_what_they_send() {
    let place = place();
    let server = Server::start(&place);
    let mut body = message("firing", "checkout");
    body["version"] = "1".into();
    let text = body.to_string();
    let signed = |text: &str| server.stranger().with("x-grafana-alerting-signature", &sign(KEY, text));
    assert_eq!(signed(&text).ask("PUT", "/hooks/grafana", text.as_bytes()).status, 200);
    assert_eq!(signed("other").ask("POST", "/hooks/grafana", text.as_bytes()).status, 401);
    assert_eq!(server.bearer(KEY).post("/hooks/grafana", &body).status, 401);

    let text = r#"{"event":{"event_type":"incident.triggered","data":{"id":"Q1","title":"Checkout is down"}}}"#;
    let both = format!("v1={},v1={}", sign("nobodys-key-0123456789", text), sign("another-key-0123456789", text));
    assert_eq!(
        server.stranger().with("x-pagerduty-signature", &both).ask("POST", "/hooks/pagerduty", text.as_bytes()).status,
        200
    );
    assert_eq!(
        server.stranger().with("x-pagerduty-signature", &sign(KEY, text)).ask("POST", "/hooks/pagerduty", text.as_bytes()).status,
        401
    );
    server.browser(&server.token).get("/").says(&["Checkout is down", "no runbook"]);
}
