//! References are moved by ourselves, in the way of git, whatever git has done with them.

use std::fs;

use git2::{Oid, Repository};
use runbook_model::status::RunStatus;

use super::fixture::{Place, completed, directory, run};
use crate::audit::archive::MAIN;
use crate::audit::reference::advance;
use crate::audit::{Request, verify};

fn branch(name: &str) -> String {
    format!("refs/heads/runs/{name}")
}

#[test]
fn packed_references_are_moved_on_from() {
    let place = Place::new();
    let archive = place.open();
    let waiting = completed(1);
    archive.seal(&waiting.seal("")).unwrap();
    archive.conclude(&completed(2).seal("")).unwrap();
    place.git(&["pack-refs", "--all", "--prune"]);
    assert!(!place.path().join("refs/heads/runs").exists(), "git took the directory away with the references");
    let ended = waiting.resumed("bob").ended(RunStatus::Completed);
    archive.conclude(&ended.seal("")).unwrap();
    archive.conclude(&completed(3).seal("")).unwrap();
    let log = place.git(&["log", "--oneline", &format!("runs/{}", run(1))]);
    assert_eq!(log.lines().count(), 2, "{log}");
    place.git(&["gc", "--quiet"]);
    archive.conclude(&completed(4).seal("")).unwrap();
    assert_eq!(place.git(&["fsck", "--strict", "--full"]), "");
    let verified = verify(&place.path(), &Request::default()).unwrap();
    assert_eq!((verified.runs, verified.findings), (4, Vec::new()));
    assert!(place.git(&["ls-tree", "-d", &format!("main:{}", directory(run(4)))]).contains("source"));
}

#[test]
fn a_reference_is_moved_from_where_it_was_and_from_nowhere_else() {
    let place = Place::new();
    let archive = place.open();
    archive.conclude(&completed(1).seal("")).unwrap();
    let git = Repository::open_bare(place.path()).unwrap();
    let (main, other) = (git.refname_to_id(MAIN).unwrap(), git.refname_to_id(&branch(&run(1).to_string())).unwrap());
    let fails = |name: &str, old: Option<Oid>| advance(&git, name, other, old).unwrap_err().to_string();
    let moved = fails(MAIN, Some(other));
    assert!(moved.contains(&format!("is at {main}, not at {other}: another process moved it")), "{moved}");
    assert!(fails(MAIN, None).contains("not at nowhere"));
    assert!(fails(&branch("new"), Some(main)).contains("is at nowhere"));
    assert_eq!(git.refname_to_id(MAIN).unwrap(), main);
    let lock = place.path().join("refs/heads/main.lock");
    assert!(!lock.exists(), "a lock that is ours is taken away again");
    fs::write(&lock, "").unwrap();
    assert!(fails(MAIN, Some(main)).contains("main.lock"));
    assert!(lock.exists(), "and one that is not ours stays");
    fs::remove_file(&lock).unwrap();
    advance(&git, MAIN, other, Some(main)).unwrap();
    advance(&git, &branch("new"), main, None).unwrap();
    assert_eq!((git.refname_to_id(MAIN).unwrap(), git.refname_to_id(&branch("new")).unwrap()), (other, main));
}

#[test]
fn a_reference_that_cannot_be_written_is_named() {
    let place = Place::new();
    let archive = place.open();
    fs::write(place.path().join("refs/heads/runs"), "").unwrap();
    let failed = archive.conclude(&completed(1).seal("")).unwrap_err().to_string();
    assert!(failed.contains("refs/heads/runs"), "{failed}");
    // What it wrote is needed when it is tried again: until then nothing names it, and git must not remove it.
    assert_eq!(kept(&place), 1);
    fs::remove_file(place.path().join("refs/heads/runs")).unwrap();
    place.git(&["repack", "-a", "-d", "--quiet"]);
    archive.conclude(&completed(1).seal("")).unwrap();
    assert_eq!(verify(&place.path(), &Request::default()).unwrap().findings, []);
    assert_eq!(place.git(&["fsck", "--strict", "--full"]), "");
    archive.conclude(&completed(2).seal("")).unwrap();
    assert_eq!(kept(&place), 1, "where a branch names it nothing is kept");
}

fn kept(place: &Place) -> usize {
    let files = fs::read_dir(place.path().join("objects/pack")).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "keep")).count()
}
