//! A trail that somebody rolled back, rewrote or took away is found before the next run, and by `verify`.

use std::fs;

use super::fixture::{Place, completed, noon};
use crate::audit::verify::Flawed;
use crate::audit::{Archive, Founding, Request, SealError, Unusable, remembered, verify};

fn founding() -> Founding {
    Founding { at: noon(), host: "ops1".to_owned() }
}

#[test]
fn a_main_that_was_rolled_back_is_refused() {
    let place = Place::new();
    let archive = place.open();
    let first = archive.conclude(&completed(1).seal("")).unwrap().main.unwrap();
    let second = archive.conclude(&completed(2).seal("")).unwrap().main.unwrap();
    assert_eq!(remembered(&place.path()).as_ref(), Some(&second));
    place.git(&["update-ref", "refs/heads/main", &first]);

    let refused = Archive::open(&place.path(), Some(&founding())).unwrap_err();
    assert!(matches!(&refused, Unusable::Rewritten(it) if it.remembered == second && it.main == first), "{refused}");
    // Also by a process that had it open before.
    assert!(matches!(archive.conclude(&completed(3).seal("")), Err(SealError::Rewritten(_))));
    let request = Request { remembered: Some(&second), ..Request::default() };
    let found = verify(&place.path(), &request).unwrap().findings;
    assert!(found.iter().any(|found| found.flaw == Flawed::Forgotten(second.clone())), "{found:?}");

    place.git(&["update-ref", "refs/heads/main", &second]);
    archive.conclude(&completed(3).seal("")).unwrap();
}

#[test]
fn a_trail_that_was_taken_away_leaves_its_mark_in_the_next() {
    let place = Place::new();
    let head = place.open().conclude(&completed(1).seal("")).unwrap().main.unwrap();
    fs::remove_dir_all(place.path()).unwrap();
    place.open().conclude(&completed(2).seal("")).unwrap();
    let verified = verify(&place.clone_bare(), &Request::default()).unwrap();
    assert_eq!((verified.findings.len(), verified.follows.as_ref()), (0, Some(&head)));
    assert_ne!(remembered(&place.path()), Some(head));
}

/// As one may lie in a repository of runbooks that somebody cloned, its state directory included.
#[test]
fn a_link_in_the_place_of_the_memory_leads_nowhere() {
    let place = Place::new();
    let other = place.state.path().join("other");
    fs::write(&other, "precious").unwrap();
    std::os::unix::fs::symlink(&other, place.state.path().join("audit.head.unfinished")).unwrap();
    std::os::unix::fs::symlink(&other, place.state.path().join("audit.head.partial")).unwrap();
    let head = place.open().conclude(&completed(1).seal("")).unwrap().main.unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), "precious");
    assert_eq!(remembered(&place.path()), Some(head));
}

#[test]
fn a_torn_memory_remembers_nothing() {
    let place = Place::new();
    let archive = place.open();
    archive.conclude(&completed(1).seal("")).unwrap();
    for torn in ["", "abc", "\0\0\0\0"] {
        fs::write(place.state.path().join("audit.head"), torn).unwrap();
        assert_eq!(remembered(&place.path()), None);
        Archive::open(&place.path(), None).unwrap();
    }
}
