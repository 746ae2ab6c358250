//! For a person at a terminal: facts stay, live lines move: one, or one for each branch of a `parallel`.
//!
//! They are drawn in one write, text first and erasing behind it, so that they never flicker, and are never as wide as the
//! terminal, so that they never wrap.

use std::io::Write;

use runbook_model::entry::{Entry, Record};
use runbook_runtime::report::{Progress, Reporter};

use crate::output::reporters::line::{Detail, Line, Mark};
use crate::output::reporters::narrator::Narrator;
use crate::output::reporters::ongoing::Ongoing;
use crate::output::reporters::step_end;
use crate::output::reporters::streamed::Streamed;
use crate::output::reporters::{Clock, Teller, Telling, heartbeat, live};
use crate::output::safe::{self, Colours};
use crate::output::screen::Screen;
use crate::output::style::Tone;
use crate::output::wrap::{self, Lines};

/// Between two drawings of the live line, in milliseconds.
const FRAME: u64 = 100;
/// A narrower terminal gets no column for the kind of step.
const NARROW: usize = 60;
const ERASE_BEHIND: &str = "\u{1b}[K";
const ERASE_BELOW: &str = "\u{1b}[J";
/// A terminal that does not say how high it is.
const ROWS: usize = 24;
/// The most live lines: more than that nobody reads.
const MOST_LIVE: usize = 10;

/// Writes to a terminal.
pub struct Terminal {
    out: Box<dyn Write>,
    screen: Screen,
    width: Box<dyn Fn() -> usize>,
    narrator: Narrator,
    ongoing: Ongoing,
    streamed: Streamed,
    height: Box<dyn Fn() -> usize>,
    /// So many live lines stand there; the cursor is behind the last.
    drawn: usize,
    drawn_at: u64,
    /// When something was last written.
    wrote: u64,
    /// A question stands at the cursor: nothing moves until it is answered.
    quiet: bool,
    /// What happened in other branches meanwhile.
    held: String,
}

impl Terminal {
    /// A reporter that writes to `out`; `width` gives the columns at any moment.
    #[must_use]
    pub fn new(out: Box<dyn Write>, screen: Screen, width: Box<dyn Fn() -> usize>, clock: Clock, telling: Telling) -> Self {
        let (narrator, ongoing) = (Narrator::new(telling), Ongoing::new(clock));
        let wrote = ongoing.millis();
        Self {
            out,
            screen,
            width,
            narrator,
            ongoing,
            streamed: Streamed::default(),
            height: Box::new(|| ROWS),
            drawn: 0,
            drawn_at: 0,
            wrote,
            quiet: false,
            held: String::new(),
        }
    }

    /// The same for a terminal whose rows are known at any moment.
    #[must_use]
    pub fn with_height(mut self, height: Box<dyn Fn() -> usize>) -> Self {
        self.height = height;
        self
    }

    fn write(&mut self, text: &str) {
        // Losing the view costs the view (invariant I9).
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).ok();
        self.wrote = self.ongoing.millis();
    }

    /// Lines that stay, in place of the live lines, and the live lines below them again. While somebody is asked they wait.
    fn put(&mut self, lines: &str) {
        if self.quiet {
            self.held.push_str(lines);
            return;
        }
        self.put_now(lines);
    }

    fn put_now(&mut self, lines: &str) {
        let mut text = self.erasing();
        text.push_str(lines);
        self.drawn = 0;
        if let Some(live) = self.live() {
            text.push_str(&live);
        }
        if !text.is_empty() {
            self.write(&text);
        }
    }

    /// The question is answered: what was held back is told.
    fn hear(&mut self) {
        self.quiet = false;
        if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.put_now(&held);
        }
    }

    /// The live line again, or a sign of life where there is none.
    fn redraw(&mut self) {
        if !self.screen.live {
            if let Some(still) = heartbeat::due(&self.narrator, &self.ongoing, self.wrote).filter(|_| !self.quiet) {
                let still = format!("{}\n", self.screen.palette.paint(Tone::Faint, &still));
                self.write(&still);
            }
            return;
        }
        if self.ongoing.millis().saturating_sub(self.drawn_at) >= FRAME
            && let Some(live) = self.live()
        {
            self.write(&live);
        }
    }

    fn live(&mut self) -> Option<String> {
        if self.quiet || !self.screen.live {
            return None;
        }
        let columns = (self.width)().saturating_sub(1);
        // Half of the screen at most: what has happened shall stay in sight, and what scrolls away cannot be drawn over.
        let rows = ((self.height)() / 2).clamp(1, MOST_LIVE);
        let lines = live::lines(&self.narrator, &self.ongoing, self.screen.unicode, self.screen.palette, columns, rows);
        if lines.is_empty() {
            return None;
        }
        let mut text = String::from("\r");
        if let Some(up) = self.drawn.checked_sub(1).filter(|up| *up > 0) {
            text.push_str(&format!("\u{1b}[{up}A"));
        }
        text.push_str(&lines.join(&format!("{ERASE_BEHIND}\n")));
        text.push_str(if self.drawn > lines.len() { ERASE_BELOW } else { ERASE_BEHIND });
        self.drawn = lines.len();
        self.drawn_at = self.ongoing.millis();
        Some(text)
    }

    fn erasing(&self) -> String {
        match self.drawn {
            0 => String::new(),
            1 => format!("\r{ERASE_BEHIND}"),
            several => format!("\r\u{1b}[{}A{ERASE_BELOW}", several - 1),
        }
    }

    fn layout(&self, line: &Line) -> String {
        let palette = self.screen.palette;
        let indent = "  ".repeat(line.depth);
        let columns = (self.width)();
        let (mut lead, mut first) = (String::new(), indent.len());
        let symbol = line.mark.symbol(self.screen.unicode);
        if !symbol.is_empty() {
            lead.push_str(&format!("{} ", palette.paint(line.mark.tone(), symbol)));
            first += symbol.chars().count() + 1;
        }
        if !line.kind.is_empty() && columns >= NARROW {
            let tone = if line.kind == "rollback" { Tone::Back } else { Tone::Faint };
            let kind = format!("{:<8}", line.kind);
            lead.push_str(&format!("{} ", palette.paint(tone, &kind)));
            first += kind.len() + 1;
        }
        let tone = if matches!(line.mark, Mark::Heading | Mark::Phase | Mark::Next) { Tone::Strong } else { Tone::Plain };
        let tone = if line.mark == Mark::Note { Tone::Faint } else { tone };
        let aside = if line.aside.is_empty() { String::new() } else { format!("  {}", safe::line(&line.aside)) };
        // What is to be typed next stays one line: a terminal that breaks it by itself copies it as one.
        let columns = (line.mark != Mark::Next).then_some(columns);
        let hang = if lead.is_empty() { first + 2 } else { first };
        let lines = Lines { columns, first, hang };
        let told = lines.lay(&[(tone, safe::line(&line.text).as_str()), (Tone::Faint, aside.as_str())], palette);
        let before = if line.apart { "\n" } else { "" };
        let mut text = format!("{before}{indent}{lead}{told}\n");
        for detail in &line.details {
            match detail {
                Detail::Text(tone, detail) => {
                    let detail = safe::line(detail);
                    let first = indent.len() + 4;
                    let lines = Lines { columns, first, hang: first + wrap::indent(&detail) + 2 };
                    text.push_str(&format!("{indent}    {}\n", lines.lay(&[(*tone, detail.as_str())], palette)));
                }
                Detail::Stream(name) => {
                    text.push_str(&format!("{indent}    {}\n", palette.paint(Tone::Faint, &format!("{name}:"))));
                }
                Detail::Output(bytes) => text.push_str(&self.output(line.depth, bytes)),
            }
        }
        text
    }

    fn output(&self, depth: usize, bytes: &[u8]) -> String {
        let palette = self.screen.palette;
        let colours = if palette.is_coloured() { Colours::Kept } else { Colours::Dropped };
        let bar = palette.paint(Tone::Faint, if self.screen.unicode { "│" } else { "|" });
        let indent = "  ".repeat(depth);
        safe::block(bytes, colours).lines().map(|line| format!("{indent}    {bar} {line}\n")).collect()
    }
}

impl Reporter for Terminal {
    fn fact(&mut self, record: &Record) {
        // A promise of time may break while somebody thinks: their question still stands.
        let asked = self.quiet && matches!(record.entry, Entry::BudgetBroken { .. });
        if matches!(record.entry, Entry::SessionEnded { .. }) {
            self.hear();
        }
        self.ongoing.fact(record.at);
        let mut lines = self.narrator.tell(record);
        let mut text = String::new();
        if let Entry::StepEnded(end) = &record.entry {
            self.ongoing.forget(&end.path);
            if let Some(rest) = self.streamed.end(&end.path) {
                text.extend(rest.iter().map(|rest| self.output(end.path.depth(), rest)));
                step_end::drop_output(end, &mut lines);
            }
        }
        let told: String = lines.iter().map(|line| self.layout(line)).collect();
        text.push_str(&told);
        if asked {
            self.put_now(&format!("\n{text}"));
        } else {
            self.put(&text);
        }
    }

    fn progress(&mut self, progress: &Progress) {
        self.ongoing.note(progress);
        match progress {
            Progress::Notice { text } => {
                let notice = format!("{} {}\n", self.screen.palette.paint(Tone::Warn, "notice:"), safe::line(text));
                self.put(&notice);
            }
            Progress::Script { diagnostics } => {
                let colours = if self.screen.palette.is_coloured() { Colours::Kept } else { Colours::Dropped };
                let text = diagnostics.render(self.screen.palette.is_coloured());
                self.put(&format!("{}\n", safe::block(text.as_bytes(), colours)));
            }
            Progress::Quiet => {
                let erasing = self.erasing();
                (self.quiet, self.drawn) = (true, 0);
                self.write(&erasing);
            }
            Progress::Output { path, stderr, bytes } if self.narrator.is_verbose() => {
                if let Some(whole) = self.streamed.take(path, *stderr, bytes) {
                    let text = self.output(path.depth(), &whole);
                    self.put(&text);
                }
            }
            Progress::Heard => self.hear(),
            Progress::Output { .. } | Progress::Looking { .. } | Progress::Tick => self.redraw(),
        }
    }
}

impl Teller for Terminal {
    fn catch_up(&mut self, records: &[Record]) {
        for record in records {
            self.ongoing.fact(record.at);
            self.narrator.tell(record);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let last = [self.erasing(), std::mem::take(&mut self.held)].concat();
        self.write(&last);
    }
}

#[cfg(test)]
mod tests;
