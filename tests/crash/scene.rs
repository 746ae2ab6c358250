//! The run that is struck, and what must be true of it afterwards.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Place, Ran};

/// A check, a phase, commands, a file, a confirm, a list that rolls back; each effect leaves a line in the ledger.
const RUNBOOK: &str = r#"
check("the place is ready", || fs::exists("ready"));
phase("prepare", || {
    command("a", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: ["sh", "-c", "echo back a >> ledger"] });
    command("b", #{ run: ["sh", "-c", "echo b >> ledger"], rollback: [["sh", "-c", "echo back b 1 >> ledger"], ["sh", "-c", "echo back b 2 >> ledger"]] });
});
command("configure", #{ write: #{ path: "config", content: "new\n" } });
confirm("Go on?");
command("c", #{ run: ["sh", "-c", "echo c >> ledger; echo said"], rollback: ["sh", "-c", "echo back c >> ledger"] });
"#;

pub(crate) const FORWARD: [&str; 3] = ["a", "b", "c"];
pub(crate) const BACK: [&str; 7] = ["a", "b", "c", "back c", "back b 1", "back b 2", "back a"];

/// A fresh place with that runbook.
pub(crate) fn scene() -> Place {
    let place = Place::with(RUNBOOK);
    place.write("ready", "");
    place.write("config", "old\n");
    place
}

/// What it took to bring a struck run to its end.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// The steps that were in doubt.
    pub(crate) doubts: Vec<String>,
    /// It died before there was a run.
    pub(crate) never_began: bool,
}

/// Resumes until the run has ended, settling doubts as an operator does who looks at the ledger.
pub(crate) fn end_forward(place: &Place) -> Settled {
    reads_well(place);
    let mut settled = Settled::default();
    if !has_begun(place) {
        settled.never_began = true;
        assert_eq!(place.ledger(), [""; 0]);
        place.expect(0, &["exec", "main", "--yes"]);
    } else {
        let run = place.newest_run();
        bring(
            place,
            &mut settled,
            || if ended_as(place, "completed") { None } else { Some(place.run(&["resume", &run, "--yes"])) },
            0,
        );
    }
    assert_eq!(place.ledger(), FORWARD, "each effect once, in order; {settled:?}");
    assert_eq!(place.read("config"), "new\n");
    is_proven(place);
    settled
}

/// Rolls back until that is done.
pub(crate) fn end_back(place: &Place) -> Settled {
    reads_well(place);
    let run = place.newest_run();
    let mut settled = Settled::default();
    // Behind the last record there is nothing left to do, and it says so with the same code.
    let mut ended = false;
    let next = || {
        let ran = (!ended).then(|| place.run(&["rollback", &run]));
        ended = ran.as_ref().is_none_or(|ran| ran.code == Some(6));
        ran
    };
    bring(place, &mut settled, next, 6);
    assert_eq!(place.ledger(), BACK, "each way back once, newest first; {settled:?}");
    assert_eq!(place.read("config"), "old\n");
    is_proven(place);
    settled
}

pub(crate) fn bring(place: &Place, settled: &mut Settled, mut next: impl FnMut() -> Option<Ran>, wanted: i32) {
    for _ in 0..6 {
        let Some(ran) = next() else { return };
        match ran.code {
            Some(code) if code == wanted => return,
            Some(5) => settled.doubts.push(settle(place, &ran)),
            _ => panic!("neither ended nor in doubt: {ran}"),
        }
    }
    panic!("it comes to no end: {settled:?}");
}

/// Settles the step in doubt by what is really there; it must be the one that was in flight.
fn settle(place: &Place, ran: &Ran) -> String {
    let path = open_step(place);
    ran.says(&[&path]);
    place.expect(0, &["resolve", &place.newest_run(), &path, verdict(place, &path), "--why", "seen in the ledger"]);
    path
}

/// The one step of the newest run that was begun and whose end nobody has written down.
pub(crate) fn open_step(place: &Place) -> String {
    let journal = place.journal();
    let last = |kind: &str, path: &str| journal.iter().rposition(|it| it["type"] == kind && it["path"] == path);
    let mut open: Vec<_> = journal
        .iter()
        .filter(|record| record["type"] == "step_intended")
        .filter_map(|record| record["path"].as_str())
        .filter(|path| {
            let began = last("step_intended", path);
            last("step_ended", path) < began && last("step_resolved", path) < began
        })
        .collect();
    open.dedup();
    let [path] = open.as_slice() else { panic!("one step was in flight, not {open:?}") };
    (*path).to_owned()
}

/// What an operator says of it who looks at the ledger.
pub(crate) fn verdict(place: &Place, path: &str) -> &'static str {
    if place.ledger().contains(&effect_of(&place.journal(), path)) { "did" } else { "did-not" }
}

/// The line that the step in flight writes.
fn effect_of(journal: &[serde_json::Value], path: &str) -> String {
    let intent = journal.iter().rfind(|it| it["type"] == "step_intended" && it["path"] == path).expect("an intent");
    let text = intent["change"].to_string();
    let line = text.split("echo ").nth(1).and_then(|rest| rest.split(" >>").next());
    line.unwrap_or_else(|| panic!("a step that writes to the ledger: {intent}")).to_owned()
}

/// A run whose start could not be sealed was given up before its first step, which is no beginning either.
pub(crate) fn has_begun(place: &Place) -> bool {
    let runs = place.state().join("runs");
    runs.read_dir().is_ok_and(|mut runs| runs.next().is_some())
        && fs::read_to_string(place.journal_path()).is_ok_and(|journal| journal.contains('\n'))
        && !ended_as(place, "abandoned")
}

pub(crate) fn ended_as(place: &Place, status: &str) -> bool {
    let journal = fs::read_to_string(place.journal_path()).expect("a journal");
    // The last line may be torn; nothing counts that is.
    let last = journal.rsplit_once('\n').and_then(|(whole, _)| whole.lines().next_back()).unwrap_or_default();
    let last: serde_json::Value = serde_json::from_str(last).expect("a record is JSON");
    last["type"] == "session_ended" && last["status"] == status
}

/// Whatever died when: who only looks is told, and nothing is called damage.
pub(crate) fn reads_well(place: &Place) {
    for verb in ["runs", "list"] {
        place.expect(0, &[verb]);
    }
    let has_runs = place.state().join("runs").read_dir().is_ok_and(|mut runs| runs.next().is_some());
    let has_trail = has_runs || place.state().join("audit.git").exists();
    place.expect(if has_trail { 0 } else { 2 }, &["verify"]);
}

/// The audit trail has it all, for us and for plain git.
pub(crate) fn is_proven(place: &Place) {
    place.expect(0, &["seal"]);
    place.expect(0, &["verify"]);
    place.git(&["fsck", "--strict", "--full"]);
    let log = place.git(&["log", "--first-parent", "--format=%s", "main"]);
    assert!(log.lines().any(|line| line.starts_with("main ")), "the run is merged: {log}");
    let locks = std::process::Command::new("find").arg(place.state()).args(["-name", "*.lock"]).output().expect("find");
    let left = String::from_utf8_lossy(&locks.stdout).replace(&place.state().join("audit.lock").display().to_string(), "");
    assert_eq!(left.trim(), "", "no lock is left behind");
}

/// Kills the keepers of this place that still live, and waits until they are gone.
pub(crate) fn kill_keepers(place: &Place) {
    let state = place.state().display().to_string();
    for entry in fs::read_dir("/proc").expect("procfs") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        // A process that is dead has no command line any more.
        let line = || fs::read(format!("/proc/{name}/cmdline")).unwrap_or_default();
        if line().starts_with(b"runbook-keeper\0") && String::from_utf8_lossy(&line()).contains(&state) {
            let pid = name.parse().ok().and_then(Pid::from_raw).expect("a process");
            kill_process(pid, Signal::KILL).ok();
            while !line().is_empty() {
                std::thread::yield_now();
            }
        }
    }
}
