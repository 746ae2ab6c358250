//! "All 120 of them": the alerts of a group as one list.

use serde_json::{Value, json};

use crate::serve::alerts::{KEY, fingerprint};
use crate::serve::client::Server;
use crate::support::Place;

const DRAIN: &str = r#"
let p = runbook(#{
    title: "Drain",
    serves: ["DiskFull"],
    params: #{
        hosts: #{ type: "list", pattern: "[a-z0-9.-]{1,63}", max: 120, from_label: "instance" },
        zone: #{ type: "string", pattern: "[a-z]{1,9}", from_label: "zone", fallback: "any" },
    },
});
command("note them", #{ run: ["sh", "-c", "echo $1 >> ledger", "sh", p.hosts.len().to_string()], rollback: "nothing" });
"#;

fn place() -> Place {
    let place = Place::new();
    place.runbook("drain", DRAIN);
    place.private("key", &format!("{KEY}\n"));
    place.write("runbook.toml", "[serve]\nalertmanager_token = \"key\"\n");
    place
}

/// So many alerts of one group, and one of another.
fn message(count: usize, left_out: usize, zone: impl Fn(usize) -> &'static str) -> Value {
    let one = |nth: usize| {
        let (host, zone) = (format!("web-{nth:03}"), zone(nth));
        json!({
            "status": "firing", "labels": { "alertname": "DiskFull", "instance": host, "zone": zone }, "annotations": {},
            "startsAt": "2026-11-21T03:00:00Z",
            "fingerprint": fingerprint(&[("alertname", "DiskFull"), ("instance", &host), ("zone", zone)]),
        })
    };
    let alerts: Vec<_> = (0..count).map(one).collect();
    json!({
        "version": "4", "groupKey": format!("{{}}:{{n=\"{count}\"}}"), "status": "firing", "truncatedAlerts": left_out,
        "commonLabels": { "zone": "wrong" }, "alerts": alerts,
    })
}

fn path(nth: usize, zone: &str) -> String {
    format!("/a/{}", fingerprint(&[("alertname", "DiskFull"), ("instance", &format!("web-{nth:03}")), ("zone", zone)]))
}

#[test]
fn all_of_a_group_fill_a_list_and_their_number_is_typed_before_they_are_meant() {
    let place = place();
    let server = Server::start(&place);
    let (hook, browser) = (server.bearer(KEY), server.browser(&server.token));
    assert_eq!(hook.post("/hooks/alertmanager", &message(120, 0, |_| "north")).json()["stored"], 120);
    browser.get(&path(7, "north")).says(&["All 120 that fire in this group", "web-007</textarea>"]);
    let page = browser.get(&format!("{}/group", path(7, "north")));
    page.says(&[
        "120 × DiskFull",
        "web-000\nweb-001",
        "web-119</textarea>",
        "value=\"north\"",
        "from the alert",
        "Type 120 to run for real",
    ]);
    let [form, shown, proposed] = ["_form", "shown", "proposed"].map(|name| page.field(name));
    // As a browser sends what stands in a text field of several lines.
    let hosts: Vec<_> = (0..120).map(|nth| format!("web-{nth:03}")).collect();
    let hosts = hosts.join("\r\n");
    let send = |mode: &str, count: &str| {
        let fields = [
            ("_form", form.as_str()),
            ("shown", &shown),
            ("proposed", &proposed),
            ("runbook", "drain"),
            ("mode", mode),
            ("p.hosts", &hosts),
            ("p.zone", "north"),
            ("count.hosts", count),
        ];
        browser.form("/runs", &fields)
    };
    for count in ["", "12", "all"] {
        let refused = send("live", count);
        assert_eq!(refused.status, 422);
        refused.says(&["names 120: type that number", "Nothing was run"]);
    }
    let fewer = hosts.replace("web-119", "");
    let fields = [
        ("_form", form.as_str()),
        ("shown", &shown),
        ("proposed", &proposed),
        ("runbook", "drain"),
        ("mode", "live"),
        ("p.hosts", &fewer),
        ("p.zone", "north"),
    ];
    let refused = browser.form("/runs", &fields);
    assert_eq!(refused.status, 422, "one was taken out, and the others are no less many");
    refused.says(&["names 119: type that number"]);
    assert!(place.ledger().is_empty());
    assert_eq!(send("rehearsal", "").status, 303, "a rehearsal wants no number");
    let run = send("live", "120");
    assert_eq!(run.status, 303, "{run:?}");
    browser.until(run.header("location"), &["completed"]);
    assert_eq!(place.ledger(), ["120"]);
    let first = &place.journal()[0]["params"];
    assert_eq!((&first["hosts"]["origin"], first["hosts"]["value"].as_array().map(Vec::len)), (&json!("alert"), Some(120)));
}

#[test]
fn a_group_that_is_too_large_or_does_not_agree_or_is_not_whole_says_so() {
    let place = place();
    let server = Server::start(&place);
    let (hook, browser) = (server.bearer(KEY), server.browser(&server.token));
    hook.post("/hooks/alertmanager", &message(121, 30, |nth| if nth == 0 { "south" } else { "north" }));
    let page = browser.get(&format!("{}/group", path(7, "north")));
    page.says(&["at most 120 items are wanted, this has 121", "30 more were left out", "do not all say the same"]);
    assert!(!page.body.contains("web-120</textarea>") && !page.body.contains("value=\"wrong\""), "{page:?}");
    // What is resolved does not belong to it any more.
    let mut over = message(121, 0, |nth| if nth == 0 { "south" } else { "north" });
    over["alerts"].as_array_mut().expect("alerts").iter_mut().skip(1).for_each(|alert| alert["status"] = "resolved".into());
    hook.post("/hooks/alertmanager", &over);
    let page = browser.get(&path(0, "south"));
    assert!(!page.body.contains("in this group"), "{page:?}");
    assert_eq!(browser.get("/a/0000000000000000/group").status, 404);
    assert_eq!(server.stranger().get(&format!("{}/group", path(7, "north"))).status, 303);
}
