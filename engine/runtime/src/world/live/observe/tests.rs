use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use runbook_model::Value;
use runbook_model::change::Invocation;
use runbook_model::excerpt::{Bytes, KEPT};
use runbook_model::length::Length;
use serde_json::json;

use super::super::http::server::{Server, reply};
use super::super::processes::plain::PlainProcesses;
use super::*;
use crate::secret::Vault;

async fn look_in(dir: &std::path::Path, observation: Observation) -> Result<Seen, String> {
    let mut site = Site::new("01J0000000000000000000000A".parse().unwrap(), dir);
    site.env.push(("RUNBOOK_TEST_COLOUR".into(), "green".into()));
    let vault = Arc::new(Vault::empty());
    observe(&site, &Hosts::new(&site), &vault, &PlainProcesses, &observation).await.map_err(|blind| blind.to_string())
}

async fn look(observation: Observation) -> Result<Seen, String> {
    look_in(std::path::Path::new("/"), observation).await
}

fn get(url: &str) -> Observation {
    Observation::Http {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: BTreeMap::new(),
        timeout: None,
        secrets: Vec::new(),
        ca: None,
    }
}

fn output(argv: &[&str]) -> Observation {
    let argv = argv.iter().map(|&word| word.to_owned()).collect();
    Observation::Output { invocation: Invocation { argv, ..Invocation::default() }, timeout: None }
}

#[tokio::test]
async fn any_status_is_an_answer_and_long_bodies_are_cut() {
    let server = Server::start(|request| match request.split(' ').nth(1) {
        Some("/long") => reply(503, "Retry-After: 3", &"x".repeat(KEPT + 5)),
        _ => reply(200, "", "ok"),
    });
    let Ok(Seen::Response(response)) = look(get(&server.url("/long"))).await else { panic!("no answer") };
    assert_eq!((response.status, response.body.0.len(), response.headers["retry-after"].as_str()), (503, KEPT, "3"));
    let head = Observation::Http {
        method: "HEAD".to_owned(),
        url: server.url("/x"),
        headers: BTreeMap::from([("X-Token".to_owned(), "t".to_owned())]),
        timeout: None,
        secrets: Vec::new(),
        ca: None,
    };
    assert!(matches!(look(head).await, Ok(Seen::Response(response)) if response.body.0.is_empty()));
    assert!(server.requests()[1].contains("x-token: t\r\n"), "{:?}", server.requests());
}

/// Nobody sees how a body goes on, so its end may be half of a secret.
#[tokio::test]
async fn a_value_at_the_limit_of_a_body_is_not_cut_in_half() {
    crate::secret::known::add("‹secret body/cut›".to_owned(), "cut-by-the-limit-99");
    let server = Server::start(|_| reply(200, "", &format!("{}cut-by-the-limit-99", "x".repeat(KEPT - 12))));
    let Ok(Seen::Response(response)) = look(get(&server.url("/"))).await else { panic!("no answer") };
    assert!(response.cut);
    let end = String::from_utf8_lossy(&response.body.0[KEPT - 20..]).into_owned();
    assert_eq!(end, "xxxxxxxx");
}

#[tokio::test]
async fn redirects_are_followed_five_times() {
    let server = Server::start(|request| {
        let left: u32 = request.split(' ').nth(1).and_then(|path| path[1..].parse().ok()).unwrap_or(0);
        if left == 0 { reply(200, "", "here") } else { reply(302, &format!("Location: /{}", left - 1), "") }
    });
    assert!(matches!(look(get(&server.url("/5"))).await, Ok(Seen::Response(response)) if response.body == Bytes::from("here")));
    let url = server.url("/6");
    assert_eq!(look(get(&url)).await, Err(format!("{url}: more than 5 redirects")));
}

#[tokio::test]
async fn errors_are_sentences_about_the_thing() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}/");
    assert_eq!(look(get(&url)).await, Err(format!("{url}: connection refused")));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let timeout = Some(Length::from_millis(250));
    let impatient = Observation::Http {
        method: "GET".to_owned(),
        url: url.clone(),
        headers: BTreeMap::new(),
        timeout,
        secrets: Vec::new(),
        ca: None,
    };
    assert_eq!(look(impatient).await, Err(format!("{url}: no answer within 250ms")));
    let post = Observation::Http {
        method: "POST".to_owned(),
        url: url.clone(),
        headers: BTreeMap::new(),
        timeout,
        secrets: Vec::new(),
        ca: None,
    };
    assert!(look(post).await.unwrap_err().contains("may change something"));
    assert_eq!(
        look(Observation::ReadFile { path: "/no/such".to_owned() }).await.unwrap_err(),
        "/no/such: no such file or directory"
    );
    assert!(look(output(&["no-such-program-here"])).await.unwrap_err().starts_with("`no-such-program-here` was not started: "));
}

#[tokio::test]
async fn programs_answer_with_any_code_and_are_stopped_in_time() {
    let Ok(Seen::Exited(exited)) = look(output(&["sh", "-c", "echo seen; exit 3"])).await else { panic!("not run") };
    assert_eq!((exited.status, exited.stdout.head), (runbook_model::answer::ExitStatus::Code(3), Bytes::from("seen\n")));
    let Observation::Output { invocation, .. } = output(&["sleep", "600"]) else { unreachable!() };
    let hangs = Observation::Output { invocation, timeout: Some(Length::from_millis(50)) };
    assert_eq!(look(hangs).await, Err("`sleep 600`: it still ran after 50ms and was stopped".to_owned()));
}

#[tokio::test]
async fn files_links_and_directories() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| name.to_owned();
    fs::write(dir.path().join("b"), [1, 0xff]).unwrap();
    fs::set_permissions(dir.path().join("b"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("b", dir.path().join("link")).unwrap();
    symlink("nowhere", dir.path().join("dangling")).unwrap();
    fs::File::create(dir.path().join("big")).unwrap().set_len(content::LONGEST + 1).unwrap();
    let see = |observation| look_in(dir.path(), observation);
    let value = |value: Value| Ok(Seen::Value(value));
    assert_eq!(see(Observation::ReadFile { path: path("link") }).await, Ok(Seen::Content(Bytes(vec![1, 0xff]))));
    assert!(see(Observation::ReadFile { path: path("big") }).await.unwrap_err().starts_with("big: it has 4194305 bytes"));
    assert!(see(Observation::ReadFile { path: path(".") }).await.unwrap_err().ends_with("it is a directory"));
    assert!(see(Observation::ReadFile { path: path("/dev/zero") }).await.is_err());
    assert!(
        matches!(see(Observation::ReadFile { path: path("/proc/self/status") }).await, Ok(Seen::Content(text)) if text.0.len() > 50)
    );
    assert_eq!(see(Observation::Stat { path: path("link") }).await, value(json!({ "kind": "file", "size": 2, "mode": 0o640 })));
    assert!(matches!(see(Observation::Stat { path: path("dangling") }).await, Ok(Seen::Value(value)) if value["kind"] == "link"));
    assert_eq!(see(Observation::Stat { path: path("b/below/a/file") }).await, value(Value::Null));
    assert_eq!(see(Observation::ReadLink { path: path("link") }).await, value(json!("b")));
    assert_eq!(see(Observation::ReadLink { path: path("none") }).await, value(Value::Null));
    assert_eq!(see(Observation::ReadLink { path: path("b") }).await, Err("b: it is not a symbolic link".to_owned()));
    assert_eq!(see(Observation::ListDir { path: path(".") }).await, value(json!(["b", "big", "dangling", "link"])));
}

#[tokio::test]
async fn network_environment_and_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let open = || Observation::Tcp { address: address.clone(), timeout: None };
    assert_eq!(look(open()).await, Ok(Seen::Value(json!(true))));
    drop(listener);
    assert_eq!(look(open()).await, Ok(Seen::Value(json!(false))));
    assert!(look(Observation::Tcp { address: "127.0.0.1".to_owned(), timeout: None }).await.unwrap_err().contains("`host:port`"));
    assert_eq!(look(Observation::Resolve { name: "127.0.0.1".to_owned() }).await, Ok(Seen::Value(json!(["127.0.0.1"]))));
    assert_eq!(look(Observation::Env { name: "RUNBOOK_TEST_COLOUR".to_owned() }).await, Ok(Seen::Value(json!("green"))));
    assert_eq!(look(Observation::Env { name: "RUNBOOK_TEST_NONE".to_owned() }).await, Ok(Seen::Value(Value::Null)));
    let Ok(Seen::Value(Value::String(now))) = look(Observation::Now).await else { panic!("no time") };
    assert!(now.ends_with('Z') && now.parse::<jiff::Timestamp>().is_ok(), "{now}");
}

/// By another process: had this one a program open for writing while another test forks, running it could fail (ETXTBSY).
fn copy(from: &str, to: &std::path::Path) {
    assert!(Command::new("cp").arg(from).arg(to).status().unwrap().success());
}

#[tokio::test]
async fn processes_are_found_by_a_long_name_and_not_when_dead() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("a-name-of-more-than-15-bytes");
    copy("/bin/cat", &program);
    let mut child = Command::new(&program).stdin(Stdio::piped()).spawn().unwrap();
    let find = || Observation::Processes { name: "a-name-of-more-than-15-bytes".to_owned() };
    let wanted = json!([{ "pid": child.id(), "name": "a-name-of-more-than-15-bytes" }]);
    assert_eq!(look(find()).await, Ok(Seen::Value(wanted)));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(look(find()).await, Ok(Seen::Value(json!([]))));
}

#[tokio::test]
async fn a_zombie_is_not_a_running_process() {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("short-lived");
    copy("/bin/true", &program);
    let mut child = Command::new(&program).spawn().unwrap();
    // Waits for its end and leaves it unreaped.
    waitid(WaitId::Pid(Pid::from_child(&child)), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
    assert!(fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap().contains("(short-lived) Z"));
    let find = || Observation::Processes { name: "short-lived".to_owned() };
    assert_eq!(look(find()).await, Ok(Seen::Value(json!([]))));
    child.wait().unwrap();
}
