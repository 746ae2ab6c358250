//! Figures of several rounds: what is in the middle, and how far they lie apart.

/// The figures of several rounds, all in one unit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn add(&mut self, figure: f64) {
        let at = self.0.partition_point(|other| other.total_cmp(&figure).is_lt());
        self.0.insert(at, figure);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The figure in the middle; of an even number, the mean of the two.
    pub(crate) fn median(&self) -> f64 {
        match self.0.len() {
            0 => f64::NAN,
            count if count % 2 == 1 => self.0[count / 2],
            count => f64::midpoint(self.0[count / 2 - 1], self.0[count / 2]),
        }
    }

    /// `0.899 (0.871–0.912)`.
    pub(crate) fn line(&self) -> String {
        match (self.0.first(), self.0.last()) {
            (Some(least), Some(most)) if self.0.len() > 1 => {
                format!("{} ({}–{})", short(self.median()), short(*least), short(*most))
            }
            _ => short(self.median()),
        }
    }
}

/// A figure with three digits that mean something.
pub(crate) fn short(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 1.0 => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}
