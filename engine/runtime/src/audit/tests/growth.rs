//! What a commit costs does not depend on what is stored.

use std::fs;

use super::fixture::{Place, completed, noon, run};
use crate::audit::{Archive, Founding, Request, verify};

/// Number and bytes of the packs.
fn packs(place: &Place) -> (usize, u64) {
    let packs = fs::read_dir(place.path().join("objects/pack")).unwrap().map(|entry| entry.unwrap());
    let sizes: Vec<u64> = packs
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "pack"))
        .map(|entry| entry.metadata().unwrap().len())
        .collect();
    (sizes.len(), sizes.iter().sum())
}

#[test]
fn three_hundred_runs_stay_few_packs_and_small_commits() {
    let place = Place::new();
    let archive = place.open();
    let mut costs = Vec::new();
    for n in 1..=300 {
        let before = packs(&place);
        archive.conclude(&completed(n).seal("")).unwrap();
        let after = packs(&place);
        assert!(after.0 <= 26, "{} packs after {n} runs", after.0);
        if after.0 == before.0 + 1 {
            costs.push(after.1 - before.1);
        }
    }
    // A day's tree grows by an entry a run (the worst case: all of them on one day); nothing else does.
    let (early, late) = (costs[10], costs[costs.len() - 1]);
    assert!(late < early + 300 * 50, "a commit of {early} bytes early became {late} bytes");
    assert_eq!(place.git(&["fsck", "--strict", "--full"]), "");
    let verified = verify(&place.path(), &Request::default()).unwrap();
    assert_eq!((verified.runs, verified.findings), (300, Vec::new()));
    assert_eq!(place.git(&["log", "--first-parent", "--oneline", "main"]).lines().count(), 301);
    assert_eq!(place.git(&["count-objects", "-v"]).lines().find(|line| line.starts_with("garbage:")), Some("garbage: 0"));
}

#[test]
fn several_writers_take_turns() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let place = &place;
            scope.spawn(move || {
                let founding = Founding { at: noon(), host: "ops1".to_owned() };
                let archive = Archive::open(&place.path(), Some(&founding)).unwrap();
                for n in 0..10 {
                    let ledger = completed(1 + writer * 100 + n);
                    archive.seal(&ledger.seal("")).unwrap();
                    archive.conclude(&ledger.seal("")).unwrap();
                }
            });
        }
    });
    let verified = verify(&place.path(), &Request::default()).unwrap();
    assert_eq!((verified.runs, verified.findings), (40, Vec::new()));
    assert_eq!(place.git(&["log", "--first-parent", "--oneline", "main"]).lines().count(), 41);
    assert!(place.git(&["branch", "--list"]).contains(&run(301).to_string()));
}
