//! How long the phases of a performance took, beside the documentation, for the pages of the runbooks to say.

use std::fs;
use std::path::Path;

use crate::support::Place;

/// So many performances are kept: the page says the one in the middle.
const KEPT: usize = 5;

/// With `BLESS` the times of the newest run are kept in `docs/measured/NAME.json`; else nothing happens.
pub(super) fn keep(runbook: &str, place: &Place) {
    if std::env::var_os("BLESS").is_none() {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/measured/{runbook}.json"));
    let known: serde_json::Value = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let mut runs = known["runs"].as_array().cloned().unwrap_or_default();
    runs.push(times(&place.journal()));
    let newest = &runs[runs.len().saturating_sub(KEPT)..];
    let record = serde_json::json!({ "machine": machine(), "runs": newest });
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, format!("{}\n", serde_json::to_string_pretty(&record).expect("JSON"))).expect("it can be written");
}

/// The whole and each phase in its order, in milliseconds, with what was promised. Of a phase that is entered several times under one path, all of it.
fn times(journal: &[serde_json::Value]) -> serde_json::Value {
    let at = |record: Option<&serde_json::Value>| {
        let at = record.and_then(|record| record["at"].as_str()).expect("a time");
        at.parse::<jiff::Timestamp>().expect("a time").as_millisecond()
    };
    let mut phases: Vec<(String, u64, serde_json::Value)> = Vec::new();
    for record in journal {
        let path = record["path"].as_str().unwrap_or_default();
        let known = phases.iter_mut().find(|(name, ..)| name == path);
        match (record["type"].as_str(), known) {
            (Some("phase_entered"), None) => phases.push((path.to_owned(), 0, record["budget"].clone())),
            (Some("phase_left"), Some((_, millis, _))) => *millis += record["millis"].as_u64().unwrap_or_default(),
            _ => {}
        }
    }
    let phases: Vec<_> = phases
        .into_iter()
        .map(|(name, millis, budget)| serde_json::json!({ "name": name, "millis": millis, "budget": budget }))
        .collect();
    let whole = serde_json::json!({ "millis": at(journal.last()) - at(journal.first()), "budget": journal[0]["budget"] });
    serde_json::json!({ "whole": whole, "phases": phases })
}

/// Enough of the machine to judge the times by.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or_default();
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system =
        release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("Linux").trim_matches('"').to_owned();
    format!("{cores} cores, {} GiB, {system}, unoptimised build", kib.div_ceil(1 << 20))
}
