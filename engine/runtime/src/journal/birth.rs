//! Names that are given once: of a run, and of the machine's time since it was switched on.

use std::path::Path;

use jiff::Timestamp;
use runbook_model::id::RunId;
use rustix::rand::GetRandomFlags;

use super::StorageFailure;

/// A name for a new run: its start in milliseconds and 80 random bits.
///
/// A clock before 1970 counts as 1970; the random bits alone keep the name unique, and the directory of a run is made
/// exclusively.
///
/// # Errors
/// The kernel gave no random bits.
pub fn new_run_id(now: Timestamp) -> Result<RunId, StorageFailure> {
    let mut bits = [0; 16];
    let mut filled = 0;
    while filled < bits.len() {
        match rustix::rand::getrandom(&mut bits[filled..], GetRandomFlags::empty()) {
            Ok(more) => filled += more,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(StorageFailure::at("read random bits from", Path::new("getrandom(2)"))(error)),
        }
    }
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Ok(RunId::from_parts(millis, u128::from_le_bytes(bits)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_carry_their_time_and_never_repeat() {
        let now = Timestamp::from_millisecond(1_790_000_000_123).unwrap();
        let names: HashSet<_> = (0..1_000).map(|_| new_run_id(now).unwrap()).collect();
        assert_eq!(names.len(), 1_000);
        assert!(names.iter().all(|name| name.unix_millis() == 1_790_000_000_123));
        let before = new_run_id(Timestamp::from_millisecond(-5).unwrap()).unwrap();
        assert_eq!(before.unix_millis(), 0);
    }
}
