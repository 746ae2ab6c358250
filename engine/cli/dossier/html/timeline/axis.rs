//! Where a moment stands along the picture. Long pauses, in which nothing happened, are cut short.

use jiff::Timestamp;

/// A pause is cut when it is longer than this share of all else, and than [`SHORT`].
const SHARE: f64 = 0.25;
/// In milliseconds.
const SHORT: i64 = 5_000;
/// So wide is a cut, in per cent; all of them together at most [`CUTS`].
const CUT: f64 = 5.0;
const CUTS: f64 = 30.0;

/// The time along a picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    /// Stretches of time with their places, in order; between them lie the cuts.
    stretches: Vec<Stretch>,
}

/// A stretch of time (milliseconds since 1970) that is drawn to scale, from `left` to `right` in per cent.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    from: i64,
    to: i64,
    left: f64,
    right: f64,
}

/// A pause that is cut short: where it stands, and how long it was in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) millis: u64,
}

impl Axis {
    /// An axis for what happened in `busy` (from, to), between `start` and `end`.
    pub(super) fn new(start: Timestamp, end: Timestamp, busy: &[(Timestamp, Timestamp)]) -> Self {
        let (start, end) = (start.as_millisecond(), end.as_millisecond().max(start.as_millisecond() + 1));
        let clamp = |at: Timestamp| at.as_millisecond().clamp(start, end);
        let mut busy: Vec<_> = busy.iter().map(|(from, to)| (clamp(*from), clamp(*to).max(clamp(*from)))).collect();
        busy.extend([(start, start), (end, end)]);
        busy.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::new();
        for (from, to) in busy {
            match merged.last_mut() {
                Some((_, last)) if from <= *last => *last = to.max(*last),
                _ => merged.push((from, to)),
            }
        }
        let worked: i64 = merged.iter().map(|(from, to)| to - from).sum();
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "places in a picture")]
        let long = SHORT.max((worked as f64 * SHARE) as i64);
        let mut stretches: Vec<(i64, i64)> = Vec::new();
        for (from, to) in merged {
            match stretches.last_mut() {
                Some((_, last)) if from - *last <= long => *last = to,
                _ => stretches.push((from, to)),
            }
        }
        Self::laid_out(&stretches)
    }

    #[expect(clippy::cast_precision_loss, reason = "places in a picture")]
    fn laid_out(stretches: &[(i64, i64)]) -> Self {
        let cuts = (stretches.len() - 1) as f64;
        let cut = if cuts > 0.0 { CUT.min(CUTS / cuts) } else { 0.0 };
        // A stretch that is a moment only is given some room: its steps have to stand somewhere.
        let total: i64 = stretches.iter().map(|(from, to)| to - from).sum::<i64>().max(1);
        let least = (total as f64 * 0.03).max(1.0);
        let weight = |(from, to): &(i64, i64)| ((to - from) as f64).max(least);
        let sum: f64 = stretches.iter().map(weight).sum();
        let room = 100.0 - cut * cuts;
        let mut left = 0.0;
        let placed = stretches.iter().map(|stretch| {
            let right = left + weight(stretch) / sum * room;
            let placed = Stretch { from: stretch.0, to: stretch.1, left, right };
            left = right + cut;
            placed
        });
        Self { stretches: placed.collect() }
    }

    /// Where a moment stands, in per cent.
    #[expect(clippy::cast_precision_loss, reason = "places in a picture")]
    pub(super) fn place(&self, at: Timestamp) -> f64 {
        let at = at.as_millisecond();
        for (nth, stretch) in self.stretches.iter().enumerate() {
            if at < stretch.from {
                // In a cut: in its middle.
                let before = nth.checked_sub(1).map_or(0.0, |before| self.stretches[before].right);
                return f64::midpoint(before, stretch.left);
            }
            if at <= stretch.to {
                let share = (at - stretch.from) as f64 / ((stretch.to - stretch.from) as f64).max(1.0);
                return stretch.left + share * (stretch.right - stretch.left);
            }
        }
        100.0
    }

    /// The pauses that are cut short.
    pub(super) fn cuts(&self) -> Vec<Cut> {
        let pairs = self.stretches.windows(2);
        pairs
            .map(|pair| Cut {
                left: pair[0].right,
                right: pair[1].left,
                millis: u64::try_from(pair[1].from - pair[0].to).unwrap_or(0),
            })
            .collect()
    }

    /// About `wanted` moments in even steps, each with its place, and the length of a step in milliseconds.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "places in a picture")]
    pub(super) fn ticks(&self, wanted: u32) -> (Vec<(Timestamp, f64)>, i64) {
        const STEPS: [i64; 27] = [
            1,
            2,
            5,
            10,
            20,
            50,
            100,
            200,
            500,
            1_000,
            2_000,
            5_000,
            10_000,
            15_000,
            30_000,
            60_000,
            120_000,
            300_000,
            600_000,
            900_000,
            1_800_000,
            3_600_000,
            7_200_000,
            21_600_000,
            43_200_000,
            86_400_000,
            604_800_000,
        ];
        let total: i64 = self.stretches.iter().map(|stretch| stretch.to - stretch.from).sum();
        let ideal = (total as f64 / f64::from(wanted.max(1))) as i64;
        let step = STEPS.into_iter().find(|step| *step >= ideal).unwrap_or(STEPS[STEPS.len() - 1]);
        let apart = 70.0 / f64::from(wanted.max(1));
        let mut ticks: Vec<(Timestamp, f64)> = Vec::new();
        for stretch in &self.stretches {
            // Parts of a second are counted from the beginning, all else by the clock on the wall.
            let origin = if step < 1_000 { self.stretches[0].from } else { 0 };
            let mut at = stretch.from + (step - (stretch.from - origin).rem_euclid(step)) % step;
            while at <= stretch.to {
                if let Ok(moment) = Timestamp::from_millisecond(at) {
                    let place = self.place(moment);
                    if ticks.last().is_none_or(|(_, before)| place - before >= apart) {
                        ticks.push((moment, place));
                    }
                }
                at += step;
            }
        }
        (ticks, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_230_000 + seconds).expect("in range")
    }

    #[test]
    fn what_has_no_pause_is_drawn_to_scale() {
        let axis = Axis::new(at(0), at(100), &[(at(0), at(60)), (at(62), at(100))]);
        assert_eq!((axis.place(at(0)), axis.place(at(25)), axis.place(at(100))), (0.0, 25.0, 100.0));
        assert!(axis.cuts().is_empty());
        let (ticks, step) = axis.ticks(5);
        assert_eq!(step, 30_000);
        assert_eq!(ticks.iter().map(|(_, place)| place.round()).collect::<Vec<_>>(), [0.0, 30.0, 60.0, 90.0]);
    }

    #[test]
    fn a_night_of_waiting_is_cut_short() {
        let axis = Axis::new(at(0), at(30_020), &[(at(0), at(10)), (at(30_010), at(30_020))]);
        let cuts = axis.cuts();
        assert_eq!((cuts.len(), cuts[0].millis), (1, 30_000_000));
        assert!((axis.place(at(10)) - 47.5).abs() < 0.01 && (axis.place(at(30_010)) - 52.5).abs() < 0.01);
        assert!((axis.place(at(15_000)) - 50.0).abs() < 0.01, "in the cut");
    }

    proptest! {
        #[test]
        fn places_keep_the_order_and_stay_inside(
            busy in prop::collection::vec((0i64..100_000, 0i64..5_000), 0..12),
            length in 0i64..100_000,
            moments in prop::collection::vec(-10i64..110_000, 2..8),
        ) {
            let busy: Vec<_> = busy.into_iter().map(|(from, took)| (at(from), at(from + took))).collect();
            let axis = Axis::new(at(0), at(length), &busy);
            let mut moments = moments;
            moments.sort_unstable();
            let places: Vec<_> = moments.iter().map(|moment| axis.place(at(*moment))).collect();
            prop_assert!(places.iter().all(|place| (0.0..=100.001).contains(place)), "{places:?}");
            prop_assert!(places.windows(2).all(|pair| pair[0] <= pair[1] + 1e-9), "{places:?}");
            prop_assert!(axis.ticks(6).0.len() <= 40);
        }
    }
}
