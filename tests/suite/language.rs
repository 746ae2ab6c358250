//! What the language offers, as the documentation describes it, on the real machine.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::support::Place;

/// A server on loopback that answers `count` requests with `200` and this body, echoing method and path in a header.
fn server(count: usize, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().take(count) {
            let mut stream = stream.expect("a connection");
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).expect("a request");
            let head = String::from_utf8_lossy(&buffer[..read]).into_owned();
            let line = head.lines().next().unwrap_or_default().replace(" HTTP/1.1", "");
            let body = if head.starts_with("HEAD ") { "" } else { body };
            let length = body.len();
            let answer =
                format!("HTTP/1.1 200 OK\r\nx-asked: {line}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).expect("an answer");
        }
    });
    address
}

#[test]
fn every_look_at_the_world_gives_what_is_documented() {
    let address = server(2, r#"{"n": 7}"#);
    let place = Place::new();
    place.write("runbook.toml", &format!("[settings]\naddress = \"{address}\"\n"));
    place.write("dir/b", "text");
    place.write("dir/a", "");
    std::os::unix::fs::symlink("b", place.path("dir/link")).expect("a link");
    place.runbook(
        "main",
        r#"
        check("http::get", || {
            let answer = http::get(`http://${settings.address}/x`, #{ headers: #{ accept: "text/plain" }, timeout: "5s" });
            [answer.status, answer.body, answer.json().n, answer.headers["x-asked"], type_of(answer.millis)]
        }, #{ expect: [200, "{\"n\": 7}", 7, "GET /x", "i64"] });
        check("http::head", || http::head(`http://${settings.address}/y`).headers["x-asked"], #{ expect: "HEAD /y" });
        check("exec::output", || {
            let done = exec::output(["sh", "-c", "cat; echo $A >&2; pwd; exit 3"],
                #{ timeout: "5s", env: #{ A: "err" }, cwd: "/", stdin: "in\n" });
            [done.stdout, done.stderr, done.code, done.lines]
        }, #{ expect: ["in\n/", "err", 3, ["in", "/"]] });
        check("json of a program", || exec::output(["echo", "[1, {\"a\": null}]"]).json()[0], #{ expect: 1 });
        check("fs", || [
            fs::read("dir/b"), fs::read_link("dir/link"), fs::exists("dir/b"), fs::exists("dir/c"),
            fs::list("dir"), fs::stat("dir/b").kind, fs::stat("dir/b").size, fs::stat("dir").kind, type_of(fs::stat("dir").mode),
        ], #{ expect: ["text", "b", true, false, ["a", "b", "link"], "file", 4, "directory", "i64"] });
        check("tcp::open of a port where nobody listens", || tcp::open("127.0.0.1:1", #{ timeout: "2s" }) == false);
        check("dns::resolve", || "127.0.0.1" in dns::resolve("localhost") || "::1" in dns::resolve("localhost"));
        check("process::find", || process::find("runbook").len() > 0);
        check("env::get", || env::get("HOME").len() > 0);
        check("clock::now", || clock::now().ends_with("Z"));
        "#,
    );
    place.expect(0, &["exec", "main"]).says(&["10 checks", "completed"]);
}

#[test]
fn a_command_gives_what_is_documented() {
    let address = server(1, "made");
    let place = Place::with(&format!(
        r#"
        let done = command("run", #{{ run: ["sh", "-c", "echo one; echo two; echo oops >&2"], rollback: "nothing" }});
        let json = command("json", #{{ run: ["echo", "{{\"n\": 7}}"], rollback: "nothing" }}).json().n;
        let made = command("http", #{{ http: #{{ url: "http://{address}/make", json: #{{ a: 1 }} }}, rollback: "nothing" }});
        command("write", #{{ write: #{{ path: "made", content: "new\n", mode: 0o600 }} }});
        let tried = attempt(|| command("fail", #{{ run: ["false"], rollback: "nothing" }}));
        check("run", || [done.stdout, done.stderr, done.code, done.lines], #{{ expect: ["one\ntwo", "oops", 0, ["one", "two"]] }});
        check("duration", || done.duration >= 0);
        check("json", || json, #{{ expect: 7 }});
        check("http", || [made.status, made.body, made.headers["x-asked"]], #{{ expect: [200, "made", "POST /make"] }});
        check("attempt", || [tried.ok, tried.error.step, tried.error.code, tried.error.reason, `${{tried.error}}`],
            #{{ expect: [false, "fail", 1, "exited", "\"fail\" failed: exit code 1"] }});
        "#
    ));
    place.expect(0, &["exec", "main"]).says(&["completed"]);
    assert_eq!(place.read("made"), "new\n");
    place.expect(6, &["rollback", &place.newest_run()]);
    assert!(!place.path("made").exists());
}

#[test]
fn compensations_and_blocks_of_steps_are_rolled_back_newest_first() {
    let place = Place::with(
        r#"
        fn say(word) { #{ run: ["sh", "-c", "echo $0 >> ledger", word] } }
        rollback("let the node work again", say("uncordon"));
        command("a", say("a") + #{ rollback: || {
            command("first", say("first") + #{ rollback: "nothing" });
            command("second", say("second") + #{ rollback: "nothing" });
        } });
        rollback("block", || { command("third", say("third") + #{ rollback: "nothing" }); });
        "#,
    );
    place.expect(0, &["exec", "main"]);
    place.expect(6, &["rollback", &place.newest_run()]);
    assert_eq!(place.ledger(), ["a", "third", "first", "second", "uncordon"]);
}

#[test]
fn what_would_make_a_script_unrepeatable_is_refused() {
    for (source, says) in [
        ("check(\"x\", || 5 == \"5\");", "RB0018"),
        ("sleep(1);", "RB0011"),
        ("eval(\"1\");", "RB0011"),
        ("let t = timestamp();", "RB0011"),
        ("let x = clock::now();", "RB0008"),
        ("fn f(n) { f(n + 1) } f(0);", "RB0012"),
        ("loop { }", "RB0012"),
        ("import \"../outside\" as o;", "RB0002"),
    ] {
        let place = Place::with(source);
        let ran = place.run(&["exec", "main"]);
        assert!(ran.code != Some(0) && ran.err.contains(says), "{source}\n{ran}");
    }
}
