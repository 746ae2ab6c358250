//! The picture itself, as SVG.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::axis::Axis;
use super::bars::Bar;
use super::labels::Labels;
use super::rows::{self, Row, What};
use crate::dossier::html::escape;
use crate::dossier::{Dossier, Mood};
use crate::output::elapsed;

/// Where names stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dossier::html) enum Layout {
    /// Beside the bars.
    Wide,
    /// Above them.
    Narrow,
}

/// Measures of a layout, in pixels.
struct Measures {
    head: u32,
    row: u32,
    /// From the top of a row to the line that its name stands on.
    base: u32,
    /// From the top of a row to the middle of its bar.
    middle: u32,
    indent: usize,
    ticks: u32,
    /// The room of a time above the bars, in per cent of their column.
    label: f64,
}

impl Layout {
    fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }

    fn measures(self) -> Measures {
        match self {
            Self::Wide => Measures { head: 30, row: 26, base: 17, middle: 13, indent: 14, ticks: 7, label: 14.0 },
            Self::Narrow => Measures { head: 30, row: 40, base: 15, middle: 27, indent: 8, ticks: 4, label: 22.0 },
        }
    }

    /// The column of the bars: where it begins, and how wide it is, in per cent.
    fn column(self) -> (u32, u32) {
        match self {
            Self::Wide => (34, 53),
            Self::Narrow => (0, 100),
        }
    }
}

/// The picture of a run.
pub(in crate::dossier::html) fn picture(dossier: &Dossier, layout: Layout) -> String {
    let (rows, left_out) = rows::of(dossier);
    let axis = axis(dossier, &rows);
    let measures = layout.measures();
    let height = measures.head + measures.row * u32::try_from(rows.len()).unwrap_or(0) + 8;
    let mut drawing = Drawing { svg: String::new(), axis, measures, layout, height };
    let (column, width) = layout.column();
    let class = layout.class();
    drawing.put(&format!(
        r#"<svg class="chart {class}" width="100%" height="{height}" role="img" aria-label="Timeline: {} rows from {} to {}">"#,
        rows.len(),
        escape::line(&dossier.account.started_at.strftime("%H:%M:%S").to_string()),
        escape::line(&format!("{} UTC", dossier.until().strftime("%H:%M:%S"))),
    ));
    drawing.put(&format!(
        concat!(
            r#"<defs><pattern id="open-{0}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">"#,
            r#"<rect class="hatch-ground" width="6" height="6"/><rect class="hatch" width="3" height="6"/></pattern></defs>"#
        ),
        class
    ));
    drawing.stripes(&rows);
    drawing.put(&format!(r#"<svg x="{column}%" y="0" width="{width}%" height="{height}" overflow="visible">"#));
    drawing.grid(dossier);
    for (nth, row) in rows.iter().enumerate() {
        drawing.bars(nth, row);
    }
    drawing.put("</svg>");
    for (nth, row) in rows.iter().enumerate() {
        drawing.words(nth, row);
    }
    drawing.put("</svg>");
    if left_out > 0 && layout == Layout::Wide {
        let note = format!("{left_out} more steps are not drawn: those that went well in little time. All are listed below.");
        drawing.put(&format!(r#"<p class="aside">{note}</p>"#));
    }
    drawing.svg
}

/// An axis over all that happened. Waiting for a person is a pause like any other.
fn axis(dossier: &Dossier, rows: &[Row]) -> Axis {
    let mut busy = Vec::new();
    for row in rows {
        match &row.what {
            What::Step(bars) => {
                for bar in bars {
                    let ends = [(bar.from, bar.from), (bar.to, bar.to)];
                    if bar.asked { busy.extend(ends) } else { busy.push((bar.from, bar.to)) }
                }
            }
            What::Sessions(sessions) => {
                busy.extend(sessions.iter().flat_map(|(from, to, _)| [(*from, *from), (*to, *to)]));
            }
            What::Phase { .. } | What::Turn => {}
        }
    }
    Axis::new(dossier.account.started_at, dossier.until(), &busy)
}

struct Drawing {
    svg: String,
    axis: Axis,
    measures: Measures,
    layout: Layout,
    height: u32,
}

impl Drawing {
    fn put(&mut self, svg: &str) {
        self.svg.push_str(svg);
        self.svg.push('\n');
    }

    fn top(&self, nth: usize) -> u32 {
        self.measures.head + self.measures.row * u32::try_from(nth).unwrap_or(0)
    }

    /// Bands behind phases, so that the eye finds its way from a name to its bar.
    fn stripes(&mut self, rows: &[Row]) {
        for (nth, row) in rows.iter().enumerate() {
            let class = match row.what {
                What::Phase { .. } => "band",
                What::Turn => "band turn",
                What::Step(_) | What::Sessions(_) => continue,
            };
            let (top, height) = (self.top(nth), self.measures.row);
            self.put(&format!(r#"<rect class="{class}" x="0" y="{top}" width="100%" height="{height}" rx="4"/>"#));
        }
    }

    /// Lines of time, cuts, the promise of the whole run, the moment of the turn.
    fn grid(&mut self, dossier: &Dossier) {
        let (ticks, step) = self.axis.ticks(self.measures.ticks);
        let (head, height) = (self.measures.head, self.height);
        let mut labels = Labels::new(self.measures.label);
        for cut in self.axis.cuts() {
            let (x, width) = (cut.left, cut.right - cut.left);
            let title = format!("nothing happened for {}", elapsed::short(cut.millis));
            self.put(&format!(
                r#"<rect class="cut" x="{x:.3}%" y="{head}" width="{width:.3}%" height="{}"><title>{title}</title></rect>"#,
                height - head
            ));
            let middle = x + width / 2.0;
            let text = elapsed::short(cut.millis);
            if let Some(anchor) = labels.take(middle) {
                self.put(&format!(
                    r#"<text class="tick cutting" x="{middle:.3}%" y="{}" text-anchor="{}">⋯ {text}</text>"#,
                    head - 10,
                    anchor.word()
                ));
            }
        }
        for (at, x) in ticks {
            let text = clock(at, step, dossier.account.started_at);
            self.put(&format!(r#"<line class="grid" x1="{x:.3}%" x2="{x:.3}%" y1="{}" y2="{height}"/>"#, head - 4));
            if let Some(anchor) = labels.take(x) {
                let anchor = anchor.word();
                self.put(&format!(r#"<text class="tick" x="{x:.3}%" y="{}" text-anchor="{anchor}">{text}</text>"#, head - 10));
            }
        }
        if let Some(turn) = &dossier.account.rollback {
            let x = self.axis.place(turn.at);
            self.put(&format!(r#"<line class="turning" x1="{x:.3}%" x2="{x:.3}%" y1="{head}" y2="{height}"/>"#));
        }
        let whole = dossier.account.promises.iter().find(|promise| promise.path == runbook_model::path::StepPath::root());
        if let Some(due) = whole.and_then(|promise| later(promise.from, promise.budget.millis()))
            && due < dossier.until()
        {
            let x = self.axis.place(due);
            self.put(&format!(
                r#"<line class="due" x1="{x:.3}%" x2="{x:.3}%" y1="{}" y2="{height}"><title>the promise of the whole run</title></line>"#,
                head - 4
            ));
        }
    }

    fn bars(&mut self, nth: usize, row: &Row) {
        let y = self.top(nth) + self.measures.middle;
        match &row.what {
            What::Step(bars) => bars.iter().for_each(|bar| self.bar(bar, y)),
            What::Phase { from, to, promise } => {
                let (left, right) = (self.axis.place(*from), self.axis.place(*to));
                let due = promise.and_then(|(budget, broken)| later(*from, budget.millis()).filter(|_| broken));
                let kept = due.map_or(right, |due| self.axis.place(due).min(right));
                self.put(&format!(r#"<line class="span" x1="{left:.3}%" x2="{kept:.3}%" y1="{y}" y2="{y}"/>"#));
                if due.is_some() {
                    self.put(&format!(r#"<line class="span over" x1="{kept:.3}%" x2="{right:.3}%" y1="{y}" y2="{y}"/>"#));
                    self.put(&format!(r#"<line class="due" x1="{kept:.3}%" x2="{kept:.3}%" y1="{}" y2="{}"/>"#, y - 7, y + 7));
                }
            }
            What::Sessions(sessions) => {
                for (from, to, died) in sessions {
                    let (left, right) = (self.axis.place(*from), self.axis.place(*to));
                    self.put(&format!(r#"<line class="session" x1="{left:.3}%" x2="{right:.3}%" y1="{y}" y2="{y}"/>"#));
                    if *died {
                        let base = y + 5;
                        self.put(&format!(
                            r#"<text class="died" x="{right:.3}%" y="{base}" text-anchor="middle">✗<title>its process died</title></text>"#
                        ));
                    }
                }
            }
            What::Turn => {}
        }
    }

    fn bar(&mut self, bar: &Bar, y: u32) {
        let (left, right) = (self.axis.place(bar.from), self.axis.place(bar.to));
        let class = bar.mood.class();
        if bar.asked {
            self.put(&format!(r#"<line class="asked" x1="{left:.3}%" x2="{right:.3}%" y1="{y}" y2="{y}"/>"#));
            let fill = if bar.open { "open" } else { class };
            self.put(&format!(r#"<circle class="mark {fill}" cx="{right:.3}%" cy="{y}" r="5"/>"#));
            return;
        }
        // A rectangle without width is not drawn at all, not even its outline.
        let (top, width) = (y - 5, (right - left).max(0.05));
        let open = if bar.open { format!(r#" style="fill:url(#open-{})""#, self.layout.class()) } else { String::new() };
        // The stroke keeps what took no time visible.
        self.put(&format!(
            r#"<rect class="bar {class}" x="{left:.3}%" y="{top}" width="{width:.3}%" height="10" rx="2"{open}/>"#
        ));
    }

    /// The name of a row, and what stands at its right.
    fn words(&mut self, nth: usize, row: &Row) {
        let (top, base) = (self.top(nth), self.measures.base);
        let x = self.measures.indent * row.depth.min(6) + 6;
        let symbol = match row.what {
            What::Step(_) => format!(r#"<tspan class="sign {}">{}</tspan> "#, row.mood.class(), row.mood.symbol()),
            What::Turn => format!(r#"<tspan class="sign back">{}</tspan> "#, Mood::Back.symbol()),
            What::Phase { .. } | What::Sessions(_) => String::new(),
        };
        let class = match row.what {
            What::Phase { .. } | What::Turn => "name strong",
            What::Sessions(_) => "name faint",
            What::Step(_) => "name",
        };
        let label = escape::line(&row.label);
        let text = format!(r#"<text class="{class}" x="{x}" y="{base}">{symbol}{label}</text>"#);
        let text = match &row.link {
            Some(link) => format!(r##"<a href="#{link}"><title>{label}</title>{text}</a>"##),
            None => text,
        };
        // Cut where the next column begins: a picture has no ellipsis.
        let width = if self.layout == Layout::Wide { "33%" } else { "74%" };
        let height = self.measures.row;
        self.put(&format!(r#"<svg x="0" y="{top}" width="{width}" height="{height}">{text}</svg>"#));
        let tone = if row.mood == Mood::Bad { " bad" } else { "" };
        let y = top + base;
        self.put(&format!(
            r#"<text class="took{tone}" x="100%" dx="-6" y="{y}" text-anchor="end">{}</text>"#,
            escape::line(&row.aside)
        ));
    }
}

/// A moment so much later.
fn later(at: Timestamp, millis: u64) -> Option<Timestamp> {
    at.checked_add(SignedDuration::from_millis(i64::try_from(millis).ok()?)).ok()
}

/// The time of day where steps are of a second or more, else how much later than the beginning.
fn clock(at: Timestamp, step: i64, start: Timestamp) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    match step {
        ..1_000 => write!(text, "+{}ms", at.as_millisecond() - start.as_millisecond()),
        1_000..60_000 => write!(text, "{}", at.strftime("%H:%M:%S")),
        60_000..86_400_000 => write!(text, "{}", at.strftime("%H:%M")),
        _ => write!(text, "{}", at.strftime("%m-%d")),
    }
    .ok();
    text
}
