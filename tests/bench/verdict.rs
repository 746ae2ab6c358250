//! The table: what was measured against what must be and what is aimed at.

use crate::output::print;
use crate::sample::Sample;

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    target: &'static str,
    what: String,
    measured: Sample,
    unit: &'static str,
    must: f64,
    aim: f64,
    /// Whether it was counted, and is the same on every machine and under any load.
    counted: bool,
}

/// The lines so far, and figures that are no targets.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    figures: Vec<(String, Sample, &'static str)>,
}

impl Table {
    /// A target: at most `must`, better `aim`. Left out when nothing was measured.
    pub(crate) fn row(&mut self, target: &'static str, what: &str, measured: Sample, unit: &'static str, must: f64, aim: f64) {
        if !measured.is_empty() {
            self.rows.push(Row { target, what: what.to_owned(), measured, unit, must, aim, counted: false });
        }
    }

    /// A target that is counted, not timed: a smoke test judges it as well.
    pub(crate) fn counted(&mut self, target: &'static str, what: &str, count: f64, unit: &'static str, must: f64, aim: f64) {
        let mut measured = Sample::default();
        measured.add(count);
        self.rows.push(Row { target, what: what.to_owned(), measured, unit, must, aim, counted: true });
    }

    /// A figure that only explains others.
    pub(crate) fn figure(&mut self, what: &str, measured: Sample, unit: &'static str) {
        if !measured.is_empty() {
            self.figures.push((what.to_owned(), measured, unit));
        }
    }

    /// Prints it all; says how many targets were missed, of those that were `counted` only if so wanted.
    pub(crate) fn print(&self, markdown: bool, counted: bool) -> usize {
        if markdown {
            print("| target | what | measured: median (least–most) | must | aim | |\n|---|---|---:|---:|---:|---|");
            self.rows.iter().for_each(|row| print(&row.markdown()));
            print("\n| figure | median (least–most) |\n|---|---:|");
            self.figures.iter().for_each(|(what, sample, unit)| print(&format!("| {what} | {} {unit} |", sample.line())));
        } else {
            self.rows.iter().for_each(|row| print(&row.text()));
            print("");
            self.figures.iter().for_each(|(what, sample, unit)| print(&format!("     {what:<58} {} {unit}", sample.line())));
        }
        self.rows.iter().filter(|row| row.verdict() == "MISSED" && (row.counted || !counted)).count()
    }
}

impl Row {
    fn verdict(&self) -> &'static str {
        match self.measured.median() {
            median if median <= self.aim => "aim",
            median if median <= self.must => "must",
            _ => "MISSED",
        }
    }

    fn text(&self) -> String {
        let Self { target, what, measured, unit, must, aim, .. } = self;
        let measured = format!("{} {unit}", measured.line());
        format!("{target:<4} {what:<58} {measured:<26} must {} aim {}  {}", limit(*must), limit(*aim), self.verdict())
    }

    fn markdown(&self) -> String {
        let Self { target, what, measured, unit, must, aim, .. } = self;
        let measured = measured.line();
        format!("| {target} | {what} | {measured} {unit} | {} | {} | {} |", limit(*must), limit(*aim), self.verdict())
    }
}

/// A limit as people write it; there need not be one.
fn limit(limit: f64) -> String {
    if limit.is_finite() { format!("{}", (limit * 1e3).round() / 1e3) } else { "–".to_owned() }
}
