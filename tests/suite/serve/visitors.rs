//! Who comes in, and what they may do.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::serve::client::Server;
use crate::support::Place;

const PLAIN: &str = "command(\"note\", #{ run: [\"touch\", \"done\"], rollback: \"nothing\" });\n";
const PEOPLE: &str =
    "[serve]\nviewers = [\"vic\"]\noperators = [\"@oncall\"]\napprovers = [\"amy\"]\n[groups]\noncall = [\"ola\"]\n";

/// A token for each of these people, who have the roles that their names begin with.
pub(super) fn people(place: &Place, names: &[&str], more: &str) -> Vec<String> {
    let mut lines = String::new();
    let tokens = names.iter().map(|name| {
        let ran = place.expect(0, &["serve", "--new-token", name]);
        let (token, line) = ran.out.split_once('\n').expect("two lines");
        lines.push_str(line);
        token.to_owned()
    });
    let tokens = tokens.collect();
    place.write("runbook.toml", &format!("{PEOPLE}[serve.people]\n{lines}{more}"));
    tokens
}

#[test]
fn a_link_to_log_in_works_once_and_only_by_its_button() {
    let place = Place::new();
    place.runbook("plain", PLAIN);
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0", "--print-url"]);
    command.stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().expect("the server starts");
    let mut link = String::new();
    BufReader::new(child.stdout.take().expect("standard output")).read_line(&mut link).expect("a link");
    child.kill().and_then(|()| child.wait()).expect("ended");
    assert!(link.contains("/login?once=") && !link.contains(place.read(".runbook/serve/token").trim()), "{link}");

    let server = Server::start(&place);
    // No page says so, but a program that looks at links for people must not use one up.
    let stranger = server.stranger().with("origin", &server.origin());
    assert_eq!(stranger.get("/login?once=abc").field("once"), "abc");
    assert_eq!(stranger.form("/login", &[("once", "abc")]).status, 403);
}

#[test]
fn a_stranger_sees_nothing_and_a_cookie_is_for_this_page_alone() {
    let place = Place::new();
    place.runbook("plain", PLAIN);
    let server = Server::start(&place);
    let stranger = server.stranger();
    let answer = stranger.get("/open/plain?service=x");
    assert_eq!((answer.status, answer.header("location")), (303, "/login?next=/open/plain%3Fservice%3Dx"));
    // A runbook, or an alert, may be called as what programs ask for.
    assert_eq!(stranger.get("/open/db/events").header("location"), "/login?next=/open/db/events");
    for path in ["/api/runs", "/api/alerts", "/api/runbooks"] {
        assert_eq!(stranger.get(path).status, 401, "{path}");
    }
    assert_eq!(stranger.get("/metrics").status, 401);
    // A fingerprint is no right: unknown and forbidden look the same.
    assert_eq!(stranger.get("/a/0000000000000000").head.lines().next(), stranger.get("/a/cbf29ce484222325").head.lines().next());
    // From a chat the browser sends no cookie; it comes again from a page of ours.
    stranger.with("sec-fetch-site", "cross-site").get("/open/plain").says(&["http-equiv=\"refresh\"", "0;url=/open/plain"]);
    let login = stranger.with("origin", &server.origin()).form("/login", &[("token", &server.token), ("next", "//evil.example")]);
    assert_eq!((login.status, login.header("location")), (303, "/"));
    let cookie = login.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains(&server.token), "{cookie}");
    let browser = server.browser(&server.token);
    let form = browser.get("/").field("_form");
    assert_eq!(browser.form("/logout", &[("_form", &form)]).status, 303);
    assert_eq!(browser.get("/").status, 303);
}

#[test]
fn a_form_of_another_site_does_nothing() {
    let place = Place::new();
    place.runbook("plain", PLAIN);
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let page = browser.get("/open/plain");
    let (form, shown) = (page.field("_form"), page.field("shown"));
    let fields = |form: &'static str| vec![("_form", form), ("runbook", "plain"), ("mode", "live")];
    let foreign = browser
        .with("origin", "https://evil.example")
        .form("/runs", &[("_form", &form), ("runbook", "plain"), ("shown", &shown), ("mode", "live")]);
    assert_eq!(foreign.status, 403);
    foreign.says(&["RB0046", "nothing was done"]);
    assert_eq!(browser.with("origin", "null").form("/runs", &fields("x")).status, 403);
    assert_eq!(
        browser
            .without("origin")
            .form("/runs", &[("_form", &form), ("runbook", "plain"), ("shown", &shown), ("mode", "live")])
            .status,
        403
    );
    assert_eq!(browser.form("/runs", &fields("")).status, 403);
    let other = server.browser(&server.token).get("/").field("_form");
    assert_eq!(
        browser.form("/runs", &[("_form", &other), ("runbook", "plain"), ("shown", &shown), ("mode", "live")]).status,
        403
    );
    // A program's address is no way around it.
    assert_eq!(browser.post("/api/runs", &serde_json::json!({ "runbook": "plain", "mode": "live" })).status, 403);
    assert!(!place.path(".runbook/runs").read_dir().is_ok_and(|mut runs| runs.next().is_some()), "something was run");
    assert_eq!(browser.form("/runs", &[("_form", &form), ("runbook", "plain"), ("shown", &shown), ("mode", "live")]).status, 303);
}

#[test]
fn a_role_allows_what_it_says_and_nothing_else() {
    let place = Place::new();
    place.runbook("plain", PLAIN);
    let tokens = people(&place, &["vic", "ola", "amy", "nobody"], "");
    let server = Server::start(&place);
    let start = serde_json::json!({ "runbook": "plain" });
    let statuses = |token: &String| (server.bearer(token).get("/").status, server.bearer(token).post("/api/runs", &start).status);
    assert_eq!(tokens.iter().map(statuses).collect::<Vec<_>>(), [(200, 403), (200, 201), (200, 403), (403, 403)]);
    assert_eq!(server.bearer("wrong").get("/api/runs").status, 401);
    place.write(".runbook/serve/token", "0123456789abcdef0123456789abcdef\n");
    assert_eq!(server.bearer("0123456789abcdef0123456789abcdef").get("/api/runs").status, 401, "tokens are read at the start");
}

#[test]
fn a_proxy_names_people_when_it_is_the_one_that_is_trusted() {
    let place = Place::new();
    place.runbook("plain", PLAIN);
    place.write(
        "runbook.toml",
        &format!(
            "{}trusted_proxy = [\"127.0.0.1\"]\n[groups]\noncall = [\"ola\"]\n",
            PEOPLE.replace("[\"vic\"]", "[\"vic\", \"Jörg Müller\"]").split("[groups]").next().unwrap_or_default()
        ),
    );
    let server = Server::start(&place);
    let named = |name: &str| server.stranger().with("x-forwarded-user", name).get("/").status;
    assert_eq!((named("vic"), named("ola"), named("mallory")), (200, 200, 403));
    // Nobody becomes the owner by a header.
    let owner = String::from_utf8(std::process::Command::new("id").arg("-un").output().expect("id").stdout).expect("a name");
    assert_eq!(named(owner.trim()), 403);
    assert_eq!(named("vic, ola"), 403);
    assert_eq!((named("Jörg Müller"), named("Jörg")), (200, 403), "names go beyond ASCII");

    drop(server);
    // A server that listens to both kinds of addresses sees those of IPv4 written as IPv6.
    let config = place.read("runbook.toml").replace("[serve]", "[serve]\nhosts = [\"runbook.example\"]");
    place.write("runbook.toml", &config);
    let both = Server::of(&place, place.command(&["serve", "--listen", "[::]:0"]));
    let by_four = both.stranger().reaching(std::net::Ipv4Addr::LOCALHOST.into());
    let named = |name: &str| by_four.with("host", "runbook.example").with("x-forwarded-user", name).get("/").status;
    assert_eq!((named("vic"), named("mallory")), (200, 403));
    drop(both);

    place.write("runbook.toml", PEOPLE);
    let other = Server::start(&place);
    assert_eq!(other.stranger().with("x-forwarded-user", "ola").get("/").status, 303);
}
