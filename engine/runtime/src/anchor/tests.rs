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

/// Who looked who has a run, and was told, knows the lease well enough to replace it. To catch up with a push is no reason to.
#[test]
fn to_catch_up_takes_no_run_from_who_has_it() {
    let place = Place::new();
    let (a, b) = (place.machine("a"), place.machine("b"));
    a.push_run(run(), "ann", true).unwrap();
    assert!(matches!(b.holding(run()), Ok(Holding::Theirs(_))));
    let git = git2::Repository::open_bare(&b.archive).unwrap();
    let main = git.refname_to_id("refs/heads/main").unwrap();
    git.reference(&super::remote::branch(run()), main, false, "").unwrap();
    assert_eq!(b.push_all("bob", &|_| false).map(|pushed| pushed.elsewhere), Ok(1));
    assert_eq!(a.holding(run()), Ok(Holding::Ours));
    a.push_run(run(), "ann", true).unwrap();

    // Once it is free, it is as it was: whoever brought it here goes on with it.
    a.push_run(run(), "ann", false).unwrap();
    assert!(matches!(b.holding(run()), Ok(Holding::Free(_))));
    assert_eq!(b.push_all("bob", &|_| false).map(|pushed| (pushed.elsewhere, pushed.branches)), Ok((0, 1)));
}

impl Place {
    /// Lets the remote call this whenever it took a push, before it says so.
    fn hook(&self, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let hook = self.url().join("hooks/post-receive");
        std::fs::write(&hook, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        hook
    }

    fn there(&self) -> String {
        let name = format!("refs/runbook/lease/{}", run());
        let output = Command::new("git").arg("--git-dir").arg(self.url()).args(["rev-parse", &name]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Pushes until one of them is done there and its answer is lost on the way.
    fn answer_is_lost(&self, remote: &Remote, held: bool) {
        let before = self.there();
        let hook = self.hook("exec sleep 600");
        while self.there() == before {
            let pushed = remote.unattended(Duration::from_millis(500)).push_run(run(), "ann", held);
            assert!(matches!(pushed, Err(NotAnchored::Unreachable { .. })), "{pushed:?}");
        }
        std::fs::remove_file(hook).unwrap();
    }
}

#[test]
fn a_lease_whose_answer_was_lost_is_ours_all_the_same() {
    let place = Place::new();
    let (a, b) = (place.machine("a"), place.machine("b"));
    place.answer_is_lost(&a, true);
    assert_eq!(a.holding(run()), Ok(Holding::Ours), "asked, as at a resume");
    place.answer_is_lost(&a, true);
    a.push_run(run(), "ann", true).expect("pushed, as in the middle of a run");
    place.answer_is_lost(&a, false);
    assert_eq!(a.holding(run()), Ok(Holding::Ours));

    // That of another machine is not, whatever was offered before.
    place.answer_is_lost(&a, false);
    assert!(matches!(b.holding(run()), Ok(Holding::Free(_))));
    b.push_run(run(), "bob", true).unwrap();
    assert!(matches!(a.push_run(run(), "ann", true), Err(NotAnchored::Fenced { .. })));
    assert!(matches!(a.holding(run()), Ok(Holding::Theirs(Some(note))) if note.name == "bob"));
}

/// Who saw it when it was there must not take what came later for it.
#[test]
fn no_lease_is_ever_there_twice() {
    let place = Place::new();
    let (a, b) = (place.machine("a"), place.machine("b"));
    let mut seen = Vec::new();
    let mut sees = || {
        let there = place.there();
        assert!(!seen.contains(&there), "again: {there}");
        seen.push(there);
    };
    a.push_run(run(), "ann", true).unwrap();
    sees();
    place.answer_is_lost(&a, false);
    sees();
    assert!(matches!(b.holding(run()), Ok(Holding::Free(_))));
    for held in [true, false] {
        b.push_run(run(), "bob", held).unwrap();
        sees();
    }
    assert!(matches!(a.holding(run()), Ok(Holding::Free(note)) if note.name == "bob"));
    for held in [false, true, false] {
        a.push_run(run(), "ann", held).unwrap();
        sees();
    }
}

/// Another push at the same branches looks like this from here: git names none of them as the cause.
#[test]
fn what_is_in_the_way_at_the_remote_is_waited_for_and_named_when_it_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let a = place.machine("a");
    a.push_run(run(), "ann", true).expect("pushed");
    let lock = place.url().join(format!("refs/runbook/lease/{}.lock", run()));
    std::fs::write(&lock, "").expect("a lock that somebody has");
    let Err(NotAnchored::Unreachable { why, .. }) = a.push_run(run(), "ann", true) else { panic!("it is locked") };
    assert!(why.contains("tried 4 times") && why.contains("lock") && why.contains(&run().to_string()), "{why}");
    // Gone when it is tried for the third time.
    let hook = place.url().join("hooks/pre-receive");
    let counts = "#!/bin/sh\necho >> tries\nif [ $(wc -l < tries) = 3 ]; then rm refs/runbook/lease/*.lock; fi\n";
    std::fs::create_dir_all(place.url().join("hooks")).expect("a directory");
    std::fs::write(&hook, counts).expect("a hook");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    a.push_run(run(), "ann", false).expect("pushed in the end");
    let tries = std::fs::read_to_string(place.url().join("tries")).expect("counted");
    assert_eq!((tries.lines().count(), lock.exists()), (3, false));
}

#[test]
fn the_newest_of_many_runs_is_found() {
    let place = Place::new();
    let a = place.machine("a");
    a.push_run(run(), "ann", false).unwrap();
    let of = Command::new("git").arg("--git-dir").arg(place.url()).args(["rev-parse", "--branches=trails"]).output().unwrap();
    let commit = String::from_utf8(of.stdout).unwrap().trim().to_owned();
    let ids: Vec<_> = (0..1_000).map(|n| RunId::from_parts(1_700_000_000_000 + n, 7).to_string()).collect();
    let lines: String = ids.iter().map(|id| format!("{commit} refs/heads/runs/{id}\n")).collect();
    std::fs::write(place.url().join("packed-refs"), lines).unwrap();
    for wanted in [crate::journal::LAST, &ids[999]] {
        assert_eq!(a.find(wanted).map(|run| run.to_string()).as_ref(), Ok(&ids[999]));
    }
}

/// However often it was tried meanwhile.
#[test]
fn a_lease_whose_answer_was_lost_is_ours_after_a_long_outage() {
    let place = Place::new();
    let a = place.machine("a");
    place.answer_is_lost(&a, true);
    let away = place.home.path().join("away.git");
    std::fs::rename(place.url(), &away).unwrap();
    for n in 0..70 {
        assert!(matches!(a.push_run(run(), "ann", n % 9 != 0), Err(NotAnchored::Unreachable { .. })));
    }
    std::fs::rename(&away, place.url()).unwrap();
    a.push_run(run(), "ann", true).unwrap();
    assert_eq!(a.holding(run()), Ok(Holding::Ours));
}

#[test]
fn two_processes_of_one_machine_do_not_fence_each_other() {
    let place = Place::new();
    let a = place.machine("a");
    a.push_run(run(), "ann", true).unwrap();
    std::thread::scope(|scope| {
        for name in ["ann", "bob"] {
            let a = &a;
            scope.spawn(move || {
                for _ in 0..8 {
                    // git itself refuses one of two that come at the same moment; that gets better by itself.
                    let pushed = a.push_run(run(), name, true);
                    assert!(matches!(pushed, Ok(_) | Err(NotAnchored::Unreachable { .. })), "{pushed:?}");
                }
            });
        }
    });
    assert_eq!(a.holding(run()), Ok(Holding::Ours));
}

#[test]
fn another_remote_in_its_place_gets_everything() {
    let place = Place::new();
    let a = place.machine("a");
    a.push_run(run(), "ann", true).unwrap();
    a.push_run(run(), "ann", false).unwrap();
    std::fs::rename(place.url(), place.home.path().join("old.git")).unwrap();
    let init = || assert!(Command::new("git").args(["init", "--quiet", "--bare"]).arg(place.url()).status().unwrap().success());
    init();
    assert_eq!(a.holding(run()), Ok(Holding::None));
    a.push_run(run(), "ann", true).unwrap();
    assert_eq!(a.holding(run()), Ok(Holding::Ours));
    std::fs::remove_dir_all(place.url()).unwrap();
    init();
    assert_eq!(a.push_all("ann", &|_| false).unwrap().branches, 1, "the trail, though it was elsewhere before");
}

#[test]
fn a_dead_pushers_lock_of_a_reference_is_nobodys() {
    let place = Place::new();
    let a = place.machine("a");
    a.push_run(run(), "ann", true).unwrap();
    let left = ["founding".to_owned(), format!("lease/{}", run()), format!("offered/{}", run()), "anchored/main".to_owned()];
    for name in left {
        let name = format!("refs/runbook/{name}");
        std::fs::write(a.archive.join(format!("{name}.lock")), "").unwrap();
        std::fs::write(a.archive.with_file_name("audit.lock"), &name).unwrap();
        a.push_run(run(), "ann", true).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
}

/// Two runs of one machine push the same trail: who is late looks again.
#[test]
fn a_push_that_another_process_overtook_is_no_divergence() {
    let place = Place::new();
    let a = place.machine("a");
    a.push_run(run(), "ann", true).unwrap();
    let git = a.repository().unwrap();
    let trail = a.trail(&git).unwrap();
    let grown = |parent: git2::Oid| {
        let parent = git.find_commit(parent).unwrap();
        let who = git2::Signature::new("a", "a@a", &git2::Time::new(0, 0)).unwrap();
        git.commit(Some("refs/heads/main"), &who, &who, "more", &parent.tree().unwrap(), &[&parent]).unwrap()
    };
    let older = grown(git.refname_to_id("refs/heads/main").unwrap());
    let newer = grown(older);

    // The way to the remote is a script, and on it the other process is faster.
    let script = place.home.path().join("way.sh");
    let push = format!("git --git-dir {} push --quiet {} {newer}:{trail}", a.archive.display(), place.url().display());
    let here = format!("git --git-dir {} update-ref refs/heads/main {newer}", a.archive.display());
    let text = format!(
        "for it in \"$@\"; do :; done\nif [ ! -e $0.once ]; then touch $0.once; {push}; {here}; fi\nexec sh -c \"$it\"\n"
    );
    std::fs::write(&script, text).unwrap();
    let mut config = git.config().unwrap();
    config.set_str("core.sshCommand", &format!("sh {}", script.display())).unwrap();
    config.set_str("ssh.variant", "simple").unwrap();
    git.reference("refs/heads/main", older, true, "").unwrap();
    let far = Remote::new(&format!("ssh://far{}", place.url().display()), &a.archive, "a").unattended(Duration::from_secs(60));
    far.push_run(run(), "ann", true).unwrap();
    assert_eq!(a.lag(), Ok(0));

    // What is not a part of ours is.
    git.reference("refs/heads/main", older, true, "").unwrap();
    assert!(matches!(far.push_run(run(), "ann", true), Err(NotAnchored::Diverged { .. })));
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

#[test]
fn what_logs_in_at_the_remote_is_not_shown() {
    let place = Place::new();
    let archive = place.machine("a").archive;
    for (url, shown) in [
        ("https://bot:t0ken@127.0.0.1:1/trail.git", "https://127.0.0.1:1/trail.git"),
        ("https://t0ken@127.0.0.1:1/a@b.git", "https://127.0.0.1:1/a@b.git"),
        ("none://git:t0ken@127.0.0.1:1/trail.git", "none://git@127.0.0.1:1/trail.git"),
        ("none://git@127.0.0.1:1/trail.git", "none://git@127.0.0.1:1/trail.git"),
    ] {
        let remote = Remote::new(url, &archive, "a").unattended(Duration::from_secs(60));
        let why = remote.push_run(run(), "ann", true).unwrap_err().to_string();
        assert!(why.contains(&format!("`{shown}`")) && !why.contains("t0ken"), "{why}");
    }
}
