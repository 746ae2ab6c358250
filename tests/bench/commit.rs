//! T16 and T18: one run brought into the trail, beside the least that is durable, beside `git` by hand, and signed.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use runbook_runtime::audit::{Archive, Journal};
use runbook_runtime::signing::{Signing, SshKey};

use crate::bare_pack::Floor;
use crate::options::Options;
use crate::place::Place;
use crate::rounds::{Contest, Figures, wall};
use crate::verdict::Table;
use crate::{growth, invented};

/// Runs that are in the trail before the first one is timed.
const BEFORE: u64 = 100;

/// What makes `git` flush all that it writes.
const DURABLE: [&str; 4] = ["-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync"];

pub(crate) fn measure(options: &Options, table: &mut Table) -> Result<(), String> {
    let place = Place::new()?;
    let key = place.path("key");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    if !made.is_ok_and(|status| status.success()) {
        return Err("`ssh-keygen` makes no key".to_owned());
    }
    let signing = Signing { signer: Some(Arc::new(SshKey::open(&key).map_err(|cannot| cannot.to_string())?)), required: true };
    // Each beside a memory of its own.
    let (plain, signed) = (place.path("plain/audit.git"), place.path("signed/audit.git"));
    for trail in [&plain, &signed] {
        trail.parent().map_or(Ok(()), fs::create_dir).map_err(|error| error.to_string())?;
        let archive = growth::opened(trail)?;
        for number in 0..options.sized(BEFORE as usize, 2) as u64 {
            archive.conclude(&invented::seal(number)?).map_err(|error| error.to_string())?;
        }
    }
    let work = place.path("by-hand");
    let by_hand = ByHand::begun(&work)?;
    let mut floor = Floor::begun(&place.path("floor.git")).map_err(|error| error.to_string())?;
    rustix::fs::sync();
    let (mut ours, mut ours_signed, mut theirs) = (BEFORE, BEFORE, 0);
    let results = Contest::default()
        .with("bare pack", || timed(|| floor.commit().map_err(|error| error.to_string())))
        .with("sealed", || timed(|| concluded(growth::opened(&plain)?, next(&mut ours))))
        .with("signed", || timed(|| concluded(growth::opened(&signed)?.signed_by(signing.clone()), next(&mut ours_signed))))
        .with("git by hand", || {
            by_hand.wrote(next(&mut theirs))?;
            timed(|| by_hand.committed())
        })
        .held(options.rounds * options.sized(20, 1));
    let (against_floor, against_git) = ("bare pack", "git by hand");
    let ratio = |one: &str, other: &str| results.ratio(one, other, wall);
    table.row("T16", "a run brought to `main` × one bare durable pack commit", ratio("sealed", against_floor), "×", 2.0, 1.2);
    table.row("T16", "a run brought to `main` × `git add`, `git commit`", ratio("sealed", against_git), "×", 0.4, 0.25);
    table.row("T18", "signed × not signed", ratio("signed", "sealed"), "×", 1.25, 1.1);
    for name in ["bare pack", "sealed", "signed", "git by hand"] {
        table.figure(&format!("a run brought into a repository: {name}"), results.sample(name, wall), "ms");
    }
    Ok(())
}

fn next(number: &mut u64) -> u64 {
    *number += 1;
    *number
}

fn concluded(archive: Archive, number: u64) -> Result<(), String> {
    archive.conclude(&invented::seal(number)?).map(drop).map_err(|error| error.to_string())
}

fn timed(act: impl FnOnce() -> Result<(), String>) -> Result<Figures, String> {
    let began = Instant::now();
    act()?;
    Ok(Figures { wall: began.elapsed().as_secs_f64() * 1e3, ..Figures::default() })
}

/// The same files under the user's own `git`, as a script would keep them.
struct ByHand<'p>(&'p Path);

impl<'p> ByHand<'p> {
    fn begun(dir: &'p Path) -> Result<Self, String> {
        fs::create_dir(dir).map_err(|error| error.to_string())?;
        let by_hand = Self(dir);
        by_hand.git(&["init", "--quiet"])?;
        Ok(by_hand)
    }

    /// The files of a run, where a script leaves them.
    fn wrote(&self, number: u64) -> Result<(), String> {
        let seal = invented::seal(number)?;
        let Journal::Bytes(journal) = &seal.journal else { return Err("no journal".to_owned()) };
        let dir = self.0.join("runs").join(seal.run.to_string());
        let written = fs::create_dir_all(&dir)
            .and_then(|()| fs::write(dir.join("journal.jsonl"), journal))
            .and_then(|()| seal.sources.iter().try_for_each(|source| fs::write(dir.join("source.rhai"), &source.text)));
        written.map_err(|error| error.to_string())
    }

    fn committed(&self) -> Result<(), String> {
        self.git(&["add", "-A"])?;
        self.git(&["commit", "--quiet", "-m", "a run"])
    }

    fn git(&self, words: &[&str]) -> Result<(), String> {
        let who = ["-c", "user.name=floor", "-c", "user.email=floor@localhost", "-c", "gc.auto=0", "-c", "commit.gpgSign=false"];
        let mut command = Command::new("git");
        command.args(DURABLE).args(who).args(words).current_dir(self.0);
        let out = command.output().map_err(|error| error.to_string())?;
        if out.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&out.stderr).into_owned()) }
    }
}
