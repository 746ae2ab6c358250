//! The modules of the standard library for traffic, metrics, certificates and people, each function on the real program.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::components::{Alertmanager, Edge, Flag, Prometheus, Service, TOKEN, unleash};
use crate::support::Place;
use crate::support::nginx::Nginx;

#[test]
fn prometheus_gives_values_ranges_burn_rates_and_states_of_alerts() {
    let place = Place::new();
    let asked = AtomicU64::new(0);
    let target = Service::start(move |_| {
        let n = asked.fetch_add(10, Ordering::SeqCst);
        (
            200,
            format!(
                "load 7.5\nrequests_total{{code=\"200\"}} {n}\nrequests_total{{code=\"500\"}} {}\nhttp_requests_total 1\n",
                n / 10
            ),
        )
    });
    let rules = "groups:\n- name: g\n  rules:\n  - { alert: Busy, expr: 'load > 5', labels: { service: api } }\n\
                 \x20 - { alert: Patient, expr: 'load > 5', for: 1h }\n  - { alert: Idle, expr: 'load < 5' }\n";
    let prometheus = Prometheus::start(&place, &[("stable", target.address.to_string())], rules);
    let source = r#"import "std/prometheus" as prometheus;
        let at = "BASE";
        check("a value", || prometheus::value(at, "load"), #{ expect: 7.5 });
        check("a scalar", || prometheus::value(at, "2 + 2"), #{ expect: 4.0 });
        check("values", || prometheus::values(at, "load").map(|one| one.labels.release), #{ expect: ["stable"] });
        check("a range", || { let found = prometheus::range(at, "load", "2s", "1s"); found[0].values.len() >= 1 && found[0].values[0] == 7.5 }, #{ within: "10s", every: "200ms" });
        // A tenth as many failures as good answers: a ninth, roughly, of an objective of 90 % burns about once.
        check("a burn rate", || { let rate = prometheus::burn_rate(at, "requests_total{code=\"500\"}", "requests_total", "2s", 0.9); rate > 0.5 && rate < 1.5 }, #{ within: "15s", every: "200ms" });
        check("nothing fails of what never failed", || prometheus::burn_rate(at, "requests_total{code=\"418\"}", "requests_total", "2s", 0.9), #{ expect: 0.0 });
        check("firing", || prometheus::alert_state(at, "Busy"), #{ expect: "firing", within: "10s", every: "200ms" });
        check("pending", || prometheus::alert_state(at, "Patient"), #{ expect: "pending" });
        check("inactive", || prometheus::alert_state(at, "Idle"), #{ expect: "inactive" });
        check("targets", || prometheus::targets_up(at, "api"), #{ expect: 1 });"#;
    place.runbook("main", &source.replace("BASE", &prometheus.url));
    place.expect(0, &["exec", "main"]).says(&["10 checks", "completed"]);
    for (look, says) in [
        ("value(at, \"nothing_of_this_name\")", "Prometheus has no such data"),
        ("value(at, \"requests_total\")", "gives 2 values, not one"),
        ("value(at, \"0/0\")", "gives NaN"),
        ("value(at, \"load[1m]\")", "gives a matrix"),
        ("value(at, \"sum(\")", "parse error"),
        ("alert_state(at, \"Misspelt\")", "no alerting rule Misspelt"),
        ("targets_up(at, \"nobody\")", "Prometheus has no such data"),
    ] {
        let source = format!(
            "import \"std/prometheus\" as prometheus;\nlet at = \"{}\";\ncheck(\"x\", || prometheus::{look});",
            prometheus.url
        );
        place.runbook("main", &source);
        place.expect(1, &["exec", "main"]).says(&[says]);
    }
}

#[test]
fn a_silence_keeps_an_alert_quiet_and_a_rollback_removes_it() {
    let place = Place::new();
    let alertmanager = Alertmanager::start(&place);
    let source = r#"import "std/alertmanager" as alertmanager;
        let at = "BASE";
        command("an alert", #{ http: #{ url: `${at}/api/v2/alerts`, json: [#{ labels: #{ alertname: "Busy", service: "a \"b\"&c" } }] }, rollback: "nothing" });
        check("it fires", || alertmanager::firing(at, #{ service: "a \"b\"&c" }), #{ expect: ["Busy"], within: "10s", every: "100ms" });
        check("and none of another service", || alertmanager::firing(at, #{ service: "other" }), #{ expect: [] });
        alertmanager::silence(at, #{ alertname: "Busy" }, "30m", "deploying the api");
        check("it is quiet", || alertmanager::firing(at, #{}), #{ expect: [], within: "10s", every: "100ms" });"#;
    place.runbook("main", &source.replace("BASE", &alertmanager.url));
    place.expect(0, &["exec", "main"]).says(&["completed"]);
    let told = std::process::Command::new("amtool")
        .args(["silence", "query", "--alertmanager.url", &alertmanager.url, "-o", "json"])
        .output()
        .expect("amtool");
    let silences: serde_json::Value = serde_json::from_slice(&told.stdout).expect("JSON");
    let (begins, ends) = (silences[0]["startsAt"].as_str().expect("a time"), silences[0]["endsAt"].as_str().expect("a time"));
    let minutes = |text: &str| text[11..13].parse::<u32>().expect("hours") * 60 + text[14..16].parse::<u32>().expect("minutes");
    assert_eq!((minutes(ends) + 24 * 60 - minutes(begins)) % (24 * 60), 30, "{begins} {ends}");
    assert!(silences[0]["comment"].as_str().is_some_and(|comment| comment.starts_with("deploying the api (runbook, ")));
    place.expect(6, &["rollback", &place.newest_run()]).says(&["remove the silence"]);
    place.runbook(
        "main",
        &format!(
            "import \"std/alertmanager\" as am;\ncheck(\"x\", || am::firing(\"{}\", #{{}}), #{{ expect: [\"Busy\"] }});",
            alertmanager.url
        ),
    );
    place.expect(0, &["exec", "main"]);
}

#[test]
fn upstreams_are_written_read_back_and_divided() {
    let place = Place::new();
    let (one, two) = (Service::start(|_| (200, String::new())), Service::start(|_| (200, String::new())));
    let edge = Edge::start(&place, &format!("upstream api {{\n  server {};\n}}\n", one.address), "");
    place.write("runbook.toml", &edge.settings(&place));
    let source = r#"import "std/nginx" as nginx;
        let edge = settings.nginx;
        check("one server", || nginx::servers(edge.file), #{ expect: [#{ server: "ONE", weight: 1 }] });
        let block = nginx::upstream("api", nginx::split(["ONE"], ["TWO"], 25));
        nginx::apply("a quarter", edge.file, block, edge.command);
        check("three to one", || nginx::servers(edge.file), #{ expect: [#{ server: "ONE", weight: 3 }, #{ server: "TWO", weight: 1 }] });
        check("a quarter arrives", || { let counts = nginx::census(`${edge.front}/`, 40); "TWO" in counts && counts["TWO"] >= 5 && counts["TWO"] <= 15 }, #{ within: "10s", every: "200ms" });
        check("who answered", || nginx::answered_by(`${edge.front}/`) in ["ONE", "TWO"]);
        nginx::apply("all to two", edge.file, nginx::upstream("api", nginx::only(["ONE", "TWO"], ["TWO"])), edge.command);
        check("only two", || nginx::census(`${edge.front}/`, 10), #{ expect: #{ "TWO": 10 }, within: "10s", every: "200ms" });"#;
    place.runbook("main", &source.replace("ONE", &one.address.to_string()).replace("TWO", &two.address.to_string()));
    place.expect(0, &["exec", "main"]).says(&["completed"]);
    place.expect(6, &["rollback", &place.newest_run()]);
    assert_eq!(place.read("edge/upstream.conf"), format!("upstream api {{\n  server {};\n}}\n", one.address));
}

#[test]
fn certificates_are_read_from_files_and_from_servers() {
    let place = Place::new();
    let nginx = Nginx::start(&place, "location / { return 200; }");
    let source = r#"import "std/tls" as tls;
        let file = check("in a file", || tls::file("nginx/server.pem"));
        let served = check("as it is served", || tls::served("ADDRESS", "localhost"));
        check("they are the same", || file.fingerprint == served.fingerprint && file.fingerprint.len() == 95);
        check("names and people", || file.names == ["localhost"] && file.subject == "CN = localhost" && file.issuer == "CN = authority");
        check("a day", || tls::days_left(served) in [0, 1]);
        check("its authority", || tls::is_issued_by("nginx/server.pem", "nginx/ca.pem") && !tls::is_issued_by("nginx/server.pem", "nginx/server.pem"));
        check("its key", || tls::key_fits("nginx/server.pem", "nginx/server.key") && !tls::key_fits("nginx/server.pem", "nginx/ca.key"));"#;
    place.runbook("main", &source.replace("ADDRESS", nginx.url.trim_start_matches("https://")));
    place.expect(0, &["exec", "main"]).says(&["7 checks", "completed"]);
    place.runbook("main", "import \"std/tls\" as tls;\ncheck(\"x\", || tls::file(\"runbook.toml\"));");
    place.expect(1, &["exec", "main"]).says(&["cannot read it"]);
}

#[test]
fn flags_go_on_and_off_in_one_environment() {
    let place = Place::new();
    let flag = Arc::new(Mutex::new(Flag::default()));
    let server = unleash(&flag, place.path(""));
    let source = r#"import "std/flags" as flags;
        let at = #{ base: "BASE", project: "default", environment: "production", token: "TOKEN" };
        check("off", || !flags::is_on(at, "new-checkout"));
        flags::switch_on(at, "new-checkout");
        check("on", || flags::is_on(at, "new-checkout"));
        let other = at + #{ environment: "staging" };
        check("another environment", || flags::is_on(other, "new-checkout"), #{ advisory: true });"#;
    place.runbook("main", &source.replace("BASE", &server.url()).replace("TOKEN", TOKEN));
    place.expect(0, &["exec", "main"]).says(&["has no environment staging", "completed"]);
    place.expect(6, &["rollback", &place.newest_run()]);
    assert_eq!(flag.lock().expect("ours").switched, ["production on", "production off"]);
}

#[test]
fn messages_arrive_or_are_noted() {
    let place = Place::new();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let chat = Arc::clone(&heard);
    let server = Service::start(move |asked| {
        let title = asked.headers.iter().find(|(name, _)| name == "title").map(|(_, title)| title.clone());
        chat.lock().expect("heard").push(format!("{} {title:?} {}", asked.path, asked.body));
        (if asked.path == "/broken" { 500 } else { 200 }, String::new())
    });
    let source = r#"import "std/notify" as notify;
        let sent = [notify::webhook("chat", "BASE/chat", "hello"), notify::ntfy("phone", "BASE/phone", "A title", "hello"), notify::webhook("gone", "BASE/broken", "hello")];
        check("two arrived", || sent == [true, true, false]);"#;
    place.runbook("main", &source.replace("BASE", &server.url()));
    place.expect(0, &["exec", "main"]).says(&["gone was not delivered", "completed"]);
    let all = heard.lock().expect("heard").clone();
    assert_eq!(all[..2], ["/chat None {\"text\":\"hello\"}", "/phone Some(\"A title\") hello"]);
}

#[test]
fn what_an_upstream_says_besides_is_not_lost() {
    let place = Place::new();
    place.runbook("main", "import \"std/nginx\" as nginx;\ncheck(\"read\", || nginx::servers(\"upstream.conf\"), #{ expect: [#{ server: \"10.0.0.1:80\", weight: 1 }] });");
    for more in [
        "keepalive 32;",
        "least_conn;",
        "server 10.0.0.2:80 backup;",
        "server 10.0.0.2:80 max_fails=3 weight=2;",
        "server 10.0.0.2:80; server 10.0.0.3:80;",
    ] {
        place.write("upstream.conf", &format!("upstream api {{\n    server 10.0.0.1:80;\n    {more}\n}}\n"));
        place
            .expect(1, &["exec", "main"])
            .says(&["would be lost", more.split(' ').next_back().expect("a word").trim_end_matches(';')]);
    }
    place.write("upstream.conf", "# ours\nupstream api {\n    server 10.0.0.1:80; # the first\n\n}\n");
    place.expect(0, &["exec", "main"]);
}

#[test]
fn times_and_addresses_are_reckoned_without_a_clock() {
    let place = Place::new();
    place.runbook(
        "main",
        r#"import "std/time" as time;
        import "std/url" as url;
        check("lengths", || [time::seconds("1m30s"), time::seconds("2h"), time::seconds("7d"), time::seconds("1500ms")], #{ expect: [90, 7200, 604800, 1] });
        check("since 1970", || [time::epoch("1970-01-01T00:00:00Z"), time::epoch("2026-11-21 03:12:44Z"), time::epoch("2000-03-01T00:00:00.5Z")], #{ expect: [0, 1795230764, 951868800] });
        check("after", || [time::after("2026-12-31T23:59:59Z", "1s"), time::after("2028-02-28T12:00:00Z", "1d"), time::after("2100-02-28T12:00:00Z", "1d")], #{ expect: ["2027-01-01T00:00:00Z", "2028-02-29T12:00:00Z", "2100-03-01T12:00:00Z"] });
        check("between", || time::between("2026-11-21T03:12:44Z", "2026-11-21T03:12:40Z"), #{ expect: -4 });
        check("in names", || time::in_names("2026-11-21T03:12:44.123Z"), #{ expect: "2026-11-21T031244Z" });
        check("in milliseconds", || [time::milliseconds("1m30s"), time::milliseconds("5ms")], #{ expect: [90000, 5] });
        check("a name of a time", || ["2026-11-21T031244Z", "2026-11-21T031244z", "2026-11-21", "before-the-move-42", ""].filter(|name| time::is_in_names(name)), #{ expect: ["2026-11-21T031244Z"] });
        check("odd lengths", || attempt(|| { time::seconds("5") }).ok || attempt(|| { time::seconds("") }).ok || attempt(|| { time::seconds("5y") }).ok, #{ expect: false });
        check("odd times", || attempt(|| { time::epoch("2026-11-21T03:12:44+01:00") }).ok, #{ expect: false });
        check("addresses", || url::query("http://h/x", #{ q: "a b&ä/~\n", n: 5 }), #{ expect: "http://h/x?n=5&q=a%20b%26%C3%A4%2F~%0A" });
        check("nothing to add", || url::query("http://h/x", #{}), #{ expect: "http://h/x" });"#,
    );
    place.expect(0, &["exec", "main"]).says(&["11 checks", "completed"]);
}

#[test]
fn a_list_that_would_hold_whatever_there_is_is_refused() {
    let place = Place::new();
    place
        .runbook("main", "import \"std/checklist\" as checklist;\ncheck(\"it can be read\", || checklist::read(\"list.json\"));");
    for (look, says) in [
        // A slip of the pen, and every number would do.
        (r#"{"metric": "up", "at_lest": 1}"#, "at_lest"),
        (r#"{"metric": "up"}"#, "at_least"),
        (r#"{"http": "{api}/", "stauts": 301}"#, "stauts"),
        (r#"{"certificate": "{edge}"}"#, "days"),
        (r#"{"header": "x-frame-options"}"#, "of"),
        (r#"{"http": "{api}/", "tcp": "{api}"}"#, "tcp"),
        (r#"{"ping": "{api}"}"#, "nobody knows how to look"),
    ] {
        place.write(
            "list.json",
            &format!(r#"[{{"category": "A", "owner": "@a", "items": [{{"item": "it is up", "look": {look}}}]}}]"#),
        );
        place.expect(1, &["exec", "main"]).says(&["it is up", says]);
    }
    let list = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/go-live.json");
    place.write("list.json", &std::fs::read_to_string(list).expect("the list that we ship"));
    place.expect(0, &["exec", "main"]);
}
