//! T17: whether a run is sealed as fast when many were sealed before it.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use runbook_model::chain::{self, Head};
use runbook_model::digest::Digest;
use runbook_model::entry::{Entry, Purpose, Record, Session, VERSION};
use runbook_model::id::{Epoch, RunId, Seq};
use runbook_model::person::{From, Person};
use runbook_model::status::RunStatus;
use runbook_runtime::audit::{Archive, Founding, Journal, Seal, SourceText};

use crate::options::Options;
use crate::place::Place;
use crate::sample::Sample;
use crate::verdict::Table;

/// So many runs are sealed and timed at each size. Packs are put together when fifty have gathered: this many meet that once.
const TIMED: u64 = 50;
/// A run every five minutes.
const APART: SignedDuration = SignedDuration::from_mins(5);
const SOURCE: &str = "runbook(#{ title: \"Roll the API back\" });\n";

pub(crate) fn measure(options: &Options, table: &mut Table) -> Result<(), String> {
    // Ten thousand take some minutes: only when they are asked for by name. A hundred thousand would take hours.
    let sizes: &[u64] = match (options.smoke, options.names("T17")) {
        (true, _) => &[10, 60],
        (false, true) => &[100, 1_000, 10_000],
        (false, false) => &[100, 1_000],
    };
    let place = Place::new()?;
    // It grows in memory, where a flush costs nothing, and is timed on a disk.
    let growing = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).map_err(|error| error.to_string())?;
    let trail = growing.path().join("trail.git");
    let archive = opened(&trail)?;
    let (mut sealed, mut results) = (0, Vec::new());
    for &size in sizes {
        for number in sealed..size {
            archive.conclude(&seal(number)?).map_err(|error| error.to_string())?;
        }
        sealed = size;
        let times = timed(&place, &trail, size)?;
        table.figure(&format!("a run sealed into a trail of {size}"), times.clone(), "ms");
        results.push((size, times.median()));
    }
    // Against a thousand where there are so many: a trail of ten runs is another thing in kind.
    let Some(&(large, time)) = results.last() else { return Ok(()) };
    let Some(&(small, time_before)) = results.iter().rev().find(|(size, _)| *size <= 1_000 && *size < large) else {
        return Ok(());
    };
    let mut ratio = Sample::default();
    ratio.add(time / time_before);
    table.row("T17", &format!("a run sealed into a trail of {large} × into one of {small}"), ratio, "×", 2.0, 1.3);
    Ok(())
}

/// Seals runs into a copy of the trail, each as a process of its own would: opened anew.
fn timed(place: &Place, trail: &Path, size: u64) -> Result<Sample, String> {
    let copy = place.path(&format!("trail-{size}.git"));
    let copied = Command::new("cp").arg("-a").arg(trail).arg(&copy).status().map_err(|error| error.to_string())?;
    if !copied.success() {
        return Err("the trail could not be copied".to_owned());
    }
    // What the copy has left unwritten must not be flushed on our time.
    rustix::fs::sync();
    let mut times = Sample::default();
    for number in size..size + TIMED {
        let seal = seal(number)?;
        let began = Instant::now();
        opened(&copy)?.conclude(&seal).map_err(|error| error.to_string())?;
        times.add(began.elapsed().as_secs_f64() * 1e3);
    }
    std::fs::remove_dir_all(&copy).map_err(|error| error.to_string())?;
    Ok(times)
}

fn opened(trail: &Path) -> Result<Archive, String> {
    let founding = Founding { at: Timestamp::UNIX_EPOCH, host: "bench".to_owned() };
    Archive::open(trail, Some(&founding)).map_err(|error| error.to_string())
}

/// A whole run of a few records.
fn seal(number: u64) -> Result<Seal, String> {
    let wrong = |error: &dyn std::fmt::Display| error.to_string();
    let since = i32::try_from(number).map_err(|error| wrong(&error))?;
    let at = "2026-01-01T00:00:00Z".parse::<Timestamp>().map_err(|error| wrong(&error))? + APART * since;
    let run = RunId::from_parts(u64::try_from(at.as_millisecond()).map_err(|error| wrong(&error))?, u128::from(number));
    let started = serde_json::from_value(serde_json::json!({
        "runbook": "rollback-api", "title": "Roll the API back", "mode": "live", "params": {}, "root": "/srv/ops",
        "sources": [{ "name": "runbooks/rollback-api.rhai", "digest": Digest::of(SOURCE.as_bytes()) }],
    }));
    let session = Session {
        purpose: Purpose::Exec,
        operator: Person { name: "ann".to_owned(), host: "ops-1".to_owned(), from: From::CommandLine },
        pid: 1,
        boot: "b".to_owned(),
        engine: "bench".to_owned(),
        taken_over: None,
    };
    let entries = [
        Entry::RunStarted(started.map_err(|error| wrong(&error))?),
        Entry::SessionStarted(session),
        Entry::SessionEnded { status: RunStatus::Completed },
    ];
    let (mut head, mut bytes) = (Head::EMPTY, Vec::new());
    for (seq, entry) in (0..).zip(entries) {
        let record = Record { v: VERSION, run, seq: Seq(seq), epoch: Epoch(1), at, entry };
        let (line, next) = chain::encode(head, &record);
        bytes.extend_from_slice(&line);
        bytes.push(b'\n');
        head = next;
    }
    Ok(Seal {
        run,
        journal: Journal::Bytes(bytes),
        sources: vec![SourceText { name: "runbooks/rollback-api.rhai".to_owned(), text: SOURCE.to_owned() }],
        at,
        reason: "at the end".to_owned(),
    })
}
