//! `process::find`.

use std::fs;
use std::path::Path;

use runbook_model::observation::{NotSeen, Seen};
use serde_json::json;

use super::not_seen;
use crate::world::live::io_words::plain;

/// The processes whose program has this name, by number: `#{ pid, name }` each.
///
/// The kernel keeps 15 bytes of a name, so the first argument counts too: it has the whole.
pub(super) fn look(name: &str) -> Result<Seen, NotSeen> {
    let entries = fs::read_dir("/proc").map_err(|error| not_seen("/proc", plain(&error)))?;
    let mut pids: Vec<u32> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| has_name(Path::new(&format!("/proc/{pid}")), name))
        .collect();
    pids.sort_unstable();
    Ok(Seen::Value(pids.into_iter().map(|pid| json!({ "pid": pid, "name": name })).collect::<Vec<_>>().into()))
}

/// A process that ends while we look has no name any more, and is rightly not counted; nor is a zombie.
fn has_name(process: &Path, name: &str) -> bool {
    let Ok(stat) = fs::read_to_string(process.join("stat")) else { return false };
    // `pid (comm) state …`, where comm may hold parentheses itself.
    let Some((comm, state)) = stat.rsplit_once(") ").and_then(|(head, tail)| Some((head.split_once(" (")?.1, tail))) else {
        return false;
    };
    if state.starts_with(['Z', 'X']) {
        return false;
    }
    if comm == name {
        return true;
    }
    let cmdline = fs::read(process.join("cmdline")).unwrap_or_default();
    let first = cmdline.split(|&byte| byte == 0).next().unwrap_or_default();
    first.rsplit(|&byte| byte == b'/').next() == Some(name.as_bytes())
}
