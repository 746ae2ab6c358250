//! T16 to T19: what the audit trail costs.

use std::path::Path;

use crate::measured;
use crate::options::Options;
use crate::place::Place;
use crate::rounds::{Contest, Figures, wall};
use crate::sample::Sample;
use crate::verdict::Table;
use crate::{growth, ours, output};

pub(crate) fn measure(options: &Options, table: &mut Table) -> Result<(), String> {
    if options.wants(&["T16"]) {
        a_commit(options, table)?;
    }
    if options.wants(&["T17"]) {
        growth::measure(options, table)?;
    }
    if options.wants(&["T19"]) {
        space(options, table)?;
    }
    Ok(())
}

/// What sealing adds to a run, beside a floor that makes one durable commit of the same size.
fn a_commit(options: &Options, table: &mut Table) -> Result<(), String> {
    let place = Place::with(&ours::steps(1))?;
    ours::exec_in(&place, &[])?;
    let myself = std::env::current_exe().map_err(|error| error.to_string())?;
    let (few, many) = (options.sized(2, 1), options.sized(22, 3));
    let bare = |count: usize| {
        let place = Place::new()?;
        measured::run(place.command(&myself, &["bare-pack", &count.to_string(), "bare.git"]), 0).map(Figures::of)
    };
    let results = Contest::default()
        .with("bare pack", || Ok(Figures::per_step(bare(few)?, bare(many)?, many - few)))
        .with("unsealed", || ours::exec_in(&place, &ours::UNSEALED).map(Figures::of))
        .with("sealed", || ours::exec_in(&place, &[]).map(Figures::of))
        .held(options.rounds * options.sized(4, 1));
    let floor = results.sample("bare pack", wall).median();
    let mut ratio = Sample::default();
    // Before the first step, and at the end.
    let seals = 2.0;
    ratio.add((results.sample("sealed", wall).median() - results.sample("unsealed", wall).median()) / seals / floor);
    table.row("T16", "a seal (a run has two) × one bare durable pack commit", ratio, "×", 2.0, 1.2);
    for name in ["bare pack", "unsealed", "sealed"] {
        table.figure(&format!("trail: {name}"), results.sample(name, wall), "ms");
    }
    Ok(())
}

/// What a run adds to the repository. Each seal writes a pack, and packs are put together when fifty have gathered: so over
/// some of those rounds.
fn space(options: &Options, table: &mut Table) -> Result<(), String> {
    let place = Place::with(&ours::steps(1))?;
    let trail = place.path(".runbook/audit.git");
    ours::exec_in(&place, &[])?;
    let runs = options.sized(150, 50);
    let (bytes, files) = held(&trail);
    let mut early = Sample::default();
    let mut late = Sample::default();
    for run in 0..runs {
        let taken = Figures::of(ours::exec_in(&place, &[])?).wall;
        if run < runs / 5 {
            early.add(taken);
        } else if run >= runs - runs / 5 {
            late.add(taken);
        }
    }
    let (more_bytes, more_files) = held(&trail);
    table.figure(&format!("a sealed run, the first fifth of {runs}"), early, "ms");
    table.figure(&format!("a sealed run, the last fifth of {runs}"), late, "ms");
    #[expect(clippy::cast_precision_loss, reason = "some thousand")]
    let each = |after: u64, before: u64| after.saturating_sub(before) as f64 / runs as f64;
    table.counted("T19", "disk a run in the trail, as files take it", each(more_bytes / 1024, bytes / 1024), "KiB", 16.0, 4.0);
    table.counted("T19", "files a run in the trail", each(more_files, files), "", 3.0, 3.0);
    Ok(())
}

/// The space that a directory takes on disk, and its files.
fn held(dir: &Path) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(entries) = std::fs::read_dir(dir) else {
        output::tell(&format!("`{}` cannot be read", dir.display()));
        return (0, 0);
    };
    entries.filter_map(Result::ok).fold((0, 0), |(bytes, files), entry| match entry.metadata() {
        Ok(data) if data.is_dir() => {
            let (more_bytes, more_files) = held(&entry.path());
            (bytes + more_bytes, files + more_files)
        }
        Ok(data) => (bytes + data.blocks() * 512, files + 1),
        Err(_) => (bytes, files),
    })
}
