//! Leases and pushes against a real bare repository, by the real `git`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use runbook_model::id::RunId;

use super::git::complaint;
use super::{Anchor, Anchored, Fence, Holding, NotAnchored, Remote};
use crate::audit::{Archive, Founding};

struct Place {
    home: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { home: tempfile::tempdir().unwrap() };
        let init = Command::new("git").args(["init", "--quiet", "--bare"]).arg(place.url()).status();
        assert!(init.unwrap().success());
        place
    }

    fn url(&self) -> PathBuf {
        self.home.path().join("remote.git")
    }

    /// A machine of that name, with an archive of its own.
    fn machine(&self, host: &str) -> Remote {
        let state = self.home.path().join(host);
        std::fs::create_dir_all(&state).unwrap();
        let founding = Founding { at: Timestamp::UNIX_EPOCH, host: host.to_owned() };
        Archive::open(&state.join("audit.git"), Some(&founding)).unwrap();
        Remote::new(self.url().to_str().unwrap(), &state.join("audit.git"), host).unattended(Duration::from_secs(60))
    }
}

fn run() -> RunId {
    RunId::from_parts(1_700_000_000_000, 7)
}

#[test]
fn a_lease_goes_from_hand_to_hand_and_never_to_two() {
    let place = Place::new();
    let (a, b) = (place.machine("a"), place.machine("b"));
    assert_eq!(a.holding(run()), Ok(Holding::None));
    a.push_run(run(), "ann", true).unwrap();
    assert_eq!(a.holding(run()), Ok(Holding::Ours));

    // Who has not looked cannot take it, and moves nothing.
    assert!(matches!(b.push_run(run(), "bob", true), Err(NotAnchored::Fenced { .. })));
    let Holding::Theirs(Some(note)) = b.holding(run()).unwrap() else { panic!("it is held") };
    assert_eq!((note.name.as_str(), note.host.as_str()), ("ann", "a"));
    b.push_run(run(), "bob", true).unwrap();
    assert!(matches!(a.push_run(run(), "ann", true), Err(NotAnchored::Fenced { .. })));
    assert!(matches!(a.push_run(run(), "ann", false), Err(NotAnchored::Fenced { .. })), "nor can it be let go of any more");

    b.push_run(run(), "bob", false).unwrap();
    assert!(matches!(a.holding(run()), Ok(Holding::Free(note)) if note.name == "bob"));
    a.push_run(run(), "ann", true).unwrap();
    assert!(matches!(b.push_run(run(), "bob", true), Err(NotAnchored::Fenced { .. })));
}

#[test]
fn of_many_who_take_a_free_lease_at_once_one_gets_it() {
    let place = Place::new();
    place.machine("first").push_run(run(), "ann", false).unwrap();
    let rivals: Vec<_> = (0..4).map(|n| place.machine(&format!("rival{n}"))).collect();
    for rival in &rivals {
        assert!(matches!(rival.holding(run()), Ok(Holding::Free(_))));
    }
    let taken = std::thread::scope(|scope| {
        let threads: Vec<_> = rivals.iter().map(|rival| scope.spawn(|| rival.push_run(run(), "x", true).is_ok())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|taken| *taken).count()
    });
    assert_eq!(taken, 1);
}

#[test]
fn the_thread_lets_go_at_the_end_and_raises_the_fence_when_it_lost_the_run() {
    let place = Place::new();
    let (a, b) = (place.machine("a"), place.machine("b"));
    let anchor = Anchor::start(&a, run(), "ann").unwrap();
    let fence = anchor.fence();
    assert_eq!(fence.stands(), None);
    assert_eq!(anchor.finish(false), Anchored::Level);
    assert!(matches!(b.holding(run()), Ok(Holding::Free(_))));

    let anchor = Anchor::start(&a, run(), "ann").unwrap();
    let fence = anchor.fence();
    b.push_run(run(), "bob", true).unwrap();
    anchor.nudge()();
    let Anchored::Behind(why) = anchor.finish(false) else { panic!("it lost the run") };
    assert!(matches!(why, NotAnchored::Fenced { .. }));
    assert_eq!(fence.stands(), Some(why));
    assert_eq!(Fence::default().stands(), None);
}

#[test]
fn a_remote_that_is_not_there_says_so() {
    let place = Place::new();
    let remote = place.machine("a");
    std::fs::remove_dir_all(place.url()).unwrap();
    assert!(matches!(remote.push_run(run(), "ann", true), Err(NotAnchored::Unreachable { .. })));
    assert!(matches!(remote.holding(run()), Err(NotAnchored::Unreachable { .. })));
    assert!(matches!(remote.find("01"), Err(NotAnchored::Unreachable { .. })));
    assert_eq!(remote.lag(), Ok(1));
    // A name that looks like an option stays a name.
    let odd = Remote::new("--upload-pack=touch /tmp/x", Path::new(&remote.archive), "a");
    assert!(matches!(odd.push_run(run(), "ann", true), Err(NotAnchored::Unreachable { .. })));
}

#[test]
fn what_git_complains_of_fits_into_a_line() {
    let said =
        "warning: x\nfatal: 'r' does not appear to be a git repository\nfatal: Could not read\n\nPlease make sure you have\n";
    assert_eq!(complaint(said), "fatal: 'r' does not appear to be a git repository");
    assert_eq!(
        complaint("ssh: connect to host x port 22: Connection refused\nfatal: Could not read"),
        "ssh: connect to host x port 22: Connection refused"
    );
    assert_eq!(complaint("\n\u{1b}[2Jodd\nhint: look\n"), "[2Jodd");
    assert_eq!(complaint(""), "git says nothing");
}
