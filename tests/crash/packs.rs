//! kill -9 while the packs of the audit trail are put together: no object is ever missing, and nothing is left lying about.
#![cfg(target_arch = "x86_64")]

use std::fs;
use std::process::Command;

use crate::mount::tell;
use crate::scene::is_proven;
use crate::support::Place;
use crate::tracer::{Blow, Prey, Strike, Struck, strike};

/// Each run makes two packs, and the trail begins with one; with the next one there are more than those that may gather.
const RUNS: usize = 12;

/// So many packs that the next seal puts them together, and a run that is not sealed yet.
fn gathered() -> Place {
    let place = Place::with(r#"command("a", #{ run: ["true"], rollback: "nothing" });"#);
    for _ in 0..RUNS {
        place.expect(0, &["exec", "main"]);
    }
    assert_eq!(packs(&place), 2 * RUNS + 1, "one more, and they are put together");
    place.expect(0, &["exec", "main", "--unsealed", "for the test"]);
    copied(&place, ".runbook", "gathered");
    place
}

fn packs(place: &Place) -> usize {
    let files = fs::read_dir(place.state().join("audit.git/objects/pack")).expect("packs");
    files.filter(|file| file.as_ref().expect("a file").path().extension().is_some_and(|extension| extension == "pack")).count()
}

/// The indices without a pack.
fn lone_indices(place: &Place) -> Vec<String> {
    let files = fs::read_dir(place.state().join("audit.git/objects/pack")).expect("packs");
    let files = files.map(|file| file.expect("a file").path());
    let lone = files.filter(|file| file.extension().is_some_and(|it| it == "idx") && !file.with_extension("pack").exists());
    lone.map(|file| file.display().to_string()).collect()
}

fn copied(place: &Place, from: &str, to: &str) {
    let copied = Command::new("cp").arg("-a").arg(place.path(from)).arg(place.path(to)).status();
    assert!(copied.expect("cp").success());
}

/// Seals the run, and dies before one of the calls of this name, counted from 1.
fn struck(place: &Place, call: &'static str, at: usize) -> Struck {
    fs::remove_dir_all(place.state()).expect("removed");
    copied(place, "gathered", ".runbook");
    strike(&place.command(&["seal"]), Strike { prey: Prey::Engine, call: Some(call), at, blow: Blow::Kill })
}

fn objects(place: &Place) -> Vec<String> {
    let all = place.git(&["cat-file", "--batch-all-objects", "--batch-check"]);
    all.lines().map(str::to_owned).collect()
}

#[test]
fn the_engine_dies_while_packs_are_put_together() {
    let place = gathered();
    let before = objects(&place);
    let all = std::env::var_os("RUNBOOK_SWEEP").is_some_and(|wanted| wanted == "all");
    let (mut boundaries, mut merged) = (0, 0);
    for call in ["openat", "write", "fsync", "rename", "unlink"] {
        let whole = struck(&place, call, 0);
        assert_eq!((whole.code(), packs(&place)), (Some(0), 1), "undisturbed: {whole:?}");
        // Of the removals, which are all alike, the first few and some of the rest.
        let every = |at: &usize| all || *at <= 10 || at.is_multiple_of(29);
        for at in (1..=whole.calls).filter(every) {
            let struck = struck(&place, call, at);
            let context = format!("before call {at} of {} to `{call}`: {struck:?}", whole.calls);
            assert!(struck.hit.is_some(), "{context}");
            // What is there is whole before anything is mended.
            place.git(&["fsck", "--strict", "--full"]);
            if call == "rename" {
                // A `git gc` removes an index without its pack, and whoever puts the pack there a moment later has lost it.
                assert_eq!(lone_indices(&place), [""; 0], "{context}");
            }
            let now = objects(&place);
            assert!(before.iter().all(|object| now.binary_search(object).is_ok()), "an object is lost: {context}");
            place.expect(0, &["verify"]);
            // The next two seals mend it.
            place.expect(0, &["seal"]);
            place.expect(0, &["exec", "main"]);
            is_proven(&place);
            let count = place.git(&["count-objects", "-v"]);
            assert!(count.contains("garbage: 0\n"), "{context}\n{count}");
            assert!(packs(&place) <= 2 * RUNS + 2, "{context}");
            boundaries += 1;
            merged += usize::from(packs(&place) < RUNS);
        }
    }
    tell(&format!("packs: struck at {boundaries} boundaries: no object lost, {merged} put together since"));
    assert!(boundaries > 30 && merged > 0);
}
