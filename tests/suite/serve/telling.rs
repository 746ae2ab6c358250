//! Who is told that a run needs them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ring::hmac;
use serde_json::{Value, json};

use crate::serve::client::Server;
use crate::support::Place;

const ASKS: &str = "confirm(\"Switch <!channel> now?\", #{ by: [\"amy\"] });\n";
pub(super) const SECRET: &str = "0123456789abcdef";

/// A server that hands on what it is told, and answers with these statuses, the last one for ever.
pub(super) fn hears(statuses: Vec<u16>) -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let (sender, heard) = channel();
    std::thread::spawn(move || {
        let mut statuses = statuses.into_iter().peekable();
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut head = String::new();
            while stream.read_line(&mut head).expect("a line") > 2 {}
            let lower = head.to_lowercase();
            let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            stream.read_exact(&mut body).expect("a body");
            let status = if statuses.len() > 1 { statuses.next() } else { statuses.peek().copied() }.unwrap_or(200);
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).expect("answered");
            if sender.send((lower, String::from_utf8(body).expect("text"))).is_err() {
                return;
            }
        }
    });
    (url, heard)
}

pub(super) fn next(heard: &Receiver<(String, String)>) -> (String, Value) {
    let (head, body) = heard.recv_timeout(Duration::from_secs(60)).expect("nobody was told");
    (head, serde_json::from_str(&body).expect("JSON"))
}

pub(super) fn secret(place: &Place, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    place.write(name, text);
    std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(0o600)).expect("a mode");
}

#[test]
fn people_are_told_once_by_each_way_and_tried_again() {
    let place = Place::new();
    place.runbook("asks", ASKS);
    let (slack, slack_heard) = hears(vec![200]);
    let (pager, pager_heard) = hears(vec![202]);
    let (hook, hook_heard) = hears(vec![500, 200]);
    secret(&place, "slack", &slack);
    secret(&place, "key", SECRET);
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
    let (_, said) = next(&slack_heard);
    assert_eq!(said["text"], format!("asks waiting: Switch &lt;!channel&gt; now? (for amy)\n<{link}|Open the run>"));
    let (_, event) = next(&pager_heard);
    assert_eq!(
        (&event["event_action"], &event["routing_key"], &event["links"][0]["href"]),
        (&json!("trigger"), &json!(SECRET), &json!(link))
    );
    let (_, refused) = next(&hook_heard);
    let (head, news) = next(&hook_heard);
    assert_eq!(refused, news);
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), news.to_string().as_bytes());
    let signature: String = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
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
    let (_, other) = next(&pager_heard);
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
