//! The time of day of something in a run.

use jiff::Timestamp;
use runbook_model::account::Account;

/// The time of day (UTC), with the day where the run went over midnight, and with the year where it went over one.
#[must_use]
pub fn clock(account: &Account, at: Timestamp) -> String {
    let both = |part: &str| account.started_at.strftime(part).to_string() == account.last_at.strftime(part).to_string();
    let format = match () {
        () if both("%Y-%m-%d") => "%H:%M:%S",
        () if both("%Y") => "%m-%d %H:%M:%S",
        () => "%Y-%m-%d %H:%M:%S",
    };
    at.strftime(format).to_string()
}
