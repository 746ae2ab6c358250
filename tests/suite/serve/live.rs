//! Runs as they go.

use std::io::{BufRead as _, BufReader};

use serde_json::{Value, json};

use crate::serve::client::{Client, Server};
use crate::serve::driver::Browser;
use crate::support::Place;

/// Waits at the pipe `gate`, then at `gate2`.
const WAITS: &str = r#"
command("first <i>", #{ run: ["sh", "-c", "echo one; read x < gate"], rollback: "nothing" });
command("second", #{ run: ["sh", "-c", "read x < gate2; echo done >> ledger"], rollback: "nothing" });
"#;

struct Stream(BufReader<std::net::TcpStream>);

impl Stream {
    fn of(client: &Client, path: &str) -> Self {
        Self(BufReader::new(client.send("GET", path, b"")))
    }

    /// The next event: its number and what it says.
    fn next(&mut self) -> (u64, Value) {
        let mut id = 0;
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).expect("a line"), 0, "the stream ended");
            if let Some(number) = line.strip_prefix("id: ") {
                id = number.trim().parse().expect("a number");
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (id, serde_json::from_str(data).expect("JSON"));
            }
        }
    }

    fn until(&mut self, text: &str) -> (u64, Value) {
        loop {
            let (id, told) = self.next();
            if told.to_string().contains(text) {
                return (id, told);
            }
        }
    }
}

fn open(place: &Place, name: &str) {
    std::fs::write(place.path(name), "x\n").expect("a reader");
}

#[test]
fn a_run_is_seen_as_it_goes_and_taken_up_where_it_was_left() {
    let (place, server) = gated();
    let program = server.program();
    let run = program.post("/api/runs", &json!({ "runbook": "waits", "mode": "live" })).json()["run"]
        .as_str()
        .expect("a run")
        .to_owned();
    let path = format!("/runs/{run}/events");
    let mut first = Stream::of(&program, &path);
    let (seen, told) = first.until("first &lt;i&gt;");
    assert!(!told.to_string().contains("second"));
    open(&place, "gate");
    first.until("second");
    drop(first);
    // Somebody who was away gets what has changed since, and nothing else.
    let mut again = Stream::of(&program.with("last-event-id", &seen.to_string()), &path);
    let (now, told) = again.until("second");
    assert!(now > seen, "{now} {seen}");
    let mut level = Stream::of(&program, &format!("{path}?after={now}"));
    open(&place, "gate2");
    let (_, last) = level.until("completed");
    assert!(!last.to_string().contains("first"), "{last}");
    again.until("completed");
    drop(told);
    assert_eq!(server.stranger().get(&path).status, 401);
    assert_eq!(program.get("/runs/01ZZZZZZZZZZZZZZZZZZZZZZZZ/events").status, 404);
}

#[test]
fn the_run_does_not_need_the_server() {
    let (place, mut server) = gated();
    let run = server.program().post("/api/runs", &json!({ "runbook": "waits", "mode": "live" })).json()["run"]
        .as_str()
        .expect("a run")
        .to_owned();
    open(&place, "gate");
    server.kill();
    open(&place, "gate2");
    let server = Server::start(&place);
    let told = server.program().until(&format!("/api/runs/{run}"), &["\"state\":{\"status\":\"completed\"}"]).json();
    assert_eq!(told["sessions"].as_array().map(Vec::len), Some(1), "one process did all of it: {told}");
    assert_eq!(place.ledger(), ["done"]);
}

#[test]
fn a_long_output_comes_in_pages_and_is_text() {
    let place = Place::new();
    let source = r#"command("loud", #{ run: ["sh", "-c", "printf '<script>x</script>'; seq 1 9000; printf '\\033[2J'"], rollback: "nothing" });"#;
    place.runbook("loud", source);
    let server = Server::start(&place);
    let browser = server.browser(&server.token);
    let run = server.program().post("/api/runs", &json!({ "runbook": "loud", "mode": "live" })).json()["run"]
        .as_str()
        .expect("a run")
        .to_owned();
    browser.until(&format!("/runs/{run}"), &["completed"]);
    let page = browser.get(&format!("/runs/{run}/steps/0"));
    page.says(&["&lt;script&gt;x", "?from=16384"]);
    assert!(page.body.len() < 40_000 && !page.body.contains("<script>x"), "{} bytes", page.body.len());
    let mut from = 0;
    while let Some(next) = browser.get(&format!("/runs/{run}/steps/0?from={from}")).body.split("?from=").find_map(|part| {
        let (at, rest) = part.split_once('"')?;
        rest.starts_with(">more").then(|| at.parse::<usize>().expect("a number"))
    }) {
        from = next;
    }
    let last = browser.get(&format!("/runs/{run}/steps/0?from={from}"));
    last.says(&["9000", "␛[2J"]);
    assert_eq!(browser.get(&format!("/runs/{run}/steps/7")).status, 404);
    assert_eq!(browser.get(&format!("/runs/{run}/steps/0?from=99999999")).status, 200);
}

/// Who has logged out hears nothing more, also of what they look at already.
#[test]
fn a_session_that_has_ended_hears_no_more_of_a_run() {
    let (place, server) = gated();
    let path = started(&server, "waits");
    let (gone, stays) = (server.browser(&server.token), server.browser(&server.token));
    let mut streams = [&gone, &stays].map(|browser| Stream::of(browser, &format!("{path}/events")));
    streams.iter_mut().for_each(|stream| drop(stream.until("first &lt;i&gt;")));
    let form = gone.get(&path).field("_form");
    assert_eq!(gone.form("/logout", &[("_form", &form)]).status, 303);
    open(&place, "gate");
    let [mut gone, mut stays] = streams;
    stays.until("second");
    let mut line = String::new();
    while gone.0.read_line(&mut line).expect("a line") > 0 {
        assert!(!line.contains("second"), "{line}");
    }
    open(&place, "gate2");
    stays.until("completed");
}

/// A server with the runbook that waits at two gates.
fn gated() -> (Place, Server) {
    let place = Place::new();
    place.runbook("waits", WAITS);
    place.fifo("gate");
    place.fifo("gate2");
    let server = Server::start(&place);
    (place, server)
}

/// A run that waits at its first gate, and somebody who looks at it.
fn watched() -> (Place, Server, Browser) {
    let (place, server) = gated();
    let path = started(&server, "waits");
    let browser = looks(&server, &path);
    browser.until(&["running", "first <i>"]);
    (place, server, browser)
}

/// A browser that is logged in and looks at this page.
fn looks(server: &Server, path: &str) -> Browser {
    let browser = Browser::open();
    browser.go(&format!("{}/login?next={path}", server.origin()));
    browser.write("#token", &server.token);
    browser.click("main button");
    browser
}

fn started(server: &Server, runbook: &str) -> String {
    let run = server.program().post("/api/runs", &json!({ "runbook": runbook, "mode": "live" })).json()["run"].clone();
    format!("/runs/{}", run.as_str().expect("a run"))
}

/// On a phone the keyboard goes away, and the focus with it, before anybody has pressed a button.
#[test]
fn what_somebody_has_typed_stays_when_the_run_goes_on_without_them() {
    let place = Place::new();
    place.runbook("both", "parallel(\"both\", [\"a\", \"b\"], |name| { confirm(\"Switch \" + name + \"?\"); });\n");
    let server = Server::start(&place);
    let path = started(&server, "both");
    let program = server.program();
    let asked = program.until(&format!("/api{path}"), &["Switch a?", "Switch b?", "\"shown\""]).json()["questions"].clone();
    let browser = looks(&server, &path);
    browser.until(&["Switch a?", "Switch b?"]);
    browser.write("form[action$=answer] input[name=note]", "as agreed with amy");
    browser.run("document.activeElement.blur()");
    let answer = json!({ "said": "yes", "shown": asked[1]["shown"] });
    assert_eq!(program.post(&format!("/api{path}/answer"), &answer).status, 200);
    browser.until(&["Something has changed: show it"]);
    let note = browser.run("return document.querySelector('form[action$=answer] input[name=note]').value");
    assert_eq!(note, "as agreed with amy");
}

/// Whoever comes back with the button of their browser finds the page as they left it, with all that has stopped in it.
#[test]
fn a_page_that_somebody_comes_back_to_goes_on() {
    let (place, _server, browser) = watched();
    for event in ["pagehide", "pageshow"] {
        browser.run(&format!("window.dispatchEvent(new PageTransitionEvent('{event}', {{ persisted: true }}))"));
    }
    open(&place, "gate");
    browser.until(&["second"]);
    open(&place, "gate2");
    browser.until(&["completed"]);
}

/// A phone without a network is not told that nobody is at the other end: it has to notice.
#[test]
fn a_page_to_which_nobody_says_anything_notices() {
    use rustix::process::{Signal, kill_process};
    let (place, server, browser) = watched();
    let text = browser.until(&["running"]);
    assert!(!text.contains("Nothing is heard"), "{text}");
    kill_process(server.pid(), Signal::STOP).expect("stopped");
    browser.run("const now = Date.now; Date.now = () => now.call(Date) + 60000; window.same = true");
    browser.until(&["Nothing is heard of this run at the moment"]);
    kill_process(server.pid(), Signal::CONT).expect("goes on");
    open(&place, "gate");
    let began = std::time::Instant::now();
    let text = loop {
        let text = browser.until(&["second"]);
        if !text.contains("Nothing is heard") || began.elapsed() > std::time::Duration::from_secs(30) {
            break text;
        }
    };
    assert!(!text.contains("Nothing is heard") && browser.run("return window.same") == true, "{text}");
    open(&place, "gate2");
    browser.until(&["completed"]);
}

/// Where somebody stands who has a keyboard and no mouse is not lost because the row of a step is drawn anew.
#[test]
fn the_focus_stays_on_a_step_that_goes_on() {
    let (place, _server, browser) = watched();
    browser.run("document.querySelector('#s0 a').focus()");
    open(&place, "gate");
    browser.until(&["second"]);
    assert_eq!(browser.run("return document.activeElement.closest('li')?.id ?? 'nowhere'"), "s0");
    open(&place, "gate2");
    browser.until(&["completed"]);
}

/// A server that was started anew has forgotten who looks, and a browser that hears so does not ask again.
#[test]
fn a_page_that_hears_nothing_any_more_says_so() {
    let (place, mut server) = gated();
    let run = server.program().post("/api/runs", &json!({ "runbook": "waits", "mode": "live" })).json()["run"].clone();
    let run = run.as_str().expect("a run");
    let browser = Browser::open();
    browser.go(&format!("{}/login?next=/runs/{run}", server.origin()));
    browser.write("#token", &server.token);
    browser.click("main button");
    let text = browser.until(&["running", "first <i>"]);
    assert!(!text.contains("Nothing is heard"), "{text}");
    let at = server.at.to_string();
    server.kill();
    let server = Server::of(&place, place.command(&["serve", "--listen", &at]));
    browser.until(&["Nothing is heard of this run at the moment"]);
    // Whoever is let in again elsewhere need not load this page again.
    browser.run("window.same = true");
    let form = [("token", server.token.as_str())];
    let cookie = server.stranger().with("origin", &server.origin()).form("/login", &form);
    let cookie = cookie.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    browser.cookie(&cookie);
    open(&place, "gate");
    let text = browser.until(&["second"]);
    assert!(!text.contains("Nothing is heard") && browser.run("return window.same") == true, "{text}");
    open(&place, "gate2");
    browser.until(&["completed"]);
}
