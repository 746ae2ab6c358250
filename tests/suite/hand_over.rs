//! A run is pushed as it goes, and goes on on another machine: two state directories, one bare remote, real git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Place, kill, until};

/// A bare repository, on a machine that nobody else can reach.
pub(crate) struct Remote(tempfile::TempDir);

impl Remote {
    pub(crate) fn new() -> Self {
        let remote = Self(tempfile::tempdir().expect("a directory"));
        assert!(Command::new("git").args(["init", "--quiet", "--bare"]).arg(remote.path()).status().expect("git").success());
        // As a remote that is meant as evidence would be set up.
        remote.git(&["config", "receive.denyNonFastForwards", "true"]);
        remote.git(&["config", "receive.denyDeletes", "true"]);
        remote
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("trail.git")
    }

    pub(crate) fn url(&self) -> String {
        self.path().display().to_string()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git").arg("--git-dir").arg(self.path()).args(arguments).output().expect("git");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Whether the branch of a run is there, and its journal holds this text.
    pub(crate) fn holds(&self, run: &str, text: &str) -> bool {
        let branch = format!("runs/{run}");
        let mut show = Command::new("git");
        show.arg("--git-dir").arg(self.path()).args(["grep", "--quiet", "--fixed-strings", text, &branch]);
        show.stderr(Stdio::null()).status().expect("git").success()
    }

    fn lease(&self, run: &str) -> serde_json::Value {
        serde_json::from_str(&self.git(&["cat-file", "blob", &format!("refs/runbook/lease/{run}")])).expect("JSON")
    }
}

/// A machine with the same runbooks, whose trail has this remote.
pub(crate) fn machine(source: &str, remote: &str) -> Place {
    let place = Place::with(source);
    place.write("runbook.toml", &format!("[audit]\nremote = \"{remote}\"\n"));
    place
}

pub(crate) fn away(path: &Path) -> PathBuf {
    path.with_extension("away")
}

const GATE: &str = r#"
command("one", #{ run: ["sh", "-c", "echo one >> ledger"], rollback: "nothing" });
check("the gate is open", || fs::exists("open"), #{ within: "10m", every: "50ms" });
command("two", #{ run: ["sh", "-c", "echo two >> ledger"], rollback: "nothing" });
command("three", #{ run: ["sh", "-c", "echo three >> ledger"], rollback: "nothing" });
"#;

const ASKS: &str = r#"
command("one", #{ run: ["sh", "-c", "echo one >> ledger"], rollback: "nothing" });
confirm("Go on?");
command("two", #{ run: ["sh", "-c", "echo two >> ledger"], rollback: "nothing" });
"#;

/// Starts a run that waits at the gate, until its first step is at the remote.
fn at_the_gate(place: &Place, remote: &Remote) -> (Child, String) {
    let child = place.command(&["exec", "main"]).spawn().expect("the binary starts");
    until("the first step", || place.ledger() == ["one"]);
    let run = place.newest_run();
    until("the push", || remote.holds(&run, "\"step_ended\""));
    (child, run)
}

#[test]
fn a_run_that_was_pushed_and_has_not_ended_does_not_vanish_unnoticed() {
    let remote = Remote::new();
    let place = machine(ASKS, &remote.url());
    place.expect(4, &["exec", "main"]);
    let run = place.newest_run();
    assert!(remote.holds(&run, "\"step_ended\""));
    place.expect(0, &["verify"]);
    let archive = place.state().join("audit.git");
    let git = |arguments: &[&str]| {
        assert!(Command::new("git").arg("--git-dir").arg(&archive).args(arguments).status().expect("git").success());
    };
    let branch = format!("refs/heads/runs/{run}");
    // One commit less, then nothing at all; then its directory is gone as well.
    git(&["update-ref", &branch, &format!("{branch}~1")]);
    place.expect(11, &["verify"]).says(&[&run, "was pushed", "the remote has it"]);
    git(&["update-ref", "-d", &branch]);
    fs::remove_dir_all(place.state().join("runs").join(&run)).expect("a run");
    place.expect(11, &["verify"]).says(&[&run, "was pushed", "the remote has it"]);
    // What is at the remote brings it back.
    place.expect(0, &["fetch", &run, "--from", &remote.url()]);
    place.expect(0, &["verify"]);
}

#[test]
fn a_run_is_at_the_remote_when_it_ends_and_a_clone_of_that_is_evidence() {
    let remote = Remote::new();
    let place = machine(r#"command("one", #{ run: ["sh", "-c", "echo one >> ledger"], rollback: "nothing" });"#, &remote.url());
    place.expect(0, &["exec", "main"]).is_silent_about(&["notice"]);
    let run = place.newest_run();
    assert_eq!(remote.lease(&run)["held"], false);
    assert!(remote.git(&["for-each-ref", "--format=%(refname)", "refs/heads/trails/"]).lines().count() == 1);
    place.expect(0, &["push", "--status"]).says(&["0 branches"]);
    place.expect(0, &["push"]).says(&["pushed: 0 branches"]);
    place.expect(0, &["verify", "--repo", &remote.url()]).says(&["verified: 1 run"]);
    remote.git(&["fsck", "--strict"]);
}

#[test]
fn a_run_whose_machine_died_goes_on_elsewhere_and_the_old_owner_is_kept_out() {
    let remote = Remote::new();
    let (old, new) = (machine(GATE, &remote.url()), machine(GATE, &remote.url()));
    let (child, run) = at_the_gate(&old, &remote);
    kill(child);
    assert_eq!(remote.lease(&run)["held"], true);

    // Nobody takes a run from a machine that may be alive without saying so.
    let resume = ["resume", &run, "--from", &remote.url()].map(str::to_owned);
    let mut line: Vec<_> = resume.iter().map(String::as_str).collect();
    new.expect(10, &line).says(&["belongs to", "--take-over"]);
    assert!(new.ledger().is_empty());
    line.extend(["--take-over", "its plug is pulled"]);
    new.write("open", "");
    // It may have made the next change after its last push: that is for a person to find out.
    new.expect(5, &line).says(&["two", "after its last push", "runbook resolve"]);
    assert!(new.ledger().is_empty());
    new.expect(10, &["rollback", &run]).says(&["how far the other machine got"]);
    new.expect(5, &["resume", &run]);
    new.expect(0, &["resolve", &run, "two", "did-not", "--why", "I looked on its disk"]);
    new.expect(0, &["resume", &run]).says(&["completed"]);
    assert_eq!(new.ledger(), ["two", "three"], "what the other machine did is not done again");
    let sessions: Vec<_> = new.journal().into_iter().filter(|record| record["type"] == "session_started").collect();
    assert!(sessions[1]["taken_over"].as_str().is_some_and(|text| text.contains("its plug is pulled")), "{sessions:?}");
    assert_eq!(sessions[1]["epoch"], 2);

    // The old owner comes back. What it wrote and nobody else has keeps it out; without that it learns what was done.
    let before = fs::read(old.journal_path()).expect("a journal");
    let after = fs::read(new.journal_path()).expect("a journal");
    old.write("open", "");
    let came_back = old.run(&["resume", &run]);
    let learns = after.starts_with(&before);
    // 11 when it had sealed what it wrote: then the histories in git differ as well.
    let codes: &[i32] = if learns { &[0] } else { &[10, 11] };
    assert!(came_back.code.is_some_and(|code| codes.contains(&code)), "{learns}: {came_back}");
    assert_eq!(old.ledger(), ["one"]);
    assert_eq!(fs::read(old.journal_path()).expect("a journal"), if learns { after } else { before });
    old.run(&["push"]);
    for place in [&new, &old] {
        place.expect(0, &["verify"]);
    }
    new.expect(0, &["verify", "--repo", &remote.url()]).says(&["verified: 1 run"]);
}

#[test]
fn what_was_only_looked_at_is_not_pushed_back() {
    let remote = Remote::new();
    let (owner, other) = (machine(GATE, &remote.url()), machine(GATE, &remote.url()));
    let (mut child, run) = at_the_gate(&owner, &remote);
    other.expect(0, &["fetch", &run]);
    owner.write("open", "");
    assert!(child.wait().expect("it ends").success());
    // What is there by now is not known to the other one, which has nothing to bring.
    other.expect(0, &["push"]);
    other.expect(0, &["fetch", &run]);
    other.expect(0, &["push", "--status"]).says(&["0 branches"]);
}

#[test]
fn of_two_that_resume_at_once_one_goes_on_and_the_other_leaves_its_lease_alone() {
    let remote = Remote::new();
    let source = r#"
confirm("Go on?");
check("the gate is open", || fs::exists("open"), #{ within: "10m", every: "50ms" });
command("two", #{ run: ["sh", "-c", "echo two >> ledger"], rollback: "nothing" });
"#;
    for _ in 0..4 {
        let place = machine(source, &remote.url());
        place.expect(4, &["exec", "main"]);
        let run = place.newest_run();
        let mut both = [0, 1].map(|_| {
            let mut resume = place.command(&["resume", &run, "--yes"]);
            resume.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
        });
        let mut ended = None;
        until("the end of one", || {
            ended = both.iter_mut().position(|child| child.try_wait().expect("ours").is_some());
            ended.is_some()
        });
        let loser = ended.expect("one");
        assert_eq!(both[loser].wait().expect("ours").code(), Some(10));
        assert_eq!(remote.lease(&run)["held"], true);
        until("the session of the other", || place.journal().iter().filter(|it| it["type"] == "session_started").count() == 2);
        place.expect(10, &["rollback", &run]).says(&["is held by"]);
        assert_eq!(remote.lease(&run)["held"], true);
        place.write("open", "");
        assert_eq!(both[1 - loser].wait().expect("ours").code(), Some(0));
        assert_eq!(place.ledger(), ["two"]);
        assert_eq!(remote.lease(&run)["held"], false);
    }
}

#[test]
fn an_owner_that_lives_on_stops_before_its_next_change() {
    let remote = Remote::new();
    let (old, new) = (machine(GATE, &remote.url()), machine(GATE, &remote.url()));
    let (child, run) = at_the_gate(&old, &remote);
    // Its engine is only frozen, and somebody is mistaken.
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).expect("it stops");
    new.write("open", "");
    new.expect(5, &["resume", &run, "--from", &remote.url(), "--take-over", "it does not answer"]);
    new.expect(0, &["resolve", &run, "two", "did-not", "--why", "a mistake, as we will see"]);
    new.expect(0, &["resume", &run]);
    // What is waited for here is time itself: the remote's last word counts for two seconds.
    std::thread::sleep(Duration::from_secs(3));
    old.write("open", "");
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).expect("it goes on");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(10));
    assert_eq!((old.ledger(), new.ledger()), (vec!["one".to_owned()], vec!["two".to_owned(), "three".to_owned()]));
    new.expect(0, &["verify", "--repo", &remote.url()]);
}

#[test]
fn two_that_went_on_without_knowing_of_each_other_both_keep_what_they_wrote() {
    let remote = Remote::new();
    // Through a link, so that a push that is on its way ends where it began.
    let link = remote.0.path().join("link.git");
    std::os::unix::fs::symlink(remote.path(), &link).expect("a link");
    let (old, new) = (machine(GATE, &link.display().to_string()), machine(GATE, &remote.url()));
    let (child, run) = at_the_gate(&old, &remote);
    // Cut off from the remote it goes on: it cannot know.
    fs::remove_file(&link).expect("away");
    old.write("open", "");
    assert!(child.wait_with_output().expect("it ends").status.success());
    assert_eq!(old.ledger(), ["one", "two", "three"]);
    std::os::unix::fs::symlink(remote.path(), &link).expect("back");
    new.write("open", "");
    new.expect(5, &["resume", &run, "--from", &remote.url(), "--take-over", "it does not answer"]);
    new.expect(0, &["resolve", &run, "two", "did", "--why", "I looked"]);
    new.expect(5, &["resume", &run]).says(&["three"]);
    new.expect(0, &["resolve", &run, "three", "did", "--why", "I looked"]);
    new.expect(0, &["resume", &run]).says(&["completed"]);
    assert!(new.ledger().is_empty());

    let before = fs::read(old.journal_path()).expect("a journal");
    old.expect(0, &["push"]).says(&["another machine has them: 1 branch"]);
    old.expect(11, &["resume", &run]).says(&["holds another history", "neither side is changed"]);
    assert_eq!(fs::read(old.journal_path()).expect("a journal"), before);
    old.expect(0, &["verify"]);
    new.expect(0, &["verify"]);
}

#[test]
fn a_run_that_was_let_go_of_wanders_to_and_fro() {
    let remote = Remote::new();
    let (one, two) = (machine(ASKS, &remote.url()), machine(ASKS, &remote.url()));
    one.expect(4, &["exec", "main"]);
    let run = one.newest_run();
    two.expect(0, &["fetch", &run[..20]]).says(&["fetched"]);
    two.expect(0, &["fetch", &run]).says(&["nothing new"]);
    two.expect(0, &["answer", &run, "--yes"]);
    // Back on the first machine, which learns of the answer by itself.
    one.expect(0, &["resume", &run]).says(&["completed"]);
    assert_eq!((one.ledger(), two.ledger()), (vec!["one".to_owned(), "two".to_owned()], Vec::new()));
    two.expect(0, &["resume", &run]).says(&["completed already"]);
    two.expect(0, &["runs"]).says(&["completed"]);
    for place in [&one, &two] {
        place.expect(0, &["verify"]);
    }
    one.expect(0, &["verify", "--repo", &remote.url()]).says(&["verified: 1 run"]);
    assert_eq!(remote.git(&["for-each-ref", "refs/heads/trails/"]).lines().count(), 2);
}

#[test]
fn a_session_that_does_not_begin_gives_the_run_back() {
    let remote = Remote::new();
    let place = machine(ASKS, &remote.url());
    place.expect(4, &["exec", "main"]);
    let run = place.newest_run();
    let free = || assert_eq!(remote.lease(&run)["held"], false);
    free();
    place.expect(0, &["rollback", &run, "--dry-run"]);
    free();
    place.expect(2, &["answer", &run, "--choose", "never"]);
    free();
    place.runbook("main", "command(");
    place.expect(2, &["resume", &run, "--adopt"]);
    free();
    // When the remote does not take it back, that is said, and the look that is named gives it back.
    let hook = remote.path().join("hooks/pre-receive");
    fs::create_dir_all(hook.parent().expect("a parent")).expect("a directory");
    fs::write(&hook, "#!/bin/sh\necho >> pushes\ntest $(wc -l < pushes) != 2\n").expect("a hook");
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    place.expect(2, &["resume", &run, "--adopt"]).says(&[
        "notice: other machines still find",
        "pre-receive hook declined",
        "--dry-run",
    ]);
    assert_eq!(remote.lease(&run)["held"], true);
    place.expect(0, &["rollback", &run, "--dry-run"]);
    free();
    // Nor does it make another machine ask for it.
    let other = machine(ASKS, &remote.url());
    other.expect(0, &["fetch", &run]);
    other.expect(0, &["answer", &run, "--yes"]);
    other.expect(0, &["resume", &run]);
}

#[test]
fn a_run_that_was_taken_over_is_not_free_when_its_session_is_refused() {
    let remote = Remote::new();
    let head = "runbook(#{ title: \"T\", lock: \"api\", lock_wait: \"50ms\" });\n";
    let (old, new) = (machine(&format!("{head}{GATE}"), &remote.url()), machine(&format!("{head}{GATE}"), &remote.url()));
    let (child, run) = at_the_gate(&old, &remote);
    kill(child);
    // A run that failed keeps its lock on the new machine.
    new.runbook("other", &format!("{head}command(\"x\", #{{ run: [\"false\"], rollback: \"nothing\" }});"));
    new.expect(1, &["exec", "other"]);
    new.expect(10, &["resume", &run, "--from", &remote.url(), "--take-over", "its plug is pulled"]).says(&["`api`"]);
    // How far the old one got, its journal does not say: whoever takes the run must know that.
    assert_eq!(remote.lease(&run)["held"], true);
}

#[test]
fn a_run_whose_end_the_remote_has_missed_is_given_back_also_by_a_session_that_is_refused() {
    let remote = Remote::new();
    let place = machine(GATE, &remote.url());
    let (mut child, run) = at_the_gate(&place, &remote);
    assert_eq!(remote.lease(&run)["held"], true);
    fs::rename(remote.path(), away(&remote.path())).expect("away");
    place.write("open", "");
    assert!(child.wait().expect("it ends").success());
    fs::rename(away(&remote.path()), remote.path()).expect("back");
    place.expect(0, &["resume", &run]).says(&["completed already"]);
    assert_eq!(remote.lease(&run)["held"], false);
    place.expect(0, &["push", "--status"]).says(&["0 branches"]);
}

#[test]
fn a_word_that_evidence_contradicts_ends_its_session_and_leaves_the_run_free() {
    let remote = Remote::new();
    let place = machine(
        r#"command("slow", #{ run: ["sh", "-c", "echo > began; cat go > /dev/null; echo slow >> ledger"], rollback: "nothing" });"#,
        &remote.url(),
    );
    place.fifo("began");
    place.fifo("go");
    let child = place.command(&["exec", "main"]).stderr(Stdio::null()).spawn().expect("the binary starts");
    place.wait_for("began");
    let run = place.newest_run();
    until("the push", || remote.holds(&run, "\"step_intended\""));
    kill(child);
    place.write("go", "");
    until("the end of the command", || place.ledger() == ["slow"]);
    // A session that is refused before it begins: nobody else may have the run yet.
    place.runbook("main", "command(");
    place.expect(2, &["resume", &run, "--adopt"]);
    assert_eq!(remote.lease(&run)["held"], true);
    // One that finds out what became of the step, and has ended.
    let said = place.run(&["resolve", &run, "slow", "did-not", "--why", "so I believe"]);
    assert!(place.entries().last().is_some_and(|entry| entry == "session_ended"), "{said}");
    assert_eq!(remote.lease(&run)["held"], false, "{said}");
    place.expect(0, &["push", "--status"]).says(&["0 branches"]);
}

#[test]
fn a_remote_out_of_reach_holds_nothing_up_and_is_caught_up_with() {
    let remote = Remote::new();
    let place = machine(ASKS, &remote.url());
    fs::rename(remote.path(), away(&remote.path())).expect("away");
    place.expect(4, &["exec", "main"]).says(&["not at its remote yet", "runbook push"]);
    let run = place.newest_run();
    place.expect(9, &["push", "--status"]).says(&["2 branches"]);
    // Where nothing can be done without it, nobody is told to try.
    place.expect(10, &["push"]).says(&["cannot be reached", "runbook push"]).is_silent_about(&["--offline"]);
    place.expect(10, &["fetch", &run]).says(&["cannot be reached"]).is_silent_about(&["--offline"]);
    // Whether somebody else has the run cannot be known: that is for a person to say.
    place.expect(10, &["answer", &run, "--yes"]).says(&["cannot be reached", "--offline"]);
    place.expect(0, &["answer", &run, "--yes", "--offline"]);
    place.expect(0, &["resume", "--offline"]);
    fs::rename(away(&remote.path()), remote.path()).expect("back");
    place.expect(0, &["push"]).says(&["pushed: 2 branches"]);
    place.expect(0, &["push", "--status"]).says(&["0 branches"]);
    place.expect(0, &["verify", "--repo", &remote.url()]);
}

#[test]
fn a_remote_that_was_rewritten_is_an_alarm_and_stays_as_it_is() {
    let remote = Remote::new();
    let place = machine(r#"command("one", #{ run: ["sh", "-c", "echo one >> ledger"], rollback: "nothing" });"#, &remote.url());
    place.expect(0, &["exec", "main"]);
    let trail = remote.git(&["for-each-ref", "--format=%(refname)", "refs/heads/trails/"]);
    let trail = trail.trim();
    let forged = remote.git(&[
        "-c",
        "user.name=eve",
        "-c",
        "user.email=eve@x",
        "commit-tree",
        "-m",
        "forged",
        &format!("{trail}^{{tree}}"),
    ]);
    remote.git(&["update-ref", trail, forged.trim()]);
    place.expect(11, &["exec", "main"]).says(&["holds another history", "trails/"]);
    assert_eq!(place.ledger(), ["one", "one"], "the run itself is not hurt");
    place.expect(11, &["push"]).says(&["nothing is pushed any more"]);
    assert_eq!(remote.git(&["rev-parse", trail]).trim(), forged.trim(), "never forced");
    place.expect(0, &["verify"]);
    // The forged trail is sound in itself: only who remembers a head can tell.
    let head = place.git(&["rev-parse", "main~1"]);
    place.expect(11, &["verify", "--repo", &remote.url(), "--since", head.trim()]).says(&["does not descend from"]);
}

#[test]
fn what_the_remote_holds_is_checked_before_it_is_kept() {
    let remote = Remote::new();
    let (one, two) = (machine(ASKS, &remote.url()), machine(ASKS, &remote.url()));
    one.expect(4, &["exec", "main"]);
    let run = one.newest_run();
    // Somebody with access to the remote adds a commit with an edited journal.
    let clone = one.path("clone");
    let at = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=eve", "-c", "user.email=eve@x", "-C"]).arg(&clone).args(arguments);
        let output = git.output().expect("git");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    fs::create_dir(&clone).expect("a directory");
    at(&["clone", "--quiet", "--branch", &format!("runs/{run}"), &remote.url(), "."]);
    let journal = clone.join(at(&["ls-files", "*journal.jsonl"]).trim());
    let text = fs::read_to_string(&journal).expect("a journal");
    fs::write(&journal, text.replacen("echo one", "echo two", 1)).expect("an edit");
    at(&["commit", "--quiet", "--all", "--message", "main: sealed"]);
    at(&["push", "--quiet", "origin", &format!("HEAD:runs/{run}")]);
    two.expect(11, &["fetch", &run]).says(&["cannot be trusted", "record"]);
    two.expect(0, &["runs"]).is_silent_about(&[&run]);
    two.expect(2, &["resume", &run]);
}

#[test]
fn a_command_in_flight_on_the_dead_machine_is_in_doubt_and_one_that_settles_itself_is_not() {
    const FLIES: &str = r#"
    command("flies", #{ run: ["sh", "-c", "echo flies >> ledger; cat go"], rollback: "nothing" });
    command("settles", #{ run: ["sh", "-c", "echo settles >> ledger"], rollback: "nothing", settled_by: || fs::exists("there") });
    command("again", #{ run: ["sh", "-c", "echo again >> ledger"], rollback: "nothing", idempotent: true });
    "#;
    let remote = Remote::new();
    let (old, new) = (machine(FLIES, &remote.url()), machine(FLIES, &remote.url()));
    old.fifo("go");
    let child = old.command(&["exec", "main"]).spawn().expect("the binary starts");
    until("the command", || old.ledger() == ["flies"]);
    let run = old.newest_run();
    until("the push", || remote.holds(&run, "\"step_intended\""));
    kill(child);
    // Nothing of the keeper here knows of it: that is no evidence that it never began.
    new.expect(5, &["resume", &run, "--from", &remote.url(), "--take-over", "dead"]).says(&["flies", "another machine"]);
    new.expect(0, &["resolve", &run, "flies", "did", "--why", "seen"]);
    // How far it got is still open: the next one is asked, by its own check.
    new.write("there", "");
    new.expect(0, &["resume", &run]).says(&["completed"]);
    assert_eq!(new.ledger(), ["again"]);
    new.expect(0, &["verify"]);
    old.write("go", "");
}
