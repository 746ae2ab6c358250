//! kill -9 while a run is brought from another machine: what was written there is never taken for what was written here.
#![cfg(target_arch = "x86_64")]

use std::fs;
use std::process::Command;

use crate::mount::tell;
use crate::support::Place;
use crate::tracer::{Blow, Prey, Strike, Struck, strike};

const SOURCE: &str = r#"
command("one", #{ run: ["true"], rollback: "nothing" });
confirm("Go on?");
command("two", #{ run: ["true"], rollback: "nothing" });
"#;

fn machine(remote: &str) -> Place {
    let place = Place::with(SOURCE);
    place.write("runbook.toml", &format!("[audit]\nremote = \"{remote}\"\n"));
    place
}

/// A machine that has brought the first half of a run from the remote, where all of it lies by now.
struct Half {
    here: Place,
    run: String,
    _remote: tempfile::TempDir,
}

fn half() -> Half {
    let remote = tempfile::tempdir().expect("a directory");
    assert!(Command::new("git").args(["init", "--quiet", "--bare"]).arg(remote.path()).status().expect("git").success());
    let url = remote.path().display().to_string();
    let (owner, here) = (machine(&url), machine(&url));
    owner.expect(4, &["exec", "main"]);
    let run = owner.newest_run();
    here.expect(0, &["fetch", &run]);
    owner.expect(0, &["answer", &run, "--yes"]);
    owner.expect(0, &["resume", &run]);
    let kept = Command::new("cp").arg("-a").arg(here.state()).arg(here.path("half")).status();
    assert!(kept.expect("cp").success());
    Half { here, run, _remote: remote }
}

impl Half {
    /// Brings the rest, and dies before one of the calls of this name, counted from 1.
    fn struck(&self, call: &'static str, at: usize) -> Struck {
        fs::remove_dir_all(self.here.state()).expect("removed");
        let copied = Command::new("cp").arg("-a").arg(self.here.path("half")).arg(self.here.state()).status();
        assert!(copied.expect("cp").success());
        strike(&self.here.command(&["fetch", &self.run]), Strike { prey: Prey::Engine, call: Some(call), at, blow: Blow::Kill })
    }

    fn records_here(&self) -> usize {
        fs::read_to_string(self.here.journal_path()).expect("a journal").lines().count()
    }

    /// So many of them are known to be from elsewhere.
    fn known(&self) -> usize {
        let noted = fs::read_to_string(self.here.state().join("runs").join(&self.run).join("remote")).expect("a note");
        noted.split_once(' ').expect("<records> <remote>").0.parse().expect("a number")
    }
}

#[test]
fn the_engine_dies_while_it_brings_a_run() {
    let half = half();
    let short = half.records_here();
    assert_eq!(half.known(), short);
    let (mut boundaries, mut between) = (0, 0);
    // The calls by which files come to be, grow, and change their names.
    for call in ["write", "rename", "fsync", "ftruncate", "openat"] {
        let whole = half.struck(call, 0);
        let long = half.records_here();
        assert_eq!((whole.code(), half.known()), (Some(0), long), "undisturbed: {whole:?}");
        assert!(long > short && whole.calls > 0, "`{call}`: {whole:?}");
        for at in 1..=whole.calls {
            let struck = half.struck(call, at);
            if struck.hit.is_none() {
                break;
            }
            let (records, known) = (half.records_here(), half.known());
            let context = format!("before call {at} to `{call}`");
            assert!(known >= records, "{context}: {known} of {records} records: {struck:?}");
            half.here.expect(0, &["fetch", &half.run]);
            assert_eq!((half.records_here(), half.known()), (long, long), "{context}");
            between += usize::from(known > records);
            boundaries += 1;
        }
    }
    // All that it has to bring there is the trail of this machine, which is its own.
    half.here.expect(0, &["push"]).says(&["pushed: 1 branch\n"]);
    tell(&format!("a run that is brought: struck at {boundaries} boundaries, {between} of them between note and journal"));
    assert!(between > 0, "of {boundaries} boundaries");
}
