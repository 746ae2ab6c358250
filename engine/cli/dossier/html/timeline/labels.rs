//! Which labels have room side by side above a picture.

/// Where the text of a label stands, seen from its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    /// As SVG names it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// The room above a picture, in per cent of its width. Nobody knows how many pixels that will be: a label is given what it
/// needs where the picture is as narrow as it gets.
pub(super) struct Labels {
    width: f64,
    taken: Vec<(f64, f64)>,
}

impl Labels {
    /// Labels that are at most so wide.
    pub(super) fn new(width: f64) -> Self {
        Self { width, taken: Vec::new() }
    }

    /// Takes the room for a label at `x`; `None` when another one stands there.
    pub(super) fn take(&mut self, x: f64) -> Option<Anchor> {
        let half = self.width / 2.0;
        let (anchor, from) = if x > 100.0 - half {
            (Anchor::End, x - self.width)
        } else if x < half {
            (Anchor::Start, x)
        } else {
            (Anchor::Middle, x - half)
        };
        let to = from + self.width;
        // Places are sums of shares: what just touches must not fail by the last digit.
        if self.taken.iter().any(|(other, end)| from < end - 1e-9 && *other < to - 1e-9) {
            return None;
        }
        self.taken.push((from, to));
        Some(anchor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_would_lie_over_another_is_left_out() {
        let mut labels = Labels::new(12.0);
        let taken = [50.0, 55.0, 62.0, 38.5, 38.0].map(|x| labels.take(x));
        let middle = Some(Anchor::Middle);
        assert_eq!(taken, [middle, None, middle, None, middle]);
    }

    #[test]
    fn at_the_edges_labels_stand_inside_and_take_more_room_there() {
        let mut labels = Labels::new(12.0);
        assert_eq!([0.0, 12.0, 18.0].map(|x| labels.take(x)), [Some(Anchor::Start), None, Some(Anchor::Middle)]);
        assert_eq!([100.0, 90.0, 82.0].map(|x| labels.take(x)), [Some(Anchor::End), None, Some(Anchor::Middle)]);
    }
}
