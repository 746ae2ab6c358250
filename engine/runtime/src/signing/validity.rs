//! From when to when a key may sign.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads a time as an allowed-signers file has it: `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`; in UTC with a `Z`
/// behind it, else in the time zone of this machine.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let (digits, zone) = match text.strip_suffix('Z') {
        Some(digits) => (digits, TimeZone::UTC),
        None => (text, TimeZone::system()),
    };
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).map_or(Ok(0), str::parse::<i8>).ok();
    let date = DateTime::new(digits[..4].parse().ok()?, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?, 0);
    date.ok()?.to_zoned(zone).ok().map(|time| time.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_minutes_and_seconds_are_read_and_nothing_else() {
        let utc = |text: &str| time(text).map(|time| time.to_string());
        assert_eq!(utc("20260304Z").as_deref(), Some("2026-03-04T00:00:00Z"));
        assert_eq!(utc("202603041205Z").as_deref(), Some("2026-03-04T12:05:00Z"));
        assert_eq!(utc("20260304120507Z").as_deref(), Some("2026-03-04T12:05:07Z"));
        for odd in ["", "Z", "2026", "20261304Z", "2026-03-04", "20260304T1205Z", "２０２６０３０４"] {
            assert_eq!(time(odd), None, "{odd}");
        }
    }
}
