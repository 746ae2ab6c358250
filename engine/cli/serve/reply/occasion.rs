//! Which alert opened which run: a file for each run, kept for a week.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use runbook_model::digest::Digest;
use runbook_model::id::RunId;
use serde::{Deserialize, Serialize};

use crate::serve::Desk;
use crate::serve::hooks::Alert;

/// What began longer ago, in milliseconds, is not looked at any more.
const KEPT: u64 = 7 * 24 * 60 * 60 * 1000;
/// So many runs are looked at, the newest.
const MOST: usize = 200;

/// The alert that opened a run, as it was told when the run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Occasion {
    pub(super) run: RunId,
    pub(super) alert: Alert,
}

/// Notes that an alert opened a run.
pub(in crate::serve) fn note(desk: &Desk, run: RunId, alert: Alert) {
    if let Err(error) = written(&desk.home(), &Occasion { run, alert }) {
        // The run has begun, and goes on.
        tracing::warn!(%error, %run, "which alert opened the run could not be noted: it is not told of its end");
    }
}

fn written(home: &Path, occasion: &Occasion) -> io::Result<()> {
    let dir = home.join("occasions");
    fs::create_dir_all(&dir)?;
    let path = dir.join(format!("{}.json", occasion.run));
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&serde_json::to_vec(occasion)?)?;
    file.sync_all()?;
    fs::rename(&fresh, &path)?;
    File::open(dir)?.sync_all()
}

/// The newest occasions. Those that are too old are taken away.
pub(super) fn all(home: &Path) -> Vec<Occasion> {
    let mut runs: Vec<(RunId, PathBuf)> = fs::read_dir(home.join("occasions"))
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let stem = path.file_name()?.to_str()?.strip_suffix(".json")?;
            Some((stem.parse().ok()?, path))
        })
        .collect();
    runs.sort_by_key(|(run, _)| std::cmp::Reverse(*run));
    let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
    for (run, path) in &runs {
        if now.saturating_sub(run.unix_millis()) > KEPT {
            fs::remove_file(path).ok();
        }
    }
    runs.truncate(MOST);
    runs.iter().filter_map(|(_, path)| serde_json::from_slice(&fs::read(path).ok()?).ok()).collect()
}

/// Where it is noted that a target was told this.
pub(super) fn mark(home: &Path, target: &str, key: &str) -> PathBuf {
    home.join("told").join(Digest::of_json(&("reply", target, key)).to_string())
}

/// Notes it.
pub(super) fn told(mark: &Path) -> io::Result<()> {
    let dir = mark.parent().unwrap_or(mark);
    fs::create_dir_all(dir)?;
    File::create(mark)?.sync_all()?;
    File::open(dir)?.sync_all()
}
