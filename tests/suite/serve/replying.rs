//! How a run ended goes back to where its alert came from.

use std::time::{Duration, Instant};

use ring::digest;
use serde_json::{Value, json};

use crate::serve::client::Server;
use crate::serve::hearing::{hears, next, signature};
use crate::support::Place;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const FLIP: &str = r#"
let p = runbook(#{
    title: "Flip it",
    serves: ["ApiDown"],
    params: #{ service: #{ pattern: "[a-z]+", from_label: "svc" } },
});
command("flip", #{ run: ["sh", "-c", "echo \"$1\" >> ledger; exit $(cat code)", "sh", p.service], rollback: "nothing" });
"#;

fn place(reply: &str) -> Place {
    let place = Place::new();
    place.runbook("flip", FLIP);
    place.write("code", "0");
    place.private("key", &format!("{KEY}\n"));
    let hooks = "[serve]\nurl = \"https://ops.example\"\nalertmanager_token = \"key\"\ngrafana_secret = \"key\"\npagerduty_secret = \"key\"\n";
    place.write("runbook.toml", &format!("{hooks}{reply}"));
    place
}

/// An alert of Alertmanager; gives its fingerprint.
fn fires(server: &Server) -> String {
    let bytes = [&b"alertname\xffApiDown\xffsvc\xffcheckout\xff"[..]].concat();
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    let message = json!({
        "version": "4", "groupKey": "{}:{x=\"y\"}", "status": "firing",
        "alerts": [{ "status": "firing", "labels": { "alertname": "ApiDown", "svc": "checkout" }, "annotations": {},
            "startsAt": "2026-11-21T03:00:00Z", "fingerprint": format!("{hash:016x}") }],
    });
    assert_eq!(server.bearer(KEY).post("/hooks/alertmanager", &message).status, 200);
    format!("{hash:016x}")
}

/// Opens the page of an alert and starts what it offers; gives the page of the run.
fn started(server: &Server, path: &str, mode: &str) -> String {
    let browser = server.browser(&server.token);
    let page = browser.get(path);
    let [form, shown, proposed, alert] = ["_form", "shown", "proposed", "alert"].map(|name| page.field(name));
    let fields = [
        ("_form", form.as_str()),
        ("shown", &shown),
        ("proposed", &proposed),
        ("alert", &alert),
        ("runbook", "flip"),
        ("mode", mode),
        ("p.service", "checkout"),
    ];
    let begun = browser.form("/runs", &fields);
    assert_eq!(begun.status, 303, "{begun:?}");
    begun.header("location").to_owned()
}

/// Waits until it is noted that something was told. Time bounds a broken test only.
fn noted(place: &Place) {
    let began = Instant::now();
    while place.state().join("serve/told").read_dir().map_or(0, Iterator::count) == 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "nothing was noted");
        std::thread::yield_now();
    }
}

#[test]
fn the_incident_gets_a_note_when_the_run_has_ended_and_not_before() {
    let found = r#"{"incidents": [{"id": "PT4KHLK"}]}"#;
    let (pager, heard) = hears(&[(500, "{}"), (200, found), (201, "{}"), (200, found), (201, "{}")]);
    let place = place(&format!(
        "[serve.reply.pager]\nkind = \"pagerduty\"\nurl = \"{pager}/\"\nsecret = \"key\"\nfrom = \"oncall@example.org\"\n"
    ));
    let mut server = Server::start(&place);
    let path = format!("/a/{}", fires(&server));
    let browser = server.browser(&server.token);
    // A rehearsal is nobody's news.
    browser.until(&started(&server, &path, "rehearsal"), &["rehearsed"]);
    let run = started(&server, &path, "live");
    browser.until(&run, &["completed"]);
    // It did not work the first time.
    let (search, _) = next(&heard);
    let key =
        digest::digest(&digest::SHA256, b"{}:{x=\"y\"}").as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(search.starts_with(&format!("get /incidents?limit=1&incident_key={key} ")), "{search}");
    assert!(search.contains(&format!("authorization: token token={KEY}\r\n")), "{search}");
    assert!(next(&heard).0.starts_with("get /incidents?"));
    let (note, body) = next(&heard);
    assert!(note.starts_with("post /incidents/pt4khlk/notes ") && note.contains("from: oncall@example.org\r\n"), "{note}");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let content = body["note"]["content"].as_str().expect("a note");
    assert_eq!(content, format!("runbook flip completed: it did what it should\nhttps://ops.example{run}"));
    // Once, also when the server starts again: it has noted what it told.
    noted(&place);
    server.kill();
    let server = Server::start(&place);
    place.write("code", "7");
    let path = format!("/a/{}", fires(&server));
    let failed = started(&server, &path, "live");
    assert!(next(&heard).0.starts_with("get /incidents?"), "only of the second run");
    let (_, body) = next(&heard);
    assert!(body.contains(&failed) && body.contains("failed"), "{body}");
}

#[test]
fn programs_of_ones_own_hear_which_alert_it_was() {
    let (hook, heard) = hears(&[(200, "")]);
    let (deaf, deaf_heard) = hears(&[(503, "")]);
    let place = place(&format!(
        "[serve.reply.own]\nkind = \"webhook\"\nurl = \"{hook}/x\"\nsecret = \"key\"\n[serve.reply.deaf]\nkind = \"webhook\"\nurl = \"{deaf}\"\n\
         [serve.reply.program]\nkind = \"command\"\nrun = [\"sh\", \"-c\", \"cat > news.json; echo x > told\"]\n"
    ));
    place.fifo("told");
    let server = Server::start(&place);
    let path = format!("/a/{}", fires(&server));
    let run = started(&server, &path, "live");
    let (head, body) = next(&heard);
    let signature = signature(KEY, &body);
    assert!(head.contains(&format!("x-runbook-signature: v1={signature}\r\n")), "{head}");
    let news: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&news["kind"], &news["runbook"]), (&json!("completed"), &json!("flip")));
    assert_eq!(news["url"], format!("https://ops.example{run}"));
    assert_eq!((&news["alert"]["name"], &news["alert"]["group"]), (&json!("ApiDown"), &json!("{}:{x=\"y\"}")));
    assert_eq!(news["alert"]["labels"]["svc"], "checkout");
    place.wait_for("told");
    assert_eq!(serde_json::from_str::<Value>(&place.read("news.json")).expect("JSON"), news);
    // One that does not hear changes nothing about the run.
    next(&deaf_heard);
    server.browser(&server.token).get(&run).says(&["completed"]);
    assert_eq!(place.ledger(), ["checkout"]);
    // A run that no alert opened is nobody's answer: the next thing that is heard is of the one after it.
    place.expect(0, &["exec", "flip", "-p", "service=other"]);
    let again = started(&server, &path, "live");
    assert!(next(&heard).1.contains(&again), "{again}");
}

#[test]
fn grafana_gets_a_mark_on_its_panel_that_is_text_and_nothing_else() {
    let (grafana, heard) = hears(&[(200, "{}")]);
    let place = place(&format!("[serve.reply.g]\nkind = \"grafana\"\nurl = \"{grafana}\"\nsecret = \"key\"\n"));
    place.runbook("flip", &format!("{FLIP}throw \"<script>no\\n\" + p.service;\n"));
    let server = Server::start(&place);
    let message = json!({
        "version": "1", "alerts": [{ "status": "firing", "labels": { "alertname": "ApiDown", "svc": "checkout" },
            "annotations": { "__dashboardUid__": "abc", "__panelId__": "4" }, "startsAt": "2026-11-21T03:00:00Z" }],
    })
    .to_string();
    let signature = signature(KEY, &message);
    let hook = server.stranger().with("x-grafana-alerting-signature", &signature).with("content-type", "application/json");
    assert_eq!(hook.ask("POST", "/hooks/grafana", message.as_bytes()).status, 200);
    let fingerprint = server.program().get("/api/alerts").json()["alerts"][0]["fingerprint"].as_str().expect("one").to_owned();
    started(&server, &format!("/a/{fingerprint}"), "live");
    let (head, body) = next(&heard);
    assert!(head.starts_with("post /api/annotations ") && head.contains(&format!("authorization: bearer {KEY}\r\n")), "{head}");
    let mark: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&mark["dashboardUID"], &mark["panelId"]), (&json!("abc"), &json!(4)));
    assert_eq!(mark["tags"], json!(["runbook", "flip", "failed"]));
    assert!(mark["timeEnd"].as_i64() >= mark["time"].as_i64());
    let text = mark["text"].as_str().expect("text");
    assert!(text.contains("&lt;script&gt;no") && !text.contains('<') && text.lines().count() == 2, "{mark}");
}

#[test]
fn a_reply_that_could_tell_nobody_stops_the_server_from_starting() {
    for (table, why) in [
        ("kind = \"pagerduty\"\nsecret = \"key\"", "`from` is wanted"),
        ("kind = \"grafana\"\nsecret = \"key\"", "`url` is wanted"),
        ("kind = \"grafana\"\nurl = \"https://g\"", "`secret` is wanted"),
        ("kind = \"webhook\"\nurl = \"file:///x\"", "`url` wants http"),
        ("kind = \"command\"\nrun = []", "`run` is wanted"),
        ("kind = \"pigeon\"", "pagerduty, grafana, webhook or command"),
    ] {
        let place = place(&format!("[serve.reply.x]\n{table}\n"));
        place.expect(2, &["serve", "--listen", "127.0.0.1:0"]).says(&["[serve.reply.x]", why]);
    }
}
