//! Who is told that a run needs them.

use serde_json::{Value, json};

use crate::serve::client::Server;
use crate::serve::hearing::{hears, next, signature, told};
use crate::support::Place;

const ASKS: &str = "confirm(\"Switch <!channel> now?\", #{ by: [\"amy\"] });\n";
pub(super) const SECRET: &str = "0123456789abcdef";

#[test]
fn people_are_told_once_by_each_way_and_tried_again() {
    let place = Place::new();
    place.runbook("asks", ASKS);
    let (slack, slack_heard) = hears(&[(200, "")]);
    let (pager, pager_heard) = hears(&[(202, "")]);
    let (hook, hook_heard) = hears(&[(500, ""), (200, "")]);
    place.private("slack", &slack);
    place.private("key", SECRET);
    place.fifo("told");
    place.write(
        "runbook.toml",
        &format!(
            "[serve]\nurl = \"https://runbook.example\"\n\
             [serve.notify.chat]\nkind = \"slack\"\nurl_file = \"slack\"\n\
             [serve.notify.pager]\nkind = \"pagerduty\"\nurl = \"{pager}\"\nsecret = \"key\"\n\
             [serve.notify.own]\nkind = \"webhook\"\nurl = \"{hook}\"\nsecret = \"key\"\n\
             [serve.notify.none]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\nrunbooks = [\"other\"]\n\
             [serve.notify.program]\nkind = \"command\"\nrun = [\"sh\", \"-c\", \"cat > news.json; echo x > told\"]\n"
        ),
    );
    let mut server = Server::start(&place);
    // Whoever started it and from where does not matter.
    place.expect(4, &["exec", "asks"]);
    let run = place.newest_run();
    let link = format!("https://runbook.example/runs/{run}");
    let said = told(&slack_heard);
    assert_eq!(said["text"], format!("asks waiting: Switch &lt;!channel&gt; now? (for amy)\n<{link}|Open the run>"));
    let event = told(&pager_heard);
    assert_eq!(
        (&event["event_action"], &event["routing_key"], &event["links"][0]["href"]),
        (&json!("trigger"), &json!(SECRET), &json!(link))
    );
    let refused = told(&hook_heard);
    let (head, body) = next(&hook_heard);
    let news: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(refused, news);
    let signature = signature(SECRET, &body);
    assert!(head.contains(&format!("x-runbook-signature: v1={signature}")), "{head}");
    place.wait_for("told");
    assert_eq!(place.read("news.json"), news.to_string());
    server.program().until("/metrics", &["runbook_serve_notified_total 4"]);
    server.kill();

    // Nobody is told again by the next server; the end is told to the pager, and by the same name.
    let server = Server::start(&place);
    place.expect(0, &["abandon", &run, "--why", "a test"]);
    place.runbook("other", "command(\"x\", #{ run: [\"false\"], rollback: \"nothing\" });\n");
    place.expect(1, &["exec", "other"]);
    let other = told(&pager_heard);
    assert_eq!(other["payload"]["source"], "other");
    server.program().until("/metrics", &["runbook_serve_unnotified_total 1"]);
    assert!(slack_heard.try_iter().all(|(_, body)| body.contains("other failed")));
}

#[test]
fn a_target_that_cannot_be_told_anything_is_found_at_the_start() {
    let place = Place::new();
    for (table, why) in [
        ("kind = \"slak\"", "slack, pagerduty, webhook or command"),
        ("kind = \"slack\"", "`url` or `url_file` is wanted"),
        ("kind = \"webhook\"\nurl = \"ftp://x/\"", "http:// or https://"),
        ("kind = \"command\"", "`run` is wanted"),
        ("kind = \"command\"\nrun = [\"x\"]\non = [\"waitng\"]", "`waitng`"),
        ("kind = \"webhook\"\nurl = \"http://x/\"\nsecrt = \"x\"", "secrt"),
    ] {
        place.write("runbook.toml", &format!("[serve.notify.x]\n{table}\n"));
        place.expect(2, &["serve", "--listen", "127.0.0.1:0"]).says(&["serve.notify.x", why]);
    }
}
