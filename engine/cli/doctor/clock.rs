//! Whether the times in a journal can be believed.

use std::path::Path;

use jiff::Timestamp;
use runbook_model::id::RunId;
use runbook_runtime::journal::StateDir;

use super::answer::first_line;
use super::finding::Finding;

/// This program was not written before: an earlier time is a clock that was never set. 2026-01-01, in seconds since 1970.
const WRITTEN: i64 = 1_767_225_600;
const WAY_OUT: &str = "timedatectl set-ntp true (or run chronyd); times of steps, locks and deadlines rest on it";

/// Whether somebody sets it.
pub(super) fn synchronised() -> Finding {
    let now = Timestamp::now();
    if now.as_second() < WRITTEN {
        return Finding::missing("clock", format!("it says {now:.0}, which cannot be"), WAY_OUT);
    }
    // The first costs nothing, the second a question to a bus that may not be there.
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        return Finding::ok("clock", format!("{now:.0}, synchronised"));
    }
    match first_line("timedatectl", &["show", "-p", "NTPSynchronized", "--value"]).as_deref() {
        Ok("yes") => Finding::ok("clock", format!("{now:.0}, synchronised")),
        Ok("no") => Finding::warning("clock", format!("{now:.0}, and not synchronised"), WAY_OUT),
        // In a container, without systemd: nobody here knows, and nobody here could change it.
        _ => Finding::ok("clock", format!("{now:.0}; whether it is synchronised cannot be told here")),
    }
}

/// The clock stands before the beginning of the newest run: it was set back, or is wrong now.
pub(super) fn behind(state: &Path) -> Option<Finding> {
    let newest = StateDir::look(state).ok()??.runs().ok()?.into_iter().next()?;
    set_back(newest, Timestamp::now())
}

fn set_back(newest: RunId, now: Timestamp) -> Option<Finding> {
    let began = Timestamp::from_millisecond(i64::try_from(newest.unix_millis()).ok()?).ok()?;
    (began > now).then(|| {
        let says = format!("it says {now:.0}, and run {newest} began at {began:.0}: it was set back, or is wrong now");
        Finding::warning("clock and runs", says, WAY_OUT)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_is_found_out() {
        let now = Timestamp::from_second(2_000_000_000).unwrap();
        assert_eq!(set_back(RunId::from_parts(1_999_999_999_000, 1), now), None);
        let found = set_back(RunId::from_parts(2_000_000_001_000, 1), now).unwrap();
        assert!(found.says.contains("2033-05-18T03:33:20Z"), "{found:?}");
    }
}
