//! T14 and T15: going on with a run of which much is done, and rehearsing one.

use jiff::{Timestamp, Unit};

use crate::measured;
use crate::options::Options;
use crate::place::Place;
use crate::rounds::{Contest, Figures, peak, wall};
use crate::sample::Sample;
use crate::verdict::Table;
use crate::{ours, rivals, workflows};

pub(crate) fn measure(options: &Options, table: &mut Table) {
    if options.wants(&["T14"]) {
        replay(options, table);
    }
    if options.wants(&["T15"]) {
        rehearsal(options, table);
    }
}

/// A run of `count` steps, stopped by one that fails until there is a file `go`; then resumed.
fn resumed(count: usize) -> Result<Resumed, String> {
    let stopped = "command(\"last\", #{ run: [\"test\", \"-e\", \"go\"] });";
    let place = Place::with(&format!("{}\n{stopped}", ours::steps(count)))?;
    measured::run(place.ours(&[&["exec", "main"][..], &ours::UNSEALED].concat()), 1)?;
    place.write("go", "")?;
    let begun = Timestamp::now();
    let whole = measured::run(place.ours(&["resume", &place.run()?]), 0).map(Figures::of)?;
    let (taken, intended) = (last(&place, "session_started")?, last(&place, "step_intended")?);
    let took = |from: Timestamp| {
        let millis = (intended - from).total(Unit::Millisecond).map_err(|error| error.to_string())?;
        Ok::<_, String>(Figures { wall: millis, ..whole })
    };
    Ok(Resumed { whole, first: took(begun)?, replay: took(taken)? })
}

/// What a resume took.
struct Resumed {
    /// Until its end.
    whole: Figures,
    /// Until its first new step: what lies behind that, the run would have paid anyway.
    first: Figures,
    /// Until then from where the journal was read, checked and taken: the replay itself.
    replay: Figures,
}

/// When the last record of a kind was written in the only run of a place.
fn last(place: &Place, kind: &str) -> Result<Timestamp, String> {
    let journal = place.path(&format!(".runbook/runs/{}/journal.jsonl", place.run()?));
    let text = std::fs::read_to_string(journal).map_err(|error| error.to_string())?;
    let kind = format!("\"type\":\"{kind}\"");
    let line = text.lines().rev().find(|line| line.contains(&kind)).ok_or_else(|| format!("no record with {kind}"))?;
    let record: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    record["at"].as_str().and_then(|at| at.parse().ok()).ok_or_else(|| "a record without a time".to_owned())
}

/// make with a stamp for each step: all but the last are there.
fn stamps(count: usize) -> Result<Figures, String> {
    let place = Place::new()?;
    rivals::makefile(&place, count, "\t@touch $@\n")?;
    place.write("s0", "")?;
    measured::run(place.command("make", &["-s", "all"]), 0)?;
    std::fs::remove_file(place.path(&format!("s{count}"))).map_err(|error| error.to_string())?;
    measured::run(place.command("make", &["-s", "all"]), 0).map(Figures::of)
}

fn replay(options: &Options, table: &mut Table) {
    let (few, many) = (options.sized(1000, 10), options.sized(10_000, 30));
    let results = Contest::default()
        .with("resume", || resumed(few).map(|resumed| resumed.whole))
        .with("resume, nothing done", || resumed(0).map(|resumed| resumed.first))
        .with("resume, many done", || resumed(many).map(|resumed| resumed.first))
        .with("replay, nothing done", || resumed(0).map(|resumed| resumed.replay))
        .with("replay, many done", || resumed(many).map(|resumed| resumed.replay))
        .with("make, stamps", || stamps(few))
        .with("dbos", || workflows::dbos_resumed(few))
        .held(options.rounds.min(3));
    table.row(
        "T14",
        "resume with 1,000 steps done × make with stamps",
        results.ratio("resume", "make, stamps", wall),
        "×",
        10.0,
        3.0,
    );
    table.row("T14", "resume with 1,000 steps done × dbos", results.ratio("resume", "dbos", wall), "×", 0.1, 0.02);
    #[expect(clippy::cast_precision_loss, reason = "some thousand steps")]
    let each = |with: &'static str, without: &'static str| {
        let mut pace = Sample::default();
        pace.add((results.sample(with, wall).median() - results.sample(without, wall).median()) * 1e3 / many as f64);
        pace
    };
    let replay = each("replay, many done", "replay, nothing done");
    table.row("T14", "a recorded step, replayed (5 µs are 200,000 a second)", replay, "µs", 5.0, 2.5);
    table.figure("a recorded step, read, checked, folded and replayed", each("resume, many done", "resume, nothing done"), "µs");
    for name in ["resume", "make, stamps", "dbos"] {
        table.figure(&format!("{name}: until the end"), results.sample(name, wall), "ms");
    }
    for name in ["resume, nothing done", "resume, many done"] {
        table.figure(&format!("{name}: until the first new step"), results.sample(name, wall), "ms");
    }
    table.figure("peak memory of a resume with 10,000 done", results.sample("resume, many done", peak), "MiB");
}

fn rehearsal(options: &Options, table: &mut Table) {
    let count = options.sized(1000, 10);
    let results = Contest::default()
        .with("--dry-run", || ours::exec(&ours::steps(count), &["--dry-run"]).map(Figures::of).or_else(|_| rehearsed(count)))
        .with("make -n", || {
            let place = Place::new()?;
            rivals::makefile(&place, count, "\t@/bin/true\n")?;
            measured::run(place.command("make", &["-n", "all"]), 0).map(Figures::of)
        })
        .with("just -n", || {
            let place = Place::new()?;
            rivals::justfile(&place, count)?;
            measured::run(place.command(rivals::installed("just")?, &["-n", "all"]), 0).map(Figures::of)
        })
        .held(options.rounds);
    table.row("T15", "rehearsal of 1,000 steps × make -n", results.ratio("--dry-run", "make -n", wall), "×", 4.0, 1.0);
    table.row("T15", "rehearsal of 1,000 steps × just -n", results.ratio("--dry-run", "just -n", wall), "×", 10.0, 3.0);
    for name in ["--dry-run", "make -n", "just -n"] {
        table.figure(&format!("1,000 steps: {name}"), results.sample(name, wall), "ms");
    }
}

/// A rehearsal whose end is partly unknown has an exit code of its own.
fn rehearsed(count: usize) -> Result<Figures, String> {
    let place = Place::with(&ours::steps(count))?;
    measured::run(place.ours(&["exec", "main", "--dry-run"]), 3).map(Figures::of)
}
