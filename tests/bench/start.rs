//! T7 to T9: what it costs to start, to run one step, and how much memory it takes.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::measured;
use crate::options::Options;
use crate::place::Place;
use crate::rounds::{Contest, Figures, peak, wall};
use crate::verdict::Table;
use crate::{ours, rivals};

pub(crate) fn measure(options: &Options, table: &mut Table) -> Result<(), String> {
    if options.wants(&["T7"]) {
        starts(options, table)?;
    }
    if options.wants(&["T8"]) {
        one_step(options, table)?;
    }
    if options.wants(&["T9"]) {
        memory(options, table);
    }
    Ok(())
}

fn starts(options: &Options, table: &mut Table) -> Result<(), String> {
    let place = Place::new()?;
    place.write("runbook.toml", "")?;
    for name in 0..10 {
        place.runbook(&format!("book-{name}"), &ours::steps(3))?;
    }
    place.write("justfile", &(0..10).map(|name| format!("book-{name}:\n    /bin/true\n")).collect::<String>())?;
    let ours = |words: &'static [&'static str]| || Ok(Figures::of(measured::run(place.ours(words), 0)?));
    let just = |word: &'static str| {
        let place = &place;
        move || Ok(Figures::of(measured::run(place.command(rivals::installed("just")?, &[word]), 0)?))
    };
    let results = Contest::default()
        .with("--version", ours(&["--version"]))
        .with("just --version", just("--version"))
        .with("list", ours(&["list"]))
        .with("just --list", just("--list"))
        .with("/bin/true", || Ok(Figures::of(measured::run(place.command("/bin/true", &[]), 0)?)))
        .held(options.rounds * options.sized(4, 1));
    table.row("T7", "`--version` × `just --version`", results.ratio("--version", "just --version", wall), "×", 3.0, 1.5);
    table.row("T7", "`list` of 10 × `just --list`", results.ratio("list", "just --list", wall), "×", 5.0, 2.0);
    for name in ["/bin/true", "--version", "just --version", "list", "just --list"] {
        table.figure(&format!("the whole of `{name}`"), results.sample(name, wall), "ms");
    }
    Ok(())
}

/// How many runs lie before one that is measured beside the others: each costs a start something.
const EARLIER: usize = 100;

/// A place with earlier runs, which stays as it is: otherwise the figures would grow with the number of rounds.
struct Lasting {
    place: Place,
    runs: BTreeSet<PathBuf>,
}

impl Lasting {
    fn behind(earlier: usize) -> Result<Self, String> {
        let place = Place::with(&ours::steps(1))?;
        // The first makes the state directory and the trail.
        ours::exec_in(&place, &[])?;
        for _ in 1..earlier {
            ours::exec_in(&place, &ours::UNSEALED)?;
        }
        Ok(Self { runs: place.runs()?, place })
    }

    fn turn(&self, more: &[&str]) -> Result<Figures, String> {
        let taken = ours::exec_in(&self.place, more)?;
        for run in self.place.runs()?.difference(&self.runs) {
            std::fs::remove_dir_all(run).map_err(|error| error.to_string())?;
        }
        Ok(Figures::of(taken))
    }
}

fn one_step(options: &Options, table: &mut Table) -> Result<(), String> {
    let earlier = options.sized(EARLIER, 2);
    let (first, sealed, crowded) = (Lasting::behind(1)?, Lasting::behind(1)?, Lasting::behind(earlier)?);
    let results = Contest::default()
        .with("bash", || rivals::run(rivals::bash, 1).map(Figures::of))
        .with("unsealed", || first.turn(&ours::UNSEALED))
        .with("sealed", || sealed.turn(&[]))
        .with("behind others", || crowded.turn(&ours::UNSEALED))
        .held(options.rounds * options.sized(4, 1));
    table.row("T8", "a run of one step, not sealed, × bash", results.ratio("unsealed", "bash", wall), "×", 3.0, 2.0);
    table.row("T8", "a run of one step, sealed, × bash", results.ratio("sealed", "bash", wall), "×", 6.0, 4.0);
    for name in ["bash", "unsealed", "sealed"] {
        table.figure(&format!("a run of one step, {name}"), results.sample(name, wall), "ms");
    }
    table.figure(&format!("a run of one step, unsealed, behind {earlier} others"), results.sample("behind others", wall), "ms");
    Ok(())
}

fn memory(options: &Options, table: &mut Table) {
    let steps = |count: usize| move || ours::exec(&ours::steps(count), &[]).map(Figures::of);
    let results = Contest::default()
        .with("1", steps(1))
        .with("1,000", steps(options.sized(1000, 10)))
        .with("10,000", steps(options.sized(10_000, 20)))
        .held(options.rounds.min(3));
    for (name, must, aim) in [("1", 20.0, 12.0), ("1,000", 25.0, 15.0), ("10,000", 40.0, 25.0)] {
        table.row("T9", &format!("peak memory of {name} steps, sealed"), results.sample(name, peak), "MiB", must, aim);
    }
}
