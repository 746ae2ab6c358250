//! A run that was taken over from a machine that may have gone on after its last push: whatever may have been done there is
//! asked about, and nothing is done twice or left behind without a word.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::hand_over::{Remote, away, machine};
use crate::support::{Place, Ran, until};

/// Two machines over one remote. The first waits at a gate; what it does behind that, it alone knows.
struct Pair {
    old: Place,
    new: Place,
    run: String,
    remote: Remote,
}

impl Pair {
    /// The old machine comes to the end of `rest` with the remote out of its reach; `prepare` is done there before.
    fn parted(head: &str, rest: &str, prepare: impl FnOnce(&Place)) -> Self {
        let remote = Remote::new();
        let source = format!(
            r#"
            {head}
            command("one", #{{ run: ["sh", "-c", "echo one >> ledger"], rollback: ["sh", "-c", "echo back one >> ledger"] }});
            check("the gate is open", || fs::exists("open"), #{{ within: "10m", every: "50ms" }});
            {rest}
            "#
        );
        let (old, new) = (machine(&source, &remote.url()), machine(&source, &remote.url()));
        prepare(&old);
        let mut child = old.command(&["exec", "main"]).spawn().expect("the binary starts");
        until("the first step", || old.ledger() == ["one"]);
        let run = old.newest_run();
        until("the push", || remote.holds(&run, "\"step_ended\""));
        fs::rename(remote.path(), away(&remote.path())).expect("the remote goes away");
        old.write("open", "");
        child.wait().expect("it ends");
        fs::rename(away(&remote.path()), remote.path()).expect("the remote is back");
        new.write("open", "");
        Self { old, new, run, remote }
    }

    fn taken(&self, code: i32) -> Ran {
        let url = self.remote.url();
        self.new.expect(code, &["resume", &self.run, "--from", &url, "--take-over", "its plug is pulled"])
    }
}

#[test]
fn a_step_that_cannot_even_begin_here_is_asked_about_first() {
    let two = r#"command("two", #{ run: ["./only-there"], rollback: ["sh", "-c", "echo back two >> ledger"] });"#;
    let pair = Pair::parted("", two, |old| {
        let program = old.write("only-there", "#!/bin/sh\necho two >> ledger\n");
        fs::set_permissions(program, fs::Permissions::from_mode(0o700)).expect("chmod");
    });
    assert_eq!(pair.old.ledger(), ["one", "two"]);
    pair.taken(5).says(&["two", "after its last push"]);
    pair.new.expect(0, &["resolve", &pair.run, "two", "did", "--why", "its disk says so"]);
    pair.new.expect(0, &["resume", &pair.run]);
    assert!(pair.new.ledger().is_empty(), "what the other machine did is not done again");
    // It is owed as if it had been done here.
    pair.new.write("open", "");
    pair.new.expect(6, &["rollback", &pair.run]);
    assert_eq!(pair.new.ledger(), ["back two", "back one"]);
}

#[test]
fn what_was_asked_about_and_not_done_there_runs_here_once() {
    let two = r#"command("two", #{ run: ["sh", "-c", "echo two >> ledger; test -e good"], idempotent: true, retry: #{ times: 2, every: "10ms" }, rollback: "nothing" });"#;
    let pair = Pair::parted("", two, |old| drop(old.write("good", "")));
    assert_eq!(pair.old.ledger(), ["one", "two"]);
    // Its author says that it may be repeated: nobody has to be asked, and the attempts here are counted here.
    pair.taken(1);
    assert_eq!(pair.new.ledger(), ["two", "two", "two"]);
    pair.new.write("good", "");
    pair.new.expect(0, &["resume", &pair.run]);
    assert_eq!(pair.new.ledger(), ["two", "two", "two", "two"]);
}

#[test]
fn what_the_other_machine_may_have_done_is_not_left_behind_by_a_rollback() {
    let head = r#"runbook(#{ title: "Turns around", on_failure: "rollback" });"#;
    let rest = r#"
        check("it is healthy here", || fs::exists("healthy"));
        command("two", #{ run: ["sh", "-c", "echo two >> ledger"], rollback: ["sh", "-c", "echo back two >> ledger"] });
    "#;
    let pair = Pair::parted(head, rest, |old| drop(old.write("healthy", "")));
    assert_eq!(pair.old.ledger(), ["one", "two"]);
    pair.taken(1).says(&["it is healthy here", "how far the other machine got"]);
    assert!(pair.new.ledger().is_empty(), "`one` is not taken back while nobody knows about `two`");
    pair.new.write("healthy", "");
    pair.new.expect(5, &["resume", &pair.run]).says(&["two", "after its last push"]);
    pair.new.expect(0, &["resolve", &pair.run, "two", "did", "--why", "its disk says so"]);
    pair.new.expect(0, &["resume", &pair.run]);
    pair.new.expect(6, &["rollback", &pair.run]);
    assert_eq!(pair.new.ledger(), ["back two", "back one"]);
}

#[test]
fn a_question_whose_time_went_by_where_nobody_looked_is_asked_anew() {
    let remote = Remote::new();
    let source = r#"
        command("one", #{ run: ["sh", "-c", "echo one >> ledger"], rollback: ["sh", "-c", "echo back one >> ledger"] });
        confirm("Go on?", #{ deadline: "8s", on_timeout: "rollback" });
        command("two", #{ run: ["sh", "-c", "echo two >> ledger"], rollback: "nothing" });
    "#;
    let (old, new) = (machine(source, &remote.url()), machine(source, &remote.url()));
    let mut terminal = old.terminal(&["exec", "main"]);
    terminal.until("[y/N] ");
    let run = old.newest_run();
    until("the push", || remote.holds(&run, "\"kind\":\"confirm\""));
    terminal.kill();
    // The clock is what is waited for: its time is over for whoever counts from when it was asked there.
    let asked = Instant::now();
    while asked.elapsed() < Duration::from_secs(8) {
        std::thread::park_timeout(Duration::from_secs(8) - asked.elapsed());
    }
    new.expect(4, &["resume", &run, "--from", &remote.url(), "--take-over", "its plug is pulled"]).says(&["Go on?"]);
    assert!(new.ledger().is_empty());
    new.expect(0, &["answer", &run, "--yes"]);
    new.expect(5, &["resume", &run]).says(&["two", "after its last push"]);
}
