//! Logins that are not root's, and homes that nobody can write to.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::login::Login;
use super::sshd::Hosts;
use super::{ended, place, slow_in, started};
use crate::support::{Place, until};

/// A host with a login of no rights, and a directory there that this login may write to.
fn host() -> (Hosts, PathBuf) {
    let hosts = Hosts::start_as(&["web-1"], Login::new());
    let work = hosts.directory("work");
    (hosts, work)
}

/// The same without a home to write to.
fn homeless() -> (Hosts, PathBuf) {
    let (hosts, work) = host();
    fs::set_permissions(hosts.path("web-1.home"), fs::Permissions::from_mode(0o555)).expect("ours");
    (hosts, work)
}

/// The slow command, with pipes that the login may open.
fn slow(hosts: &Hosts, work: &Path) -> Place {
    let place = place(hosts, "");
    slow_in(&place, work);
    for name in ["began", "go"] {
        let path = work.join(name);
        place.fifo(&path.display().to_string());
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).expect("ours");
    }
    place
}

fn ledger(work: &Path) -> Vec<String> {
    fs::read_to_string(work.join("ledger")).expect("a ledger").lines().map(str::to_owned).collect()
}

/// The connection breaks in mid-command; what is printed meanwhile is kept for whoever asks.
fn breaks_in_mid_command(mut hosts: Hosts, work: &Path) {
    let place = slow(&hosts, work);
    let engine = started(&place, &["exec", "main"]);
    place.wait_for(&work.join("began").display().to_string());
    // What the command prints gets there by way of another process, in its own time.
    until("its output is kept there", || {
        hosts.kept("web-1").iter().any(|path| path.extension().is_some_and(|kind| kind == "out"))
    });
    hosts.sleep("web-1");
    fs::write(work.join("go"), "").expect("it reads");
    hosts.wake("web-1");
    let ran = ended(engine);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(ledger(work), ["slow", "end", "after"]);
    let ended = place.journal().into_iter().find(|record| record["type"] == "step_ended").expect("it ended");
    assert_eq!(ended["outcome"]["succeeded"]["exited"]["stdout"]["head"], "first\nlast\n");
    // The host puts away behind the end of the run, for which nobody waits. Time bounds a broken test only.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !hosts.kept("web-1").is_empty() {
        assert!(Instant::now() < deadline, "the host has not forgotten it: {:?}", hosts.kept("web-1"));
        std::thread::yield_now();
    }
}

#[test]
fn a_login_without_rights_runs_commands_as_itself() {
    let (hosts, work) = host();
    let source = r#"
        let r = command("who", #{
            on: "web-1", cwd: "WORK", stdin: "input\n", rollback: "nothing",
            run: ["sh", "-c", "id -u; cat; pwd; echo oops >&2; sleep 631 >/dev/null 2>&1 & until grep -qx sleep /proc/$!/comm; do :; done"],
        });
        print(`${r.stdout} ${r.stderr}`);
        check("looks", || exec::output(["test", "-w", "/etc/passwd"], #{ on: "web-1" }).code == 1);
    "#;
    let place = place(&hosts, &source.replace("WORK", &work.display().to_string()));
    let ran = place.expect(0, &["exec", "main"]);
    ran.says(&["left running: sleep ("]);
    let noted = place.journal().into_iter().find(|record| record["type"] == "noted").expect("a note");
    let uid = fs::metadata(&work).map(|metadata| metadata.uid()).expect("there");
    assert_eq!(noted["text"], format!("{uid}\ninput\n{} oops", work.display()), "{ran}");
}

#[test]
fn a_command_of_a_login_without_rights_is_stopped_with_a_receipt() {
    let (hosts, work) = host();
    let source = r#"
        command("hangs", #{
            on: "web-1",
            run: ["sh", "-c", "trap '' TERM; echo $$ > WORK/pid; sleep 641 & setsid sleep 642 & sleep 643; sleep 644"],
            timeout: "1s", rollback: "nothing", idempotent: true,
        });
    "#;
    let place = place(&hosts, &source.replace("WORK", &work.display().to_string()));
    let ran = place.expect(1, &["exec", "main"]);
    ran.says(&["stopped after 1s", "killed, SIGTERM was not enough", "still running: sleep ("]);
    let pid = fs::read_to_string(work.join("pid")).expect("it ran");
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "it still lives");
}

#[test]
fn a_login_without_rights_loses_nothing_with_its_connection() {
    let (hosts, work) = host();
    breaks_in_mid_command(hosts, &work);
}

#[test]
fn without_a_home_to_write_to_nothing_is_lost_either() {
    let (hosts, work) = homeless();
    breaks_in_mid_command(hosts, &work);
}

#[test]
fn a_run_goes_on_when_its_engine_was_killed_while_somebody_without_a_home_worked() {
    let (hosts, work) = homeless();
    let place = slow(&hosts, &work);
    let mut engine = started(&place, &["exec", "main"]);
    place.wait_for(&work.join("began").display().to_string());
    let run = place.state().join("runs").join(place.newest_run());
    engine.kill().and_then(|()| engine.wait()).expect("ours");
    let keeper: u32 = fs::read_to_string(run.join("keeper/lock")).expect("a keeper").trim().parse().expect("a number");
    super::sshd::kill_with_children(keeper);
    fs::write(work.join("go"), "").expect("it reads");
    let ran = place.expect(0, &["resume"]);
    assert_eq!(ledger(&work), ["slow", "end", "after"], "{ran}");
}

#[test]
fn a_place_that_somebody_else_has_made_is_not_used() {
    // Without somebody else there is nobody to make it.
    let Some(login) = Login::new() else { return };
    let theirs = login.place_without_home();
    fs::create_dir(&theirs).and_then(|()| fs::set_permissions(&theirs, fs::Permissions::from_mode(0o777))).expect("root may");
    let hosts = Hosts::start_as(&["web-1"], Some(login));
    fs::set_permissions(hosts.path("web-1.home"), fs::Permissions::from_mode(0o555)).expect("ours");
    let place = place(&hosts, r#"command("there", #{ on: "web-1", run: ["true"], rollback: "nothing" });"#);
    let words = format!("`{}` on `web-1` is not a directory of ours", theirs.display());
    place.expect(1, &["exec", "main"]).says(&["was not started", &words]);
    assert_eq!(fs::read_dir(&theirs).expect("there").count(), 0, "nothing was put there");
}
