//! Lengths of time as people read them at a glance.

/// `340ms`, `8.2s`, `1m05s`, `2h03m`, `3d04h`.
#[must_use]
pub fn short(millis: u64) -> String {
    let seconds = millis / 1_000;
    match seconds {
        0 => format!("{millis}ms"),
        1..60 => format!("{seconds}.{}s", millis % 1_000 / 100),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// Whole seconds, for a clock that counts: `8s`, `1m05s`.
#[must_use]
pub fn ticking(millis: u64) -> String {
    if millis < 60_000 { format!("{}s", millis / 1_000) } else { short(millis) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_at_most() {
        let shown = [0, 999, 8_250, 65_000, 7_380_000, 273_600_000].map(short);
        assert_eq!(shown, ["0ms", "999ms", "8.2s", "1m05s", "2h03m", "3d04h"]);
        assert_eq!(ticking(8_999), "8s");
    }
}
