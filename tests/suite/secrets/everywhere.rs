//! The canary test: planted secrets, used in every way, in every kind of run; then every byte that is left is searched.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::canary::{AGE, COMMAND, ENV, FILE, Search, TOKEN, Watch, forms};
use crate::support::{Place, Ran};

/// A server that sends back whatever it was sent, headers and body.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.expect("a connection"));
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let token = head.lines().find(|line| line.to_lowercase().starts_with("x-token")).unwrap_or_default().to_owned();
            let answer = [head.as_bytes(), &body].concat();
            let head = format!(
                "HTTP/1.1 200 OK\r\n{}\r\ncontent-length: {}\r\n\r\n",
                token.replacen("oken", "oken-back", 1),
                answer.len()
            );
            reader.get_mut().write_all(&[head.as_bytes(), &answer].concat()).ok();
        }
    });
    url
}

/// Prints its arguments' files in two writes each, cut in the middle of a form.
const SHOW: &str = r#"#!/bin/sh
# Everything that was handed over, in the clear, and every form of it, cut in two.
printf 'env %s\n' "$PW"; printf 'url %s\n' "$URL" >&2
cat; echo
cat "$KEY" && cat "$KEY" >&2
n=$(wc -c < forms)
head -c $((n / 2 + 3)) forms; sleep 0.02; tail -c +$((n / 2 + 4)) forms
head -c $((n / 3)) forms >&2; sleep 0.02; tail -c +$((n / 3 + 1)) forms >&2
printf '%s' "$PW" | base64; printf '%s' "$AGE" | base64
printf 'GH %s\n' "$GH_CANARY_TOKEN"
exit ${CODE:-0}
"#;

const RUNBOOK: &str = r#"
let p = runbook(#{ title: "Canary", owner: "team", params: #{ url: #{}, code: #{ type: "int", fallback: 0 }, gate: #{ fallback: "none" } } });
let env = #{ PW: secret("c/env"), URL: ["postgres://app:", secret("c/env"), "@db/x"], AGE: secret("c/age"), CODE: p.code };
let files = #{ KEY: [secret("c/key"), "\n"] };
let input = ["password=", secret("c/file"), ";", secret("c/env")];

let seen = check("look by program", || exec::output(["./show"], #{ env: #{ PW: secret("c/env"), AGE: secret("c/age") }, env_files: files, stdin: secret("c/file") }).stdout);
print(`it printed ${seen}`);
debug(seen);
let heard = check("look by request", || http::get(p.url, #{ headers: #{ "X-Token": ["Bearer ", secret("c/age")] } }).body);
check("say it", || heard + seen, #{ advisory: true, expect: "something else" });

command("write it", #{ write: #{ path: "app.conf", content: ["password = \"", secret("c/file"), "\"\nkey = '''\n", secret("c/key"), "'''\n"] } });
check("read it", || fs::read("app.conf"));
command("show it", #{ run: ["./show"], env: env, env_files: files, stdin: input, rollback: #{ run: ["./show"], env: #{ PW: secret("c/env"), AGE: secret("c/age") }, stdin: input }, rollback_if_failed: true, retry: #{ times: 1, every: "1ms" }, idempotent: true });
command("send it", #{ http: #{ url: p.url, headers: #{ Authorization: ["Basic ", secret("c/env64")], "X-Token": secret("c/age") }, json: #{ user: "app", list: [1, #{ password: secret("c/file") }], key: secret("c/key") } }, rollback: #{ http: #{ url: p.url, method: "DELETE", body: ["key=", secret("c/env")] } } });
if p.gate != "none" {
    command("wait", #{ run: ["sh", "-c", "./show; echo > began; cat go > /dev/null; ./show"], env: env, env_files: files, stdin: input, rollback: "nothing" });
}
phase("again", || {
    let out = command("show it", #{ run: sh("./show; ./show >&2"), env: env, env_files: files, stdin: input, rollback: || { command("back", #{ run: ["./show"], env: env, env_files: files }); } });
    try {
        command("never ends", #{ run: sh("./show; exec sleep 600"), env: env, env_files: files, timeout: "300ms", rollback: "nothing", idempotent: true });
    } catch (e) { print(`${e}: ${e.message} ${out.stdout}`); }
    try { throw out.stdout; } catch (e) { print(e); }
});
"#;

fn place() -> Place {
    let place = Place::with(RUNBOOK);
    let toml = r#"
pass_env = ["GH_CANARY_TOKEN"]
[secrets]
"c/env" = { env = "CANARY" }
"c/env64" = { command = ["sh", "-c", "printf '%s' \"$CANARY\" | base64 -w0"] }
"c/file" = { file = "private/token" }
"c/*" = { command = ["./vault"] }
"c/age" = { age = "private/x.age", identity = "private/id" }
"#;
    place.write("runbook.toml", toml);
    place.write("private/token", &format!("{FILE}\n"));
    place.write("private/key", COMMAND);
    place.write("private/plain", AGE);
    place.write("vault", "#!/bin/sh\ntest \"$1\" = c/key && cat private/key\n");
    place.write("show", SHOW);
    let forms: Vec<_> = super::canary::ALL.into_iter().flat_map(forms).collect();
    place.write("forms", &forms.join("\n"));
    for (name, mode) in [("private/token", 0o600), ("vault", 0o755), ("show", 0o755)] {
        std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(mode)).expect("ours");
    }
    let script = "age-keygen -o private/id 2>/dev/null && age -r \"$(age-keygen -y private/id)\" -o private/x.age private/plain";
    let made = Command::new("sh").args(["-c", script]).current_dir(place.path(".")).status().expect("a shell");
    assert!(made.success(), "age is installed: tests/run sees to that");
    place
}

fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.command(arguments);
    command.env("CANARY", ENV).env("GH_CANARY_TOKEN", TOKEN).env("RUNBOOK_LOG", "trace").env("RUST_BACKTRACE", "1");
    command
}

/// Runs, expects a code, and searches what was said.
#[track_caller]
fn run(place: &Place, search: &Search, code: i32, arguments: &[&str]) -> Ran {
    let ran = Ran::of(command(place, arguments));
    search.clean(&arguments.join(" "), format!("{}{}", ran.out, ran.err).as_bytes());
    assert_eq!(ran.code, Some(code), "runbook {}\n{ran}", arguments.join(" "));
    ran
}

#[test]
fn planted_secrets_are_in_nothing_that_a_run_leaves() {
    let (place, search, watch) = (place(), Search::new(), Watch::begin());
    let url = format!("url={}", echo());
    let log = place.path("engine.log").display().to_string();

    // 3: what a withheld command would print is not known.
    run(&place, &search, 3, &["exec", "main", "-p", &url, "--dry-run"]);
    run(&place, &search, 0, &["exec", "main", "-p", &url, "-v", "--log", &log])
        .says(&["‹secret c/env›", "‹secret $GH_CANARY_TOKEN›"]);
    let done = place.newest_run();
    let written = place.read("app.conf");
    assert_eq!(written, format!("password = \"{FILE}\"\nkey = '''\n{COMMAND}'''\n"), "the file itself has them");
    for arguments in [&["show", &done][..], &["show", &done, "-v"], &["--output", "json", "show", &done], &["runs"], &["verify"]]
    {
        run(&place, &search, 0, arguments);
    }
    run(&place, &search, 0, &["exec", "main", "-p", &url, "--output", "json"]);
    // What stands in the file now is a secret of the first run: the rollback of the second puts it back.
    let again = place.newest_run();
    run(&place, &search, 0, &["rollback", &again, "--dry-run"]);
    run(&place, &search, 6, &["rollback", &again, "-v"]);
    assert_eq!(place.read("app.conf"), written);
    run(&place, &search, 6, &["rollback", &done]);
    assert!(!place.path("app.conf").exists());

    let failed = run(&place, &search, 1, &["exec", "main", "-p", &url, "-p", "code=3"]);
    failed.says(&["‹secret c/file›"]);
    let retried = place.entries().iter().filter(|entry| *entry == "step_retried").count();
    assert_eq!(retried, 1, "it was tried again");
    run(&place, &search, 6, &["rollback", &place.newest_run()]);

    search.clean("the log", &std::fs::read(&log).expect("a log"));
    search.clean_place(&place, 10_000);
    watch.end();
}

#[test]
fn a_run_that_was_killed_and_resumed_has_none_either() {
    let (place, search, watch) = (place(), Search::new(), Watch::begin());
    let url = format!("url={}", echo());
    place.fifo("began");
    place.fifo("go");
    let mut child = command(&place, &["exec", "main", "-p", &url, "-p", "gate=shut"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary starts");
    place.read("began");
    child.kill().expect("kill -9");
    child.wait().expect("it is gone");
    // A commit may have come about or not.
    search.clean_place(&place, 0);
    place.write("go", "");
    run(&place, &search, 0, &["resume", "-v"]);
    search.clean_place(&place, 10_000);
    watch.end();
}

#[test]
fn a_terminal_shows_none() {
    let (place, search) = (place(), Search::new());
    let url = format!("url={}", echo());
    let variables = [("CANARY", ENV), ("GH_CANARY_TOKEN", TOKEN), ("TERM", "xterm-256color")];
    let mut terminal = place.terminal_like(80, &variables, &["exec", "main", "-v", "-p", &url, "-p", "code=5"]);
    terminal.until("r, k, b, s? ").keys("b\r");
    let ended = terminal.end();
    search.clean("the terminal", ended.shown.as_bytes());
    // A line that is too long for the screen is broken: look for what stands over two lines as well.
    let joined: String = ended.shown.split(['\r', '\n']).collect();
    search.clean("the terminal, joined", joined.as_bytes());
    search.clean_place(&place, 10_000);
}
