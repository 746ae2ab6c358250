//! News as each kind of target wants it.

use runbook_model::digest::Digest;
use serde_json::{Value, json};

use super::news::News;
use crate::output::safe;

/// The longest line, in characters: pagers cut.
const LONGEST: usize = 900;

/// Whether nothing is left to do about it.
pub(super) fn is_end(news: &News) -> bool {
    ["completed", "rolled_back"].contains(&news.kind.as_str())
}

fn link(news: &News, base: &str) -> String {
    format!("{base}/runs/{}", news.run)
}

/// One line that no text of a runbook can break out of.
fn line(news: &News) -> String {
    let env = news.env.as_ref().map(|env| format!(" [{env}]")).unwrap_or_default();
    let to = if news.to.is_empty() { String::new() } else { format!(" (for {})", news.to.join(", ")) };
    let whole = safe::line(&format!("{}{env} {}: {}{to}", news.runbook, news.kind.replace('_', " "), news.text));
    whole.chars().take(LONGEST).collect()
}

/// For a server or a command of one's own. Fields may be added; none is renamed or removed.
pub(super) fn plain(news: &News, base: &str) -> Value {
    json!({
        "v": 1, "kind": news.kind, "key": news.key, "run": news.run, "runbook": news.runbook, "title": news.title, "env": news.env,
        "text": news.text, "to": news.to, "at": news.at, "url": link(news, base),
    })
}

/// For an incoming webhook of Slack. `& < >` are all that it escapes by; so a text can neither call a channel nor forge a link.
pub(super) fn slack(news: &News, base: &str) -> Value {
    let text = line(news).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    json!({ "text": format!("{text}\n<{}|Open the run>", link(news, base)), "unfurl_links": false })
}

/// For the events of PagerDuty, version 2: one incident a run.
pub(super) fn pagerduty(news: &News, base: &str, key: &str) -> Value {
    let is_bad = ["in_doubt", "stuck"].contains(&news.kind.as_str());
    let url = link(news, base);
    json!({
        "routing_key": key,
        "event_action": if is_end(news) { "resolve" } else { "trigger" },
        "dedup_key": Digest::of_json(&("runbook", news.run)).to_string(),
        "client": "runbook",
        "client_url": url,
        "links": [{ "href": url, "text": "Open the run" }],
        "payload": {
            "summary": line(news),
            "source": news.runbook,
            "severity": if is_bad { "critical" } else { "error" },
            "timestamp": news.at,
            "custom_details": plain(news, base),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_model::id::RunId;

    #[test]
    fn a_text_calls_no_channel_and_forges_no_link() {
        let news = News {
            key: "k".to_owned(),
            kind: "in_doubt".to_owned(),
            run: RunId::from_parts(1, 1),
            runbook: "api".to_owned(),
            title: "Api".to_owned(),
            env: Some("prod".to_owned()),
            text: "<!channel> <https://evil.example|ok> a\nb & \u{202e}".to_owned(),
            to: vec!["@l2".to_owned()],
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        let text = slack(&news, "https://r.example")["text"].as_str().unwrap().to_owned();
        let (said, link) = text.split_once('\n').unwrap();
        assert!(!said.contains(['<', '>', '\u{202e}']) && said.contains("api [prod] in doubt: &lt;!channel&gt;"), "{said}");
        assert_eq!(link, format!("<https://r.example/runs/{}|Open the run>", news.run));
        let event = pagerduty(&news, "https://r.example", "key");
        assert_eq!((&event["event_action"], &event["payload"]["severity"]), (&"trigger".into(), &"critical".into()));
        assert!(event["dedup_key"].as_str().unwrap().len() <= 255);
        let done = pagerduty(&News { kind: "completed".to_owned(), ..news }, "https://r.example", "key");
        assert_eq!((&done["event_action"], &done["dedup_key"]), (&"resolve".into(), &event["dedup_key"]));
    }
}
