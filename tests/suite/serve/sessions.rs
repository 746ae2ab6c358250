//! Coming in, staying, and going out.

use std::process::Stdio;

use crate::serve::client::{Client, Server};
use crate::support::Place;

fn place(more: &str) -> Place {
    let place = Place::new();
    place.runbook("plain", "command(\"note\", #{ run: [\"touch\", \"done\"], rollback: \"nothing\" });\n");
    place.write("runbook.toml", &format!("[serve]\n{more}"));
    place
}

/// A server and the link that it printed, as a path.
fn with_link(place: &Place) -> (Server, String) {
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0", "--print-url"]);
    command.stdout(Stdio::piped());
    let mut server = Server::of(place, command);
    let link = server.first_line();
    let path = link.strip_prefix(&server.origin()).unwrap_or_else(|| panic!("{link}")).to_owned();
    (server, path)
}

fn presses(server: &Server, once: &str) -> crate::serve::client::Answer {
    server.stranger().with("origin", &server.origin()).form("/login", &[("once", once), ("next", "/runs")])
}

fn holder(server: &Server, cookie: &str) -> Client {
    let cookie = cookie.split(';').next().unwrap_or_default();
    server.stranger().with("cookie", cookie).with("origin", &server.origin())
}

#[test]
fn a_link_is_good_for_one_session_and_that_ends_when_its_holder_leaves() {
    let place = place("");
    let (server, path) = with_link(&place);
    // Whoever only looks at the link, however often, uses nothing up.
    for method in ["GET", "HEAD", "GET"] {
        assert_eq!(server.stranger().ask(method, &path, b"").status, 200);
    }
    let once = server.stranger().get(&path).field("once");
    assert_eq!(once.len(), 64);
    let entered = presses(&server, &once);
    assert_eq!((entered.status, entered.header("location")), (303, "/runs"));
    let cookie = entered.header("set-cookie").to_owned();
    assert!(cookie.contains("Max-Age=43200") && !cookie.contains(&once), "{cookie}");
    let again = presses(&server, &once);
    assert_eq!((again.status, again.header("set-cookie")), (403, ""));
    again.says(&["a link works once"]);

    let browser = holder(&server, &cookie);
    browser.get("/").says(&["Runbooks"]);
    let form = browser.get("/").field("_form");
    // Nobody is logged out by another site.
    assert_eq!(browser.with("origin", "https://evil.example").form("/logout", &[("_form", &form)]).status, 403);
    assert_eq!(browser.form("/logout", &[]).status, 403);
    assert_eq!(browser.get("/").status, 200);
    let left = browser.form("/logout", &[("_form", &form)]);
    assert!(left.status == 303 && left.header("set-cookie").contains("Max-Age=0"), "{left:?}");
    // The cookie itself is worth nothing any more, whoever kept it.
    assert_eq!(browser.get("/").status, 303);
    assert_eq!(browser.form("/runs", &[("_form", &form), ("runbook", "plain")]).status, 401);
}

#[test]
fn a_session_ends_by_itself_and_with_the_server() {
    let place = place("session = \"3s\"\n");
    let mut server = Server::start(&place);
    let began = std::time::Instant::now();
    let browser = server.browser(&server.token);
    // Whoever asks without a pause is told to wait now and then.
    while browser.get("/").status != 303 {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "the session goes on");
    }
    assert!(began.elapsed() >= std::time::Duration::from_secs(3), "it ended too soon");
    server.kill();
    // Another server at the same address, to which the browser sends the same cookie.
    let mut server = Server::start(&place);
    let browser = server.browser(&server.token);
    server.kill();
    let listen = server.at.to_string();
    let _server = Server::of(&place, place.command(&["serve", "--listen", &listen]));
    assert_eq!(browser.get("/").status, 303);
    place.write("runbook.toml", "[serve]\nsession = \"soon\"\n");
    place.expect(2, &["serve", "--listen", "127.0.0.1:0"]).says(&["`session`"]);
}

#[test]
fn nobody_is_somebody_without_a_name() {
    let place = place("");
    for name in ["", " "] {
        let none = place.expect(2, &["serve", "--new-token", name]);
        assert!(none.out.is_empty(), "{none}");
        none.says(&["whose token?", "runbook serve --new-token NAME"]);
        place.write("runbook.toml", &format!("[serve.people]\n\"{name}\" = \"{}\"\n", "0".repeat(64)));
        place.expect(2, &["serve", "--listen", "127.0.0.1:0"]).says(&["runbook.toml:2", "nobody has this name"]);
    }
}

#[test]
fn guesses_are_counted_together_whatever_they_are_shown_as() {
    let place = place("");
    let server = Server::start(&place);
    let stranger = server.stranger().with("origin", &server.origin());
    let tries: [&dyn Fn() -> u16; 3] = [
        &|| stranger.form("/login", &[("token", "wrong")]).status,
        &|| stranger.form("/login", &[("once", "wrong")]).status,
        &|| server.bearer("wrong").get("/api/runs").status,
    ];
    let came: Vec<_> = (0..12).map(|nth| tries[nth % 3]()).collect();
    assert!(came[..9].iter().all(|status| [403, 401].contains(status)) && came[11] == 429, "{came:?}");
    stranger.form("/login", &[("token", "wrong")]).says(&["too many tokens were tried; wait five seconds"]);
    // Who shows the right one with a request, or has a session, is not kept out by somebody else's guesses.
    assert_eq!(server.program().get("/api/runs").status, 200);
}
