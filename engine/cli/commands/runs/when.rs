//! A moment as people type it: a day, a time, or how long ago.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use runbook_model::length::Length;

/// Reads a moment: `2026-11-21` (its first instant, UTC), `2026-11-21T03:00`, RFC 3339 with a zone, or a length of time
/// before now such as `2h` and `7d`. A zone may have a name: `2026-11-21T03:00[Europe/Berlin]`.
pub(super) fn moment(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let utc = |civil: DateTime| civil.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).ok();
    let ago = |length: Length| {
        let millis = i64::try_from(length.millis()).unwrap_or(i64::MAX);
        now.checked_sub(SignedDuration::from_millis(millis)).ok()
    };
    // A day or a time would be read without a zone that is named behind it, as if it were in UTC.
    if text.ends_with(']') {
        return text.parse::<Zoned>().map(|zoned| zoned.timestamp()).map_err(|_| wanted());
    }
    let found = None
        .or_else(|| text.parse::<Timestamp>().ok())
        .or_else(|| text.parse::<Length>().ok().and_then(ago))
        .or_else(|| text.parse::<DateTime>().ok().filter(|_| text.contains(['T', ' '])).and_then(utc))
        .or_else(|| text.parse::<Date>().ok().and_then(|date| utc(date.at(0, 0, 0, 0))));
    found.ok_or_else(wanted)
}

fn wanted() -> String {
    "a day (2026-11-21), a time (2026-11-21T03:00, UTC unless it names a zone) or how long ago (2h, 7d) is wanted".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_times_and_lengths_are_moments() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let read = |text: &str| moment(text, now).map(|at| at.to_string());
        for (text, at) in [
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20T03:15", "2026-11-20T03:15:00Z"),
            ("2026-11-20 03:15:10", "2026-11-20T03:15:10Z"),
            ("2026-11-20T03:15:00+02:00", "2026-11-20T01:15:00Z"),
            ("2026-11-20T03:15[Europe/Berlin]", "2026-11-20T02:15:00Z"),
            ("2026-07-20[Europe/Berlin]", "2026-07-19T22:00:00Z"),
            ("2026-11-20T03:15+01:00[Europe/Berlin]", "2026-11-20T02:15:00Z"),
            ("2h", "2026-11-21T10:00:00Z"),
            ("1d", "2026-11-20T12:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(at), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-11-32",
            "12",
            "-2h",
            "2026-11-20T03:15[Europe/Berlyn]",
            "2026-11-20[Europe/Berlyn]",
        ] {
            assert!(read(text).unwrap_err().contains("2026-11-21"), "{text}");
        }
    }
}
