//! Outputs that are longer than what the journal keeps, and outputs that grow.

use serde_json::json;

use crate::file_limit::limited;
use crate::serve::client::{Client, Server};
use crate::serve::driver::Browser;
use crate::support::Place;

fn started(server: &Server, runbook: &str) -> String {
    let started = server.program().post("/api/runs", &json!({ "runbook": runbook, "mode": "live" }));
    assert_eq!(started.status, 201, "{started:?}");
    format!("/runs/{}", started.json()["run"].as_str().expect("a run"))
}

/// What the page shows of the output.
fn shown(client: &Client, path: &str) -> String {
    let page = client.get(path);
    assert_eq!(page.status, 200, "{path}: {page:?}");
    page.body
        .split("<pre id=\"output\"")
        .nth(1)
        .and_then(|rest| rest.split_once('>')?.1.split("</pre>").next())
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn the_whole_of_a_long_output_is_there_in_pieces_and_as_a_file() {
    let place = Place::new();
    place.runbook("loud", r#"command("loud", #{ run: ["sh", "-c", "printf '<script>x</script>\\033[2Jäöü'; seq 1 60000; echo wrong >&2"], rollback: "nothing" });"#);
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let run = started(&server, "loud");
    browser.until(&run, &["completed"]);
    let whole: String = "<script>x</script>\u{1b}[2Jäöü".to_owned() + &(1..=60_000).map(|n| format!("{n}\n")).collect::<String>();
    let there = format!("{run}/steps/0/output/1/stdout");
    browser.get(&format!("{run}/steps/0")).says(&[
        &format!("href=\"{there}\""),
        &format!("{} bytes", whole.len()),
        "standard error: 6 bytes",
    ]);
    let (mut from, mut pieces, mut all) = (0, 0, String::new());
    loop {
        let page = browser.get(&format!("{there}?from={from}"));
        assert!(page.body.len() < 200_000 && !page.body.contains("<script>x"), "{} bytes", page.body.len());
        all.push_str(&shown(&browser, &format!("{there}?from={from}")));
        pieces += 1;
        let next =
            page.body.split("?from=").find_map(|part| part.split_once("\">Next").and_then(|(at, _)| at.parse::<usize>().ok()));
        let Some(next) = next else { break };
        from = next;
    }
    let safe = whole.replace('<', "&lt;").replace('>', "&gt;").replace('\u{1b}', "␛");
    assert!(pieces > 3 && all == safe, "{pieces} pieces");
    let raw = browser.get(&format!("{there}/raw"));
    assert_eq!((raw.body.len(), raw.body == whole), (whole.len(), true));
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(raw.header(name), value, "{}", raw.head);
    }
    assert!(raw.header("content-disposition").starts_with("attachment; filename="), "{}", raw.head);
    let part = browser.with("range", "bytes=-6").get(&format!("{there}/raw"));
    assert_eq!((part.status, part.body.as_str()), (206, "60000\n"));
    assert_eq!(part.header("content-range"), format!("bytes {}-{}/{}", whole.len() - 6, whole.len() - 1, whole.len()));
    assert_eq!(browser.with("range", "bytes=99999999-").get(&format!("{there}/raw")).status, 416);
    for odd in ["0/output/2/stdout", "0/output/1/stdin", "0/output/1/..%2fstdout", "1/output/1/stdout", "0/output/x/stdout"] {
        assert!([400, 404].contains(&browser.get(&format!("{run}/steps/{odd}")).status), "{odd}");
    }
    for path in [there.clone(), format!("{there}/piece"), format!("{there}/raw")] {
        assert!([303, 401].contains(&server.stranger().get(&path).status), "{path}");
    }
}

#[test]
fn an_output_is_followed_while_it_grows() {
    let place = Place::new();
    // Two, because a second reader of the same would read the end of the first writer.
    place.fifo("first");
    place.fifo("second");
    place.runbook(
        "slow",
        r#"command("slow", #{ run: ["sh", "-c", "echo one; read x < first; echo two; read x < second"], rollback: "nothing" });"#,
    );
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let run = started(&server, "slow");
    let there = format!("{run}/steps/0/output/1/stdout");
    let page = browser.until(&there, &["one"]);
    page.says(&["it runs", "data-follow=", "data-at=\"4\""]);
    std::fs::write(place.path("first"), "x\n").expect("a reader");
    let told = browser.until(&format!("{there}/piece?from=4"), &["two"]).json();
    assert_eq!(told, json!({ "v": 1, "from": 4, "to": 8, "size": 8, "text": "two\n", "grows": true }));
    std::fs::write(place.path("second"), "x\n").expect("a reader");
    browser.until(&run, &["completed"]);
    assert_eq!(browser.get(&format!("{there}/piece?from=8")).json()["grows"], false);
    assert!(!browser.get(&there).body.contains("data-follow"));
}

/// The beginning of a character whose end may never come: of a program that writes Latin-1, and waits.
#[test]
fn an_output_that_ends_in_half_of_a_character_is_followed_and_not_asked_for_all_the_time() {
    let place = Place::new();
    place.fifo("first");
    place.runbook(
        "latin",
        r#"command("latin", #{ run: ["sh", "-c", "printf 'caf\\351'; read x < first; echo two"], rollback: "nothing" });"#,
    );
    let server = Server::start(&place);
    let run = started(&server, "latin");
    let there = format!("{run}/steps/0/output/1/stdout");
    let program = server.program();
    let told = program.until(&format!("{there}/piece"), &["\"size\":4"]).json();
    assert_eq!((&told["text"], &told["to"]), (&json!("caf"), &json!(3)));
    program.get(&there).says(&["data-follow=", "data-at=\"3\""]);
    let browser = Browser::open();
    browser.go(&format!("{}/login?next={there}", server.origin()));
    browser.write("#token", &server.token);
    browser.click("main button");
    browser.until(&["it runs", "caf"]);
    let asked = browser.run(
        "const asked = () => performance.getEntriesByType('resource').filter(one => one.name.includes('/piece')).length;
         return new Promise(told => {
             const look = () => asked() > 0 ? setTimeout(() => told(asked()), 900) : setTimeout(look, 10);
             look();
         });",
    );
    assert!(asked.as_u64().is_some_and(|asked| asked <= 3), "{asked} times in a second");
    std::fs::write(place.path("first"), "x\n").expect("a reader");
    browser.until(&["two"]);
}

/// A file that the disk did not take whole is not called that.
#[test]
fn what_is_left_of_an_output_is_not_called_the_whole() {
    let source =
        r#"command("loud", #{ run: ["sh", "-c", "yes | head -c 300000; yes | head -c 100000 >&2"], rollback: "nothing" });"#;
    let place = Place::with(source);
    assert_eq!(limited(&place, 200 << 10, &["exec", "main", "--unsealed", "a test"]).code, Some(0));
    let server = Server::start(&place);
    let page = server.browser(&server.token).get(&format!("/runs/{}/steps/0", place.newest_run()));
    page.says(&["What is kept of standard output: 204800 bytes", "95200 bytes of standard output could not be kept in a file"]);
    page.says(&["Whole standard error: 100000 bytes"]);
}
