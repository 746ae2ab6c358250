//! A writer that is killed at any moment leaves an archive that is sound and goes on.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::fixture::{Place, completed};
use crate::audit::{Archive, Request, verify};

/// Not a test: the process that is killed. It says after each run that it has concluded it.
#[test]
#[ignore = "started by `killed_writers_lose_nothing_that_was_sealed`"]
fn victim() {
    let Some(path) = std::env::var_os("RUNBOOK_TEST_ARCHIVE") else { return };
    let first: u128 = std::env::var("RUNBOOK_TEST_FIRST").unwrap().parse().unwrap();
    let archive = Archive::open(path.as_ref(), None).unwrap();
    let mut out = std::io::stdout().lock();
    for n in first.. {
        archive.conclude(&completed(n).seal("")).unwrap();
        writeln!(out, "\nconcluded {n}").unwrap();
    }
}

#[test]
fn killed_writers_lose_nothing_that_was_sealed() {
    let place = Place::new();
    drop(place.open());
    let mut said = Vec::new();
    for round in 0..8_u64 {
        let first = 1 + u128::from(round) * 1000;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "audit::tests::crash::victim", "--ignored", "--nocapture", "--test-threads=1"])
            .env("RUNBOOK_TEST_ARCHIVE", place.path())
            .env("RUNBOOK_TEST_FIRST", first.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut concluded = |lines: &mut dyn Iterator<Item = std::io::Result<String>>| {
            for line in lines {
                if let Some(n) = line.unwrap().strip_prefix("concluded ") {
                    said.push(n.parse::<u128>().unwrap());
                    return true;
                }
            }
            false
        };
        for _ in 0..=round {
            assert!(concluded(&mut lines), "the victim ended by itself");
        }
        // Somewhere inside the next one: how far it gets is left to chance, and differs from round to round.
        std::thread::yield_now();
        child.kill().unwrap();
        child.wait().unwrap();
        while concluded(&mut lines) {}
    }
    let archive = place.open();
    archive.conclude(&completed(999_999).seal("")).unwrap();
    let verified = verify(&place.path(), &Request::default()).unwrap();
    assert_eq!(verified.findings, []);
    assert!(said.len() >= 36 && verified.runs > said.len(), "{} said, {} there", said.len(), verified.runs);
    for n in said {
        assert_eq!(archive.sealed_upto(completed(n).run).unwrap(), Some(completed(n).head));
    }
    // A commit that its writer did not live to name dangles, and harms nobody.
    assert_eq!(place.git(&["fsck", "--strict", "--full", "--no-dangling"]), "");
    let objects = place.git(&["count-objects", "-v"]);
    assert!(objects.contains("\ngarbage: 0\n"), "temporary files of the dead: {objects}");
}
