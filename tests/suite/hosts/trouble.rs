//! Hosts that cannot be reached, are not who they were, or get lost in mid-command.

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};

use super::sshd::{Hosts, wait_gone};
use super::{ended, place, slow, started};
use crate::support::Place;

#[test]
fn a_host_that_cannot_be_reached_is_a_failure_of_that_host_and_nothing_was_started() {
    let mut hosts = Hosts::start(&["web-1"]);
    hosts.sleep("web-1");
    let place = place(&hosts, r#"command("there", #{ on: "web-1", run: ["true"], rollback: "nothing" });"#);
    place.expect(1, &["exec", "main"]).says(&["was not started", "Connection refused", "try by hand: `ssh -F", "web-1 true`"]);
    let rehearsed = place.expect(0, &["exec", "main", "--dry-run"]);
    rehearsed.says(&["would run: on web-1: true", "Connection refused"]);
    hosts.wake("web-1");
    place.expect(0, &["resume"]);
}

/// Connections to `web-2` are made by this command, which makes none.
fn by_way_of(hosts: &Hosts, command: &str) {
    hosts.configure(&format!("  ConnectTimeout 600\nHost web-2\n  ProxyCommand {command}"));
}

#[test]
fn a_host_that_does_not_answer_keeps_no_other_host_waiting() {
    let hosts = Hosts::start(&["web-1", "web-2"]);
    let place = place(&hosts, "");
    place.fifo("line");
    // Each waits for the other: web-2 is given up only once the command on web-1 has run.
    let line = place.path("line");
    let line = line.display();
    by_way_of(&hosts, &format!("cat {line}"));
    place.runbook(
        "main",
        &format!(
            r#"parallel("both", ["web-2", "web-1"], #{{ max: 2, max_failures: 1 }}, |host| {{
                command("there", #{{ on: host, run: ["sh", "-c", "echo >{line}"], timeout: "30s", rollback: "nothing" }});
            }});"#
        ),
    );
    let ran = place.expect(0, &["exec", "main"]);
    ran.says(&["`web-2` cannot be reached"]);
    // It was not its patience that was at its end.
    ran.is_silent_about(&["no connection came about"]);
    let journal = place.journal();
    let ends: Vec<_> = journal.iter().filter(|record| record["type"] == "step_ended").collect();
    assert_eq!(ends.len(), 2, "{ran}");
    assert!(ends.iter().any(|end| end["path"] == "both/web-1/there" && end["outcome"]["succeeded"].is_object()), "{ran}");
}

#[test]
fn many_that_want_one_host_take_no_place_of_who_wants_another() {
    let hosts = Hosts::start(&["web-1", "web-2"]);
    let place = place(&hosts, "");
    place.fifo("line");
    place.fifo("dialled");
    let [line, dialled, gone] = ["line", "dialled", "gone"].map(|name| place.path(name).display().to_string());
    // As many as are connected to at the same time want web-2, until the command on web-1 has run.
    by_way_of(&hosts, &format!("sh -c 'test -e {gone} || {{ echo >{dialled}; cat {line}; }}'"));
    place.runbook(
        "main",
        &format!(
            r#"let there = |host| command("there", #{{ on: host, run: ["sh", "-c", "touch {gone}; echo >{line}"], timeout: "30s", rollback: "nothing" }});
            parallel("all", [1, 2, 3, 4, 5, 6, 7, 8, 9], #{{ max: 9, max_failures: 8 }}, |n| {{
                if n < 9 {{ there.call("web-2"); }} else {{
                    command("they are at it", #{{ run: ["cat", "{dialled}"], rollback: "nothing" }});
                    there.call("web-1");
                }}
            }});"#
        ),
    );
    let ran = place.expect(0, &["exec", "main"]);
    ran.says(&["`web-2` cannot be reached"]);
    ran.is_silent_about(&["no connection came about"]);
}

#[test]
fn whoever_is_connecting_is_stopped_with_the_run() {
    let hosts = Hosts::start(&["web-1", "web-2"]);
    let place = place(&hosts, r#"command("there", #{ on: "web-2", run: ["true"], rollback: "nothing" });"#);
    place.fifo("dialled");
    // It says nothing to `ssh`, and ends with it.
    by_way_of(&hosts, &format!("sh -c 'echo $$ >{}; exec 3>&1; exec cat >/dev/null'", place.path("dialled").display()));
    let engine = started(&place, &["exec", "main"]);
    let dials = place.read("dialled").trim().parse().expect("a number");
    ask_to_end(engine.id());
    let ran = ended(engine);
    assert_eq!(ran.code, Some(130), "{ran}");
    wait_gone(dials);
}

/// By the signal that nobody who starts us has switched off: shells do that to SIGINT for what they start in the background.
fn ask_to_end(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a number");
    kill_process(pid, Signal::TERM).expect("it lives");
}

#[test]
fn another_host_key_is_refused_with_what_to_try_by_hand() {
    let mut hosts = Hosts::start(&["web-1"]);
    hosts.change_key("web-1");
    let place = place(&hosts, r#"command("there", #{ on: "web-1", run: ["true"], rollback: "nothing" });"#);
    place.expect(1, &["exec", "main"]).says(&["was not started", "Host key verification failed", "try by hand"]);
}

#[test]
fn what_is_not_there_is_found_out_before_anything_is_started() {
    let hosts = Hosts::start(&["web-1"]);
    let there = place(&hosts, r#"command("there", #{ on: "web-1", run: ["no-such-program-x", "1"], rollback: "nothing" });"#);
    there.expect(1, &["exec", "main"]).says(&["`no-such-program-x` was not started", "PATH on `web-1`"]);
    there.expect(0, &["exec", "main", "--dry-run"]).says(&["there is no program `no-such-program-x` on `web-1`"]);
    let source = r#"command("there", #{ on: "web-1", run: ["true"], cwd: "/no/such/place", rollback: "nothing" });"#;
    place(&hosts, source).expect(1, &["exec", "main"]).says(&["`/no/such/place` does not exist on `web-1`"]);
}

#[test]
fn a_connection_that_breaks_in_mid_command_is_made_again_and_nothing_is_lost() {
    let mut hosts = Hosts::start(&["web-1"]);
    let place = slow(&hosts);
    let engine = started(&place, &["exec", "main"]);
    place.wait_for("began");
    hosts.sleep("web-1");
    hosts.wake("web-1");
    place.write("go", "");
    let ran = ended(engine);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(place.ledger(), ["slow", "end", "after"]);
    let journal = place.journal();
    let ended = journal.iter().find(|record| record["type"] == "step_ended").expect("it ended");
    assert_eq!(ended["outcome"]["succeeded"]["exited"]["stdout"]["head"], "first\nlast\n");
    let errors = ended["outcome"]["succeeded"]["exited"]["stderr"]["head"].as_str().expect("text");
    assert!(errors.contains("lost the connection to `web-1`") && errors.contains("answers again"), "{errors}");
}

/// A run that has lost its host in mid-command, and knows no more of it.
fn in_doubt(hosts: &mut Hosts) -> Place {
    let place = slow(hosts);
    let toml = place.read("runbook.toml").replace("20s", "1s");
    place.write("runbook.toml", &toml);
    let engine = started(&place, &["exec", "main"]);
    place.wait_for("began");
    hosts.sleep("web-1");
    let ran = ended(engine);
    assert_eq!(ran.code, Some(5), "{ran}");
    ran.says(&["it was begun on `web-1`, which cannot be reached", "resolve"]);
    place
}

#[test]
fn a_host_that_stays_away_leaves_the_step_in_doubt_and_is_asked_at_the_next_resume() {
    let mut hosts = Hosts::start(&["web-1"]);
    let place = in_doubt(&mut hosts);
    // Still away: still in doubt, and nothing was repeated.
    place.expect(5, &["resume"]);
    place.write("go", "");
    hosts.wake("web-1");
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["slow", "end", "after"]);
}

/// Lets the command that waits for it end; fails when it does not wait any more.
fn go(place: &Place) {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(place.path("go"), flags, Mode::empty()).expect("it runs");
}

#[test]
fn an_engine_that_is_killed_while_it_asks_stops_nothing_there() {
    let mut hosts = Hosts::start(&["web-1"]);
    let place = in_doubt(&mut hosts);
    hosts.wake("web-1");
    let mut engine = started(&place, &["resume"]);
    hosts.wait_until_asked("web-1");
    let lock = place.state().join("runs").join(place.newest_run()).join("keeper/lock");
    let keeper = std::fs::read_to_string(lock).expect("a keeper").trim().parse().expect("a number");
    engine.kill().expect("ours");
    engine.wait().expect("ours");
    // It waits for whoever asked.
    wait_gone(keeper);
    go(&place);
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["slow", "end", "after"]);
}

#[test]
fn a_command_that_is_asked_after_can_be_stopped() {
    let mut hosts = Hosts::start(&["web-1"]);
    let place = in_doubt(&mut hosts);
    hosts.wake("web-1");
    let mut terminal = place.terminal(&["resume"]);
    hosts.wait_until_asked("web-1");
    terminal.keys("\x03").until("Ctrl-C stops it now").keys("\x03");
    terminal.end().with(5).says(&["stopped by the operator", "sh (", "resolve"]);
    assert_eq!(place.ledger(), ["slow"]);
}

#[test]
fn an_engine_that_is_killed_loses_nothing() {
    let hosts = Hosts::start(&["web-1"]);
    let place = slow(&hosts);
    let mut engine = started(&place, &["exec", "main"]);
    place.wait_for("began");
    engine.kill().expect("ours");
    engine.wait().expect("ours");
    place.write("go", "");
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["slow", "end", "after"]);
}

#[test]
fn a_command_that_is_stopped_is_stopped_there_and_the_receipt_says_so() {
    let hosts = Hosts::start(&["web-1"]);
    let source = r#"
        command("hangs", #{
            on: "web-1",
            run: ["sh", "-c", "trap '' TERM; echo $$ > $HOME/pid; sleep 601 & sleep 602; sleep 603"],
            timeout: "1s",
            rollback: "nothing",
            idempotent: true,
        });
    "#;
    let place = place(&hosts, source);
    let ran = place.expect(1, &["exec", "main"]);
    ran.says(&["stopped after 1s", "killed, SIGTERM was not enough", "sleep"]);
    let pid = std::fs::read_to_string(hosts.path("web-1.home/pid")).expect("it ran");
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists(), "it still lives");
}

/// An `ssh` that hangs answers nobody: neither that it is there nor that it is to end.
#[test]
fn a_connection_that_hangs_holds_up_no_run_that_is_over() {
    let hosts = Hosts::start(&["web-1", "web-2"]);
    let place = place(&hosts, "");
    place.fifo("began");
    place.fifo("go");
    let dir = place.path("").display().to_string();
    place.runbook(
        "main",
        &format!(
            r#"for host in ["web-1", "web-2"] {{ command(`on ${{host}}`, #{{ on: host, run: ["true"], rollback: "nothing" }}); }}
               command("here", #{{ run: ["sh", "-c", "cd {dir}; echo >began; cat go"], rollback: "nothing" }});"#
        ),
    );
    let log = place.path("log");
    let engine = started(&place, &["exec", "main", "--log", log.to_str().expect("text")]);
    place.wait_for("began");
    let sockets = place.state().join("runs").join(place.newest_run()).join("hosts/sockets");
    let sockets = std::fs::read_link(sockets).expect("a directory of sockets").display().to_string();
    let holders = holders(&sockets);
    assert_eq!(holders.len(), 2, "{sockets}");
    let tell = |signal| holders.iter().for_each(|pid| kill_process(*pid, signal).expect("ours"));
    tell(Signal::STOP);
    place.write("go", "");
    let ran = ended(engine);
    tell(Signal::KILL);
    assert_eq!(ran.code, Some(0), "{ran}");
    let log = place.read("log");
    assert!(log.contains("2 connections to hosts did not end"), "{log}");
    assert!(!std::path::Path::new(&sockets).exists());
}

/// The processes that keep a connection with a socket in this directory.
fn holders(sockets: &str) -> Vec<Pid> {
    let named = |entry: std::fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        String::from_utf8_lossy(&line).contains(&format!("ControlPath={sockets}/")).then(|| Pid::from_raw(pid))?
    };
    std::fs::read_dir("/proc").expect("processes").flatten().filter_map(named).collect()
}
