//! An archive that cannot be used says so, with the place and the way out.

use std::fs;
use std::time::Duration;

use super::fixture::{Place, completed, noon};
use crate::audit::{Archive, Founding, SealError, Unusable};

fn place_with_a_run() -> Place {
    let place = Place::new();
    place.open().conclude(&completed(1).seal("")).unwrap();
    place
}

fn damaged_at(place: &Place) -> String {
    match Archive::open(&place.path(), None).unwrap_err() {
        Unusable::Damaged { place, .. } => place,
        other => panic!("{other}"),
    }
}

#[test]
fn nothing_is_created_unless_asked_for() {
    let place = Place::new();
    assert!(matches!(Archive::open(&place.path(), None), Err(Unusable::Missing { .. })));
    assert!(!place.path().exists());
}

#[test]
fn what_a_dead_founder_left_is_replaced() {
    let place = Place::new();
    fs::create_dir_all(place.path().with_extension("git.partial").join("objects")).unwrap();
    place.open().conclude(&completed(1).seal("")).unwrap();
    assert!(!place.path().with_extension("git.partial").exists());
    assert_eq!(place.git(&["fsck", "--strict"]), "");
}

#[test]
fn damage_is_named() {
    let place = place_with_a_run();
    let main = place.path().join("refs/heads/main");
    fs::write(&main, "").unwrap();
    assert_eq!(damaged_at(&place), "refs/heads/main");
    fs::remove_file(&main).unwrap();
    assert_eq!(damaged_at(&place), "refs/heads/main");

    let place = place_with_a_run();
    fs::write(place.path().join("HEAD"), "ref: refs/heads/other\n").unwrap();
    assert_eq!(damaged_at(&place), "HEAD");

    let place = place_with_a_run();
    fs::write(place.path().join("config"), "[core\n").unwrap();
    assert_eq!(damaged_at(&place), "config");

    let place = place_with_a_run();
    fs::remove_dir_all(place.path().join("objects/pack")).unwrap();
    assert!(damaged_at(&place).starts_with("refs/heads/main ("));
}

#[test]
fn a_lock_that_a_dead_writer_left_is_removed_and_a_live_one_is_not() {
    let place = place_with_a_run();
    let archive = place.open().patient_for(Duration::from_millis(50));
    let git_lock = place.path().join("refs/heads/main.lock");

    // Somebody else's: no note names it.
    fs::write(&git_lock, "").unwrap();
    match archive.conclude(&completed(2).seal("")).unwrap_err() {
        SealError::Locked(locked) => assert_eq!(locked.file, git_lock),
        other => panic!("{other}"),
    }
    assert!(git_lock.exists());

    // Ours: the note of a writer that died names it.
    fs::write(place.state.path().join("audit.lock"), "refs/heads/main\nrefs/heads/../../HEAD").unwrap();
    archive.conclude(&completed(2).seal("")).unwrap();
    assert!(!git_lock.exists());
    assert!(place.path().join("HEAD").exists());
}

#[test]
fn a_busy_archive_is_waited_for_and_then_named() {
    let place = place_with_a_run();
    let archive = place.open().patient_for(Duration::from_millis(50));
    let file = fs::File::open(place.state.path().join("audit.lock")).unwrap();
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).unwrap();
    assert!(matches!(archive.seal(&completed(2).seal("")), Err(SealError::Locked(_))));
    drop(file);
    assert!(archive.seal(&completed(2).seal("")).is_ok());
}

#[test]
fn hooks_and_the_configuration_of_others_do_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place_with_a_run();
    let hooks = place.path().join("hooks");
    fs::create_dir_all(&hooks).unwrap();
    for name in ["post-commit", "pre-commit", "reference-transaction", "update", "post-update"] {
        let hook = hooks.join(name);
        fs::write(&hook, format!("#!/bin/sh\ntouch {}/hooked\nexit 1\n", place.state.path().display())).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let founding = Founding { at: noon(), host: "ops1".to_owned() };
    Archive::open(&place.path(), Some(&founding)).unwrap().conclude(&completed(2).seal("")).unwrap();
    assert!(!place.state.path().join("hooked").exists());
    assert_eq!(fs::metadata(place.path()).unwrap().permissions().mode() & 0o777, 0o700);
}
