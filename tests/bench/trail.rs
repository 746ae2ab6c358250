//! T16 to T19: what the audit trail costs.

use std::path::Path;

use crate::options::Options;
use crate::place::Place;
use crate::rounds::Figures;
use crate::sample::Sample;
use crate::verdict::Table;
use crate::{commit, growth, ours, output};

pub(crate) fn measure(options: &Options, table: &mut Table) -> Result<(), String> {
    if options.wants(&["T16", "T18"]) {
        commit::measure(options, table)?;
    }
    if options.wants(&["T17"]) {
        growth::measure(options, table)?;
    }
    if options.wants(&["T19"]) {
        space(options, table)?;
    }
    Ok(())
}

/// What a run adds to the repository. Each seal writes a pack, and packs are put together when some have gathered: so over
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
