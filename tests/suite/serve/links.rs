//! What a link can do, and what it cannot.

use crate::serve::client::Server;
use crate::support::Place;

const ROLL_BACK: &str = r#"
let p = runbook(#{
    title: "Roll <back>",
    serves: ["ApiHighErrorRate"],
    params: #{
        service: #{ type: "string", pattern: "[a-z0-9-]{1,63}", from_label: "svc" },
        to: #{ type: "string", fallback: "" },
    },
});
command("note it", #{ run: ["sh", "-c", "echo \"$1\" >> ledger", "sh", p.service], rollback: "nothing" });
"#;

fn place() -> Place {
    let place = Place::new();
    place.runbook("roll-back", ROLL_BACK);
    place
}

fn runs(place: &Place) -> usize {
    place.path(".runbook/runs").read_dir().map_or(0, Iterator::count)
}

#[test]
fn looking_changes_nothing() {
    let place = place();
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let before = place.photograph();
    for path in [
        "/",
        "/open/roll-back?service=checkout",
        "/alert/ApiHighErrorRate?svc=x",
        "/runs",
        "/a/0000000000000000",
        "/login?once=x",
        "/api/runs",
        "/metrics",
    ] {
        browser.get(path);
        browser.ask("HEAD", path, b"");
    }
    assert_eq!((runs(&place), place.photograph()), (0, before));
    assert_eq!(browser.ask("HEAD", "/runs", b"").status, 200);
}

#[test]
fn a_link_proposes_values_and_nothing_else() {
    let place = place();
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let page =
        browser.get("/open/roll-back?service=check+out&execute=true&yes=1&dry_run=false&mode=live&env=prod&_alert=x&service=y");
    page.says(&["Roll &lt;back&gt;", "not taken", "check out", "execute, yes, dry_run, mode, env"]);
    let page = browser.get("/open/roll-back?service=checkout&service=other&execute=true");
    page.says(&["value=\"checkout\"", "Given twice, and the first one counts: service<", "no such parameter: execute<"]);
    page.says(&["value=\"rehearsal\" checked"]);
    assert!(!page.body.contains("_alert,") && !page.body.contains("value=\"live\" checked"), "{page:?}");
    let page = browser.get("/open/roll-back?service=checkout");
    page.says(&["value=\"checkout\"", "from the link"]);
    for hostile in ["%3Cscript%3Ealert(1)%3C/script%3E", "%E2%80%AEtxt", "a%0Ab", "%1b%5b31m", "%ff", "x;rm%20-rf%20/"] {
        let page = browser.get(&format!("/open/roll-back?service={hostile}"));
        assert_eq!(page.status, 200, "{hostile}");
        page.says(&["not taken"]);
        assert!(
            !page.body.contains("<script>alert") && !page.body.contains('\u{202e}') && !page.body.contains('\u{1b}'),
            "{page:?}"
        );
    }
    assert_eq!(runs(&place), 0);
}

#[test]
fn a_value_of_a_link_is_typed_again_before_it_changes_anything() {
    let place = place();
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let page = browser.get("/open/roll-back?service=checkout");
    let [form, shown, proposed] = ["_form", "shown", "proposed"].map(|name| page.field(name));
    let with = |mode: &'static str, service: &'static str, again: &'static str| {
        let fields = [
            ("_form", form.as_str()),
            ("shown", &shown),
            ("proposed", &proposed),
            ("runbook", "roll-back"),
            ("mode", mode),
            ("p.service", service),
            ("again.service", again),
            ("p.to", ""),
        ];
        browser.form("/runs", &fields)
    };
    let refused = with("live", "checkout", "");
    assert_eq!((refused.status, runs(&place)), (422, 0));
    refused.says(&["type it again", "from the link", "value=\"live\" checked"]);
    assert_eq!(with("live", "checkout", "checkouts").status, 422);
    // A proposal that somebody made themselves is none.
    let forged = browser.form(
        "/runs",
        &[("_form", &form), ("shown", &shown), ("proposed", "7b7d.00"), ("runbook", "roll-back"), ("p.service", "a b")],
    );
    assert_eq!(forged.status, 422);

    let rehearsed = with("rehearsal", "checkout", "");
    assert_eq!(rehearsed.status, 303);
    browser.until(rehearsed.header("location"), &["rehearsed", "from the link"]);
    assert!(place.ledger().is_empty());
    let run = with("live", "checkout", "checkout");
    assert_eq!(run.status, 303);
    browser.until(run.header("location"), &["completed"]);
    assert_eq!(place.ledger(), ["checkout"]);
    let first = &place.journal()[0];
    assert_eq!((&first["params"]["service"]["origin"], &first["params"]["to"]["origin"]), (&"link".into(), &"fallback".into()));
    assert_eq!(place.journal()[1]["operator"]["from"], "web");
}

/// A field shows a list one item a line, and what cannot be seen by its name: that is not typed by whoever sends it back.
#[test]
fn what_a_link_says_is_no_less_from_it_for_being_written_oddly() {
    let place = Place::new();
    place.runbook(
        "drain",
        "let p = runbook(#{ title: \"Drain\", params: #{ hosts: #{ type: \"list\" }, why: #{ type: \"string\", fallback: \"-\" } } });\n\
         command(\"note\", #{ run: [\"sh\", \"-c\", \"echo $1 >> ledger\", \"sh\", p.hosts.len().to_string()], rollback: \"nothing\" });\n",
    );
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let sends = |link: &str, hosts: &str, why: &str, again: &str, mode: &str| {
        let page = browser.get(link);
        page.says(&["from the link"]);
        let [form, shown, proposed] = ["_form", "shown", "proposed"].map(|name| page.field(name));
        let fields = [
            ("_form", form.as_str()),
            ("shown", &shown),
            ("proposed", &proposed),
            ("runbook", "drain"),
            ("mode", mode),
            ("p.hosts", hosts),
            ("p.why", why),
            ("again.hosts", again),
        ];
        browser.form("/runs", &fields)
    };
    for link in ["a,b", "a,+b", "%20a%20,b,", "[%22a%22,%22b%22]", "%5B%22a%22,+%22b%22%5D"] {
        let refused = sends(&format!("/open/drain?hosts={link}"), "a\r\nb", "-", "", "live");
        assert_eq!((refused.status, runs(&place)), (422, 0), "{link}");
        refused.says(&["<code>hosts</code> comes from a link: type it again", "from the link"]);
    }
    // Who changes one of them has not typed the others.
    let refused = sends("/open/drain?hosts=a,b", "a\r\nc", "-", "", "live");
    assert_eq!((refused.status, runs(&place)), (422, 0));
    let refused = sends("/open/drain?why=x%E2%80%8B", "a", "x\\u{200b}", "", "live");
    assert_eq!((refused.status, runs(&place)), (422, 0));
    // A comma, and an address of IPv6, in an item; and typed as lists are typed.
    for (link, shown, again) in [
        ("a,+b", "a\r\nb", "a, b"),
        ("[%22a,b%22,%22c%22]", "a,b\r\nc", "[\"a,b\", \"c\"]"),
        ("[%22[::1]:9100%22,%22c%22]", "[::1]:9100\r\nc", "[::1]:9100,c"),
    ] {
        let run = sends(&format!("/open/drain?hosts={link}"), shown, "-", again, "live");
        assert_eq!(run.status, 303, "{link}: {run:?}");
        browser.until(run.header("location"), &["completed", "from the link"]);
    }
    assert_eq!(place.ledger(), ["2", "2", "2"]);
}

/// A double click sends a form twice, and so does a browser that is told to load again what it never got.
#[test]
fn a_button_that_is_pressed_twice_begins_one_run() {
    let place = place();
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let load = || {
        let page = browser.get("/open/roll-back");
        let hidden = page.body.split("<input type=\"hidden\" ").skip(1).filter_map(|input| {
            let mut parts = input.split('"');
            Some((parts.nth(1)?.to_owned(), parts.nth(1)?.to_owned()))
        });
        hidden.collect::<std::collections::BTreeMap<_, _>>()
    };
    let send = |hidden: &std::collections::BTreeMap<String, String>, mode: &str| {
        let typed = [("mode", mode), ("p.service", "checkout"), ("p.to", "")];
        let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let answer = browser.form("/runs", &hidden.chain(typed).collect::<Vec<_>>());
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").to_owned()
    };
    let page = load();
    let mut all: Vec<_> = std::thread::scope(|scope| {
        let pressed: Vec<_> = (0..3).map(|_| scope.spawn(|| send(&page, "live"))).collect();
        pressed.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    browser.until(&all[0], &["completed"]);
    all.push(send(&page, "live"));
    all.dedup();
    assert_eq!((all.len(), runs(&place)), (1, 1), "{all:?}");
    assert_eq!(place.ledger(), ["checkout"]);
    // Whoever wants something else, or loads the page again, gets another.
    assert_ne!(send(&page, "rehearsal"), all[0]);
    let again = send(&load(), "live");
    assert_ne!(again, all[0]);
    browser.until(&again, &["completed"]);
    assert_eq!(place.ledger(), ["checkout", "checkout"]);
}

#[test]
fn what_is_run_is_what_was_shown() {
    let place = place();
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let page = browser.get("/open/roll-back");
    let [form, shown] = ["_form", "shown"].map(|name| page.field(name));
    place.runbook("roll-back", &ROLL_BACK.replace("note it", "note it elsewhere"));
    let answer = browser
        .form("/runs", &[("_form", &form), ("shown", &shown), ("runbook", "roll-back"), ("mode", "live"), ("p.service", "x")]);
    assert_eq!((answer.status, runs(&place)), (409, 0));
    answer.says(&["RB0048", "nothing was run"]);
    // A file of the repository is no runbook by being named.
    place.write("other.rhai", "runbook(#{ title: \"Other\" });");
    let answer = browser.form("/runs", &[("_form", &form), ("shown", &shown), ("runbook", "other.rhai"), ("mode", "live")]);
    assert_eq!(answer.status, 404);
}

#[test]
fn an_alert_by_its_name_leads_to_its_runbook() {
    let place = place();
    place.runbook(
        "of-payments",
        &ROLL_BACK.replace("[\"ApiHighErrorRate\"]", "[#{ alert: \"Slow\", labels: #{ team: \"pay\" } }]"),
    );
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    browser.get("/alert/apihigherrorrate?svc=checkout").says(&["Roll &lt;back&gt;", "value=\"checkout\"", "from the link"]);
    browser
        .get("/alert/MysqlTooManyConnections(%3E80%25)")
        .says(&["No runbook for this alert yet", "MysqlTooManyConnections(&gt;80%)"]);
    // One that serves it with other labels is named, and what stands in its way.
    let page = browser.get("/alert/slow?team=%3Cb%3E");
    page.says(&["No runbook for this alert with these labels", "href=\"/open/of-payments\"", "team", "&lt;b&gt;", "pay"]);
    assert!(!page.body.contains("No runbook says that it answers"), "{page:?}");
    browser.get("/alert/slow").says(&["the alert has no label <code>team</code>"]);
}
