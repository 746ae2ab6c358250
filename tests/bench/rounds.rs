//! Contestants have their turns one after the other, round by round: what disturbs the machine disturbs all of them.

use std::collections::BTreeMap;

use crate::measured::Taken;
use crate::output::tell;
use crate::sample::Sample;

/// What one turn came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    /// Milliseconds by the clock on the wall.
    pub(crate) wall: f64,
    /// Milliseconds of processor time.
    pub(crate) cpu: f64,
    /// The most memory, in MiB.
    pub(crate) peak: f64,
}

impl Figures {
    /// The figures of one process.
    pub(crate) fn of(taken: Taken) -> Self {
        let millis = |time: std::time::Duration| time.as_secs_f64() * 1e3;
        #[expect(clippy::cast_precision_loss, reason = "memory of less than petabytes")]
        let peak = taken.peak_kib as f64 / 1024.0;
        Self { wall: millis(taken.wall), cpu: millis(taken.cpu), peak }
    }

    /// The cost of each step between two runs of different length: what both pay once drops out.
    pub(crate) fn per_step(few: Self, many: Self, steps: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "some thousand steps")]
        let each = |few: f64, many: f64| (many - few) / steps as f64;
        Self { wall: each(few.wall, many.wall), cpu: each(few.cpu, many.cpu), peak: many.peak }
    }

    /// The cost of each step, from a run of `few` and one of `many`.
    pub(crate) fn slope(few: usize, many: usize, mut run: impl FnMut(usize) -> Result<Taken, String>) -> Result<Self, String> {
        let short = Self::of(run(few)?);
        Ok(Self::per_step(short, Self::of(run(many)?), many - few))
    }
}

type Turn<'a> = Box<dyn FnMut() -> Result<Figures, String> + 'a>;

/// Who takes part.
#[derive(Default)]
pub(crate) struct Contest<'a>(Vec<(&'static str, Turn<'a>)>);

impl<'a> Contest<'a> {
    pub(crate) fn with(mut self, name: &'static str, turn: impl FnMut() -> Result<Figures, String> + 'a) -> Self {
        self.0.push((name, Box::new(turn)));
        self
    }

    /// Holds the contest. Who fails once is said to, and is out.
    pub(crate) fn held(mut self, rounds: usize) -> Results {
        let mut results = Results::default();
        for round in 0..rounds {
            for (name, turn) in &mut self.0 {
                if results.failed.contains(name) {
                    continue;
                }
                match turn() {
                    Ok(figures) => results.turns.entry(name).or_default().push(figures),
                    Err(why) => {
                        tell(&format!("left out: {name}: {why}"));
                        results.turns.remove(name);
                        results.failed.push(name);
                    }
                }
            }
            tell(&format!(
                "round {} of {rounds}: {}",
                round + 1,
                self.0.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
            ));
        }
        results
    }
}

/// What came of a contest.
#[derive(Debug, Default)]
pub(crate) struct Results {
    turns: BTreeMap<&'static str, Vec<Figures>>,
    failed: Vec<&'static str>,
}

impl Results {
    /// One figure of one contestant, over the rounds.
    pub(crate) fn sample(&self, name: &str, figure: fn(&Figures) -> f64) -> Sample {
        let mut sample = Sample::default();
        self.turns.get(name).into_iter().flatten().for_each(|turn| sample.add(figure(turn)));
        sample
    }

    /// How many times as much one takes as the other, each round for itself. Empty when one of them is not there.
    pub(crate) fn ratio(&self, one: &str, other: &str, figure: fn(&Figures) -> f64) -> Sample {
        let mut sample = Sample::default();
        if let (Some(one), Some(other)) = (self.turns.get(one), self.turns.get(other)) {
            one.iter().zip(other).for_each(|(one, other)| sample.add(figure(one) / figure(other)));
        }
        sample
    }
}

pub(crate) fn wall(figures: &Figures) -> f64 {
    figures.wall
}

pub(crate) fn cpu(figures: &Figures) -> f64 {
    figures.cpu
}

pub(crate) fn peak(figures: &Figures) -> f64 {
    figures.peak
}
