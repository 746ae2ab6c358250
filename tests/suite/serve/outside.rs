//! Who is kept out before anything is read.

use crate::serve::client::Server;
use crate::support::Place;

const PLAIN: &str = "command(\"note\", #{ run: [\"touch\", \"done\"], rollback: \"nothing\" });\n";

fn place() -> Place {
    let place = Place::new();
    place.runbook("plain", PLAIN);
    place
}

#[test]
fn what_can_be_reached_from_elsewhere_needs_encryption() {
    let place = place();
    place.expect(10, &["serve", "--listen", "0.0.0.0:0"]).says(&["RB0045", "nothing was started", "tls_cert"]);
    place.write("runbook.toml", "[serve]\nlisten = \"0.0.0.0:0\"\n");
    place.expect(10, &["serve"]).says(&["RB0045"]);
    place.write("runbook.toml", "[serve]\nlistn = \"0.0.0.0:0\"\n");
    place.expect(2, &["serve"]).says(&["listn", "listen"]);
}

#[test]
fn a_server_at_every_address_needs_a_name() {
    let place = place();
    for every in ["0.0.0.0:0", "[::]:0"] {
        place.write("runbook.toml", &format!("[serve]\nlisten = \"{every}\"\ntrusted_proxy = [\"192.0.2.1\"]\n"));
        place.expect(2, &["serve"]).says(&["is every address and no name", "nothing was started", "`url`", "`hosts`"]);
    }
}

#[test]
fn another_name_for_this_machine_is_not_answered() {
    let place = place();
    let server = Server::start(&place);
    let program = server.program();
    assert_eq!(program.get("/").status, 200);
    for host in ["evil.example", "evil.example:80", "127.0.0.1:1", "localhost"] {
        let answer = program.with("host", host).get("/");
        assert_eq!(answer.status, 421, "{host}");
        answer.says(&["RB0046"]);
    }
    assert_eq!(program.with("host", &format!("localhost:{}", server.at.port())).get("/").status, 200);
    assert_eq!(program.get("http://evil.example/").status, 421);
}

#[test]
fn every_answer_forbids_frames_code_and_guessing() {
    let place = place();
    let server = Server::start(&place);
    for (client, path) in
        [(server.program(), "/"), (server.stranger(), "/login"), (server.stranger(), "/nowhere"), (server.stranger(), "/healthz")]
    {
        let answer = client.get(path);
        let policy = answer.header("content-security-policy");
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"]
        {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

/// Five minutes of a page without its code, because of one bad moment.
#[test]
fn only_what_is_there_is_kept_by_a_browser() {
    let place = place();
    let server = Server::start(&place);
    let stranger = server.stranger();
    assert_eq!(stranger.get("/static/live.js").header("cache-control"), "private, max-age=300");
    for (client, path) in [(&stranger, "/static/nowhere.js"), (&stranger.with("host", "evil.example"), "/static/live.js")] {
        let answer = client.get(path);
        assert!(answer.status >= 400 && answer.header("cache-control") == "no-store", "{answer:?}");
    }
}

#[test]
fn an_address_that_could_be_read_twice_is_refused() {
    let place = place();
    let server = Server::start(&place);
    for odd in [
        "/open/..%2fplain",
        "/open/%2e%2e/plain",
        "/open/../open/plain",
        "/open/a%5cb",
        "/open/a%00",
        "//evil.example/",
        "/open/plain%2Fx",
    ] {
        assert_eq!(server.program().get(odd).status, 400, "{odd}");
    }
    assert_eq!(server.program().get("/open/plain").status, 200);
}

#[test]
fn what_is_too_long_too_often_or_otherwise_odd_is_refused() {
    let place = place();
    place.private("key", "0123456789abcdef0123456789abcdef\n");
    place.write("runbook.toml", "[serve]\nalertmanager_token = \"key\"\n");
    let server = Server::start(&place);
    let hook = server.bearer("0123456789abcdef0123456789abcdef");
    assert_eq!(hook.ask("POST", "/hooks/alertmanager", &vec![b'x'; 9 * 1024 * 1024]).status, 413);
    let browser = server.browser(&server.token);
    assert_eq!(browser.form("/runs", &[("x", &"y".repeat(300 * 1024))]).status, 413);
    assert!(server.program().get(&format!("/{}", "x".repeat(100_000))).status >= 400);
    assert_eq!(server.program().ask("DELETE", "/runs", b"").status, 405);
    let stranger = server.stranger().with("origin", &server.origin());
    let tried: Vec<_> = (0..12).map(|_| stranger.form("/login", &[("token", "wrong")]).status).collect();
    assert!(tried.contains(&403) && tried.last() == Some(&429), "{tried:?}");
    assert_eq!(server.program().get("/healthz").status, 200);
}
