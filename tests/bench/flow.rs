//! T10: a gigabyte of output through one step.

use crate::measured;
use crate::options::Options;
use crate::ours;
use crate::place::Place;
use crate::rounds::{Contest, Figures, peak, wall};
use crate::verdict::Table;

pub(crate) fn measure(options: &Options, table: &mut Table) -> Result<(), String> {
    if !options.wants(&["T10"]) {
        return Ok(());
    }
    let size = options.sized(1 << 30, 1 << 20).to_string();
    let myself = std::env::current_exe().map_err(|error| error.to_string())?;
    let print = format!("command(\"print\", #{{ run: [{:?}, \"floor\", \"print\", \"{size}\"] }});", myself.to_string_lossy());
    let floor = || {
        let place = Place::new()?;
        measured::run(place.command(&myself, &["floor", "copy", &size, "copied"]), 0).map(Figures::of)
    };
    let results = Contest::default()
        .with("copy loop", floor)
        .with("a gigabyte", || ours::exec(&print, &ours::UNSEALED).map(Figures::of))
        .with("one step", || ours::exec(&ours::steps(1), &ours::UNSEALED).map(Figures::of))
        .held(options.rounds.min(3));
    table.row("T10", "1 GiB through a step × a copy loop", results.ratio("a gigabyte", "copy loop", wall), "×", 2.5, 1.5);
    let mut more = crate::sample::Sample::default();
    more.add(results.sample("a gigabyte", peak).median() - results.sample("one step", peak).median());
    table.row("T10", "memory for 1 GiB over that for nothing", more, "MiB", 4.0, 1.0);
    for name in ["copy loop", "a gigabyte"] {
        table.figure(&format!("1 GiB: {name}"), results.sample(name, wall), "ms");
    }
    Ok(())
}
