//! For logs, pipes and dumb terminals: the same facts, one line each, with the time, without control sequences.

use std::io::Write;

use jiff::Timestamp;
use runbook_model::entry::{Entry, Record};
use runbook_runtime::report::{Progress, Reporter};

use crate::output::reporters::line::{Detail, Line};
use crate::output::reporters::narrator::Narrator;
use crate::output::reporters::ongoing::Ongoing;
use crate::output::reporters::step_end;
use crate::output::reporters::streamed::Streamed;
use crate::output::reporters::{Clock, Teller, Telling, heartbeat};
use crate::output::safe::{self, Colours};

/// Writes a line a fact.
pub struct Plain {
    out: Box<dyn Write>,
    narrator: Narrator,
    ongoing: Ongoing,
    streamed: Streamed,
    wrote: u64,
    /// A question stands at the cursor of a terminal that is too simple for a live line.
    quiet: bool,
    /// What happened in other branches meanwhile.
    held: String,
}

impl Plain {
    /// A reporter that writes to `out`.
    #[must_use]
    pub fn new(out: Box<dyn Write>, clock: Clock, telling: Telling) -> Self {
        let ongoing = Ongoing::new(clock);
        Self {
            out,
            narrator: Narrator::new(telling),
            wrote: ongoing.millis(),
            ongoing,
            streamed: Streamed::default(),
            quiet: false,
            held: String::new(),
        }
    }

    /// While somebody is asked, lines wait.
    fn put(&mut self, text: &str) {
        if self.quiet {
            self.held.push_str(text);
        } else {
            self.write(text);
        }
    }

    fn hear(&mut self) {
        self.quiet = false;
        if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.write(&held);
        }
    }

    fn write(&mut self, text: &str) {
        // Losing the view costs the view (invariant I9).
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).ok();
        self.wrote = self.ongoing.millis();
    }
}

impl Reporter for Plain {
    fn fact(&mut self, record: &Record) {
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
                text.extend(rest.iter().map(|rest| output(record.at, end.path.depth(), rest)));
                step_end::drop_output(end, &mut lines);
            }
        }
        text.extend(lines.iter().map(layout));
        if !text.is_empty() {
            if asked {
                self.write(&format!("\n{text}"));
            } else {
                self.put(&text);
            }
        }
    }

    fn progress(&mut self, progress: &Progress) {
        self.ongoing.note(progress);
        match progress {
            Progress::Notice { text } => {
                let line = format!("{} notice: {}\n", time(self.ongoing.now()), safe::line(text));
                self.write(&line);
            }
            Progress::Script { diagnostics } => {
                let text = safe::block(diagnostics.render(false).as_bytes(), Colours::Dropped);
                self.write(&format!("{text}\n"));
            }
            Progress::Quiet => self.quiet = true,
            Progress::Output { path, stderr, bytes } if self.narrator.is_verbose() => {
                if let Some(whole) = self.streamed.take(path, *stderr, bytes) {
                    let text = output(self.ongoing.now(), path.depth(), &whole);
                    self.put(&text);
                }
            }
            Progress::Heard => self.hear(),
            _ if !self.quiet => {
                if let Some(still) = heartbeat::due(&self.narrator, &self.ongoing, self.wrote) {
                    let line = format!("{} {still}\n", time(self.ongoing.now()));
                    self.write(&line);
                }
            }
            _ => {}
        }
    }
}

impl Teller for Plain {
    fn catch_up(&mut self, records: &[Record]) {
        for record in records {
            self.ongoing.fact(record.at);
            self.narrator.tell(record);
        }
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

fn layout(line: &Line) -> String {
    let time = time(line.at);
    let indent = "  ".repeat(line.depth);
    // The last word on a run says by itself what became of it.
    let mark = if line.apart { "" } else { line.mark.word() };
    let words: Vec<_> = [mark, line.kind].into_iter().filter(|word| !word.is_empty()).collect();
    let colon = if words.is_empty() { String::new() } else { format!("{}: ", words.join(" ")) };
    let aside = if line.aside.is_empty() { String::new() } else { format!("  ({})", safe::line(&line.aside)) };
    let mut text = format!("{time} {indent}{colon}{}{aside}\n", safe::line(&line.text));
    for detail in &line.details {
        match detail {
            Detail::Text(_, detail) => text.push_str(&format!("{time} {indent}    {}\n", safe::line(detail))),
            Detail::Stream(name) => text.push_str(&format!("{time} {indent}    {name}:\n")),
            Detail::Output(bytes) => text.push_str(&output(line.at, line.depth, bytes)),
        }
    }
    text
}

fn output(at: Timestamp, depth: usize, bytes: &[u8]) -> String {
    let (time, indent) = (time(at), "  ".repeat(depth));
    safe::block(bytes, Colours::Dropped).lines().map(|line| format!("{time} {indent}    | {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::reporters::example::{Example, Paper, hand_clock, same};

    fn told(records: &[Record]) -> String {
        let paper = Paper::default();
        let (clock, _) = hand_clock();
        let mut plain = Plain::new(Box::new(paper.clone()), clock, Telling::default());
        records.iter().for_each(|record| plain.fact(record));
        paper.text()
    }

    #[test]
    fn a_failure_and_its_rollback() {
        same(&told(&Example::failing_and_rolled_back()), "plain_failure.txt");
    }

    #[test]
    fn a_rehearsal() {
        same(&told(&Example::rehearsal()), "plain_rehearsal.txt");
    }

    #[test]
    fn silence_is_broken_once_a_minute_and_hostile_output_stays_tame() {
        let mut example = Example::live();
        let mut records = example.opening();
        records.push(example.intend_run("restart", &["systemctl", "restart", "api"]));
        let paper = Paper::default();
        let (clock, hand) = hand_clock();
        let mut plain = Plain::new(Box::new(paper.clone()), clock, Telling::default());
        records.iter().for_each(|record| plain.fact(record));
        let before = paper.text().len();
        hand.set(59_000);
        plain.progress(&Progress::Tick);
        assert_eq!(paper.text().len(), before);
        plain.progress(&Progress::Output { path: Example::path("restart"), stderr: false, bytes: b"50 %\r\x1b[2J70 %".to_vec() });
        hand.set(61_000);
        plain.progress(&Progress::Tick);
        plain.progress(&Progress::Tick);
        assert_eq!(&paper.text()[before..], "03:01:03Z still running: command restart, 1m01s; last: ␛[2J70 %\n");
    }
}
