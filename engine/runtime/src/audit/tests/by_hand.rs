//! Somebody looks after the repository with plain git while runs are sealed.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use super::fixture::{Place, completed};
use crate::audit::{Request, verify};

/// What people run on a repository, with the grace that git gives by itself.
const CHORES: [&[&str]; 5] = [
    &["gc", "--quiet"],
    &["repack", "-d", "--geometric=2", "--quiet", "--write-midx"],
    &["pack-refs", "--all", "--prune"],
    &["multi-pack-index", "write"],
    &["repack", "-a", "-d", "--quiet", "--write-bitmap-index"],
];

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn chores_while_runs_are_sealed_lose_nothing() {
    let place = Place::new();
    let archive = place.open();
    archive.conclude(&completed(1_000).seal("")).unwrap();
    let done = AtomicBool::new(false);
    let rounds = std::thread::scope(|scope| {
        // Also when a seal fails: the chores would go on for ever, and the test with them.
        let _over = Over(&done);
        let chores = scope.spawn(|| {
            let mut rounds = 0;
            while !done.load(Ordering::Relaxed) {
                for chore in CHORES {
                    // Whether a chore succeeds while packs go from under it is its own affair: what it leaves is ours.
                    let ran = Command::new("git").args(chore).current_dir(place.path()).output();
                    ran.expect("git");
                }
                rounds += 1;
            }
            rounds
        });
        for n in 1..=120 {
            let run = completed(n);
            // A seal that meets a chore may fail; then the next one catches up.
            let sealed = (0..20).find_map(|_| archive.conclude(&run.seal("")).ok());
            assert!(sealed.is_some(), "run {n}: {:?}", archive.conclude(&run.seal("")));
        }
        done.store(true, Ordering::Relaxed);
        chores.join().unwrap()
    });
    assert!(rounds > 0);
    assert_eq!(place.git(&["fsck", "--strict", "--full", "--no-dangling"]), "");
    let verified = verify(&place.path(), &Request::default()).unwrap();
    assert_eq!((verified.runs, verified.findings), (121, Vec::new()));
    for n in 1..=120 {
        assert_eq!(archive.sealed_upto(completed(n).run).unwrap(), Some(completed(n).head));
    }
}
