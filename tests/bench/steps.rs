//! T1 to T5: what a step costs, in time, in processor time and in flushes, and whether that grows.

use crate::measured::{self, Taken};
use crate::options::Options;
use crate::place::Place;
use crate::rivals::{self, Rival};
use crate::rounds::{Contest, Figures, cpu, peak, wall};
use crate::sample::Sample;
use crate::verdict::Table;
use crate::{flushes, ours};

/// The cost of a step: the difference of a long and a short run.
fn slope(options: &Options, run: impl FnMut(usize) -> Result<Taken, String>) -> Result<Figures, String> {
    Figures::slope(options.sized(100, 5), options.sized(1000, 25), run)
}

/// A floor, as a process of its own.
fn floor(which: &str, count: usize) -> Result<Taken, String> {
    let place = Place::new()?;
    let myself = std::env::current_exe().map_err(|error| error.to_string())?;
    measured::run(place.command(myself, &["floor", which, &count.to_string(), "floor"]), 0)
}

pub(crate) fn measure(options: &Options, table: &mut Table) {
    if options.wants(&["T1", "T2", "T5"]) {
        steps(options, table);
    }
    if options.wants(&["T3"]) {
        growth(options, table);
    }
    if options.wants(&["T4"]) {
        flushes::a_step(options, table);
    }
}

fn steps(options: &Options, table: &mut Table) {
    let rival = |rival: Rival| move || slope(options, |count| rivals::run(rival, count));
    let results = Contest::default()
        .with("F0", || slope(options, |count| floor("f0", count)))
        .with("F1", || slope(options, |count| floor("f1", count)))
        .with("F2", || slope(options, |count| floor("f2", count)))
        .with("unsealed", || slope(options, |count| ours::exec(&ours::steps(count), &ours::UNSEALED)))
        .with("sealed", || slope(options, |count| ours::exec(&ours::steps(count), &[])))
        .with("bash", rival(rivals::bash))
        .with("bash + log", rival(rivals::bash_log))
        .with("bash + log + sync", rival(rivals::bash_sync))
        .with("make", rival(rivals::make))
        .with("just", rival(rivals::just))
        .with("go-task", rival(rivals::task))
        .held(options.rounds);
    table.row("T1", "a step, not sealed, × F2", results.ratio("unsealed", "F2", wall), "×", 1.3, 1.3);
    table.row("T1", "a step, not sealed, × F1", results.ratio("unsealed", "F1", wall), "×", f64::INFINITY, 1.15);
    table.row("T1", "a step, sealed as it goes, × F2", results.ratio("sealed", "F2", wall), "×", 1.3, 1.3);
    table.row("T2", "processor time of a step × F1", results.ratio("unsealed", "F1", cpu), "×", 1.5, 1.2);
    table.row("T5", "a step × bash", results.ratio("unsealed", "bash", wall), "×", 1.8, 1.35);
    table.row("T5", "a step × bash + log + sync", results.ratio("unsealed", "bash + log + sync", wall), "×", 0.45, 0.33);
    table.row("T5", "a step × just", results.ratio("unsealed", "just", wall), "×", 0.9, 0.7);
    table.row("T5", "a step × go-task", results.ratio("unsealed", "go-task", wall), "×", 1.0, 0.8);
    for name in ["F0", "F1", "F2", "unsealed", "sealed", "bash", "bash + log", "bash + log + sync", "make", "just", "go-task"] {
        table.figure(&format!("a step, {name}"), results.sample(name, wall), "ms");
    }
    for name in ["F1", "F2", "unsealed", "sealed", "bash"] {
        table.figure(&format!("processor time of a step, {name}"), results.sample(name, cpu), "ms");
    }
    table.figure("peak memory of 1,000 steps, sealed", results.sample("sealed", peak), "MiB");
}

fn growth(options: &Options, table: &mut Table) {
    let (few, more, many) = (options.sized(100, 4), options.sized(500, 8), options.sized(10_000, 16));
    let run = |count| ours::exec(&ours::steps(count), &ours::UNSEALED).map(Figures::of);
    let mut growth = Sample::default();
    for _ in 0..options.rounds.min(3) {
        let figures = (|| -> Result<_, String> { Ok((run(few)?, run(more)?, run(many)?)) })();
        let Ok((first, second, last)) = figures else { return };
        let early = Figures::per_step(first, second, more - few);
        growth.add(Figures::per_step(second, last, many - more).wall / early.wall);
    }
    table.row("T3", "a step between 500 and 10,000 × one between 100 and 500", growth, "×", 1.15, 1.05);
}
