//! A comparison for people.

use std::collections::BTreeMap;

use runbook_model::account::{Account, Standing};
use runbook_model::comparison::{Comparison, Difference, Side, StepPair, Unlike};
use runbook_model::excerpt::Excerpt;

use crate::output::difference::difference;
use crate::output::screen::Screen;
use crate::output::style::Tone;
use crate::output::{elapsed, safe, table};

/// The texts of sources by their names.
pub type Sources = BTreeMap<String, String>;

/// So many lines of each difference are shown.
const MOST: usize = 40;

/// Longer results are compared like several lines, in bytes: of those only what differs is shown.
const LONGEST: usize = 200;

/// What differs between two runs, or only between their plans; `states` says in a word what each is, `verbose` lists the steps that do
/// not, too.
#[must_use]
pub fn text(
    comparison: &Comparison,
    (left, right): (&Account, &Account),
    states: (&str, &str),
    sources: &(Sources, Sources),
    (plans, verbose): (bool, bool),
    screen: Screen,
) -> String {
    let mut page = Page { screen, text: String::new() };
    page.head((left, states.0), (right, states.1));
    if comparison.is_same() {
        let steps = comparison.steps.len();
        let steps = if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
        let same = format!(
            "the same: {}",
            if plans {
                format!("{steps}, as they are meant")
            } else {
                format!("{steps}, what was asked for, what came of it and what was printed")
            }
        );
        page.line(Tone::Good, &format!("{} {same}", if screen.unicode { "=" } else { "same:" }));
        if !verbose {
            page.unlike("circumstances", &comparison.circumstances);
            return page.text;
        }
    }
    page.unlike("what and how it ended", &comparison.facts);
    page.unlike("parameters", &comparison.params);
    page.unlike("settings", &comparison.settings);
    if !comparison.sources.is_empty() {
        page.heading("sources");
        for source in &comparison.sources {
            page.line(Tone::Plain, &format!("  {}", source.name));
            match (sources.0.get(&source.name), sources.1.get(&source.name)) {
                (Some(before), Some(after)) => page.diff(before, after, "    "),
                (before, after) => {
                    let side = |text: Option<&String>, digest: Option<runbook_model::digest::Digest>| match (text, digest) {
                        (_, None) => "not used".to_owned(),
                        (None, Some(digest)) => format!("text not to be had, sha256 {}…", digest.short()),
                        (Some(_), Some(digest)) => format!("sha256 {}…", digest.short()),
                    };
                    page.line(Tone::Bad, &format!("    - {}", side(before, source.left)));
                    page.line(Tone::Good, &format!("    + {}", side(after, source.right)));
                }
            }
        }
    }
    page.steps(comparison, verbose);
    page.unlike("circumstances", &comparison.circumstances);
    page.text
}

struct Page {
    screen: Screen,
    text: String,
}

impl Page {
    fn line(&mut self, tone: Tone, text: &str) {
        self.text.push_str(&self.screen.palette.paint(tone, &safe::line(text)));
        self.text.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.text.push('\n');
        self.line(Tone::Strong, text);
    }

    fn head(&mut self, left: (&Account, &str), right: (&Account, &str)) {
        let row = |sign: &str, tone, (account, state): (&Account, &str)| {
            [
                (tone, sign.to_owned()),
                (Tone::Plain, account.run.to_string()),
                (Tone::Strong, safe::line(&account.started.runbook)),
                (Tone::Plain, state.to_owned()),
                (Tone::Faint, account.started_at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()),
                (Tone::Faint, elapsed::short(account.took())),
            ]
        };
        let rows = [row("-", Tone::Bad, left), row("+", Tone::Good, right)];
        self.text.push_str(&table::columns(["", "RUN", "RUNBOOK", "STATE", "STARTED", "TOOK"], &rows, self.screen.palette));
    }

    fn unlike(&mut self, heading: &str, unlike: &[Unlike]) {
        if unlike.is_empty() {
            return;
        }
        self.heading(heading);
        let known = |side: &Option<String>| side.clone().unwrap_or_else(|| "(not there)".to_owned());
        for unlike in unlike {
            self.line(Tone::Plain, &format!("  {}", unlike.name));
            self.line(Tone::Bad, &format!("    - {}", known(&unlike.left)));
            self.line(Tone::Good, &format!("    + {}", known(&unlike.right)));
        }
    }

    fn steps(&mut self, comparison: &Comparison, verbose: bool) {
        let same = comparison.steps.iter().filter(|step| step.is_same()).count();
        self.heading("steps");
        for step in &comparison.steps {
            if step.is_same() && !verbose {
                continue;
            }
            self.step(step);
        }
        if same > 0 && !verbose {
            let steps = if same == 1 { "1 step does".to_owned() } else { format!("{same} steps do") };
            self.line(Tone::Faint, &format!("  = {steps} not differ (-v lists them)"));
        }
    }

    fn step(&mut self, step: &StepPair) {
        let (sign, tone) = match (&step.left, &step.right) {
            (Some(_), None) => ("-", Tone::Bad),
            (None, Some(_)) => ("+", Tone::Good),
            _ if step.differences.is_empty() => ("=", Tone::Faint),
            _ => ("~", Tone::Warn),
        };
        let took = match (&step.left, &step.right) {
            (Some(left), Some(right)) => format!("{} → {}", millis(left), millis(right)),
            (Some(only), None) | (None, Some(only)) => format!("{}, {}", only.standing.word(), millis(only)),
            (None, None) => String::new(),
        };
        let took = if self.screen.unicode { took } else { took.replace('→', "->") };
        let sign = self.screen.palette.paint(tone, sign);
        let took = self.screen.palette.paint(Tone::Faint, &took);
        self.text.push_str(&format!("  {sign} {:<8} {}  {took}\n", step.kind, safe::line(&step.path.told())));
        for difference in &step.differences {
            self.difference(difference);
        }
    }

    fn difference(&mut self, found: &Difference) {
        match found {
            Difference::Standing { left, right } => self.sides("ended", left.word(), right.word()),
            Difference::Asked { left, right } => {
                self.line(Tone::Faint, "      asked for");
                self.diff(left, right, "        ");
            }
            Difference::Result { left, right }
                if [left, right].iter().any(|side| side.contains('\n') || side.len() > LONGEST) =>
            {
                self.line(Tone::Faint, "      result");
                self.diff(left, right, "        ");
            }
            Difference::Result { left, right } => self.sides("result", left, right),
            Difference::Output { stream, left, right } => {
                let size = |excerpt: &Excerpt| format!("{} bytes", excerpt.size);
                self.line(Tone::Faint, &format!("      {stream} ({}, {})", size(left), size(right)));
                let (before, after) = (kept(left), kept(right));
                if before == after {
                    self.line(Tone::Faint, "        what is kept of them is the same: they differ in the middle");
                }
                self.diff(&before, &after, "        ");
            }
        }
    }

    fn sides(&mut self, what: &str, left: &str, right: &str) {
        self.line(Tone::Faint, &format!("      {what}"));
        self.line(Tone::Bad, &format!("        - {left}"));
        self.line(Tone::Good, &format!("        + {right}"));
    }

    fn diff(&mut self, before: &str, after: &str, indent: &str) {
        for (sign, line) in difference(before, after, MOST) {
            let tone = match sign {
                '-' => Tone::Bad,
                '+' => Tone::Good,
                _ => Tone::Faint,
            };
            self.line(tone, &format!("{indent}{sign} {line}"));
        }
    }
}

/// What the journal kept of an output, as text: bytes that are none are shown by number, so that they can be compared. Nothing is
/// left out, not even colours and carriage returns: two outputs may differ in nothing else. Whoever shows a line makes it safe.
fn kept(excerpt: &Excerpt) -> String {
    let chunk = |chunk: std::str::Utf8Chunk<'_>| {
        let invalid: String = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
        format!("{}{invalid}", chunk.valid())
    };
    let shown = |bytes: &[u8]| bytes.utf8_chunks().map(chunk).collect::<String>();
    match &excerpt.tail {
        Some(tail) => format!("{}\n… {} bytes are not kept …\n{}", shown(&excerpt.head.0), excerpt.dropped(), shown(&tail.0)),
        None => shown(&excerpt.head.0),
    }
}

fn millis(side: &Side) -> String {
    let attempts = if side.attempts > 1 { format!(" in {} attempts", side.attempts) } else { String::new() };
    match (side.millis, side.standing) {
        (Some(millis), _) => format!("{}{attempts}", elapsed::short(millis)),
        (None, Standing::Registered) => "registered".to_owned(),
        (None, _) => format!("no end recorded{attempts}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::reporters::example::Example;

    fn shown(left: &Account, right: &Account, verbose: bool) -> String {
        let screen = Screen::plain(80);
        text(
            &Comparison::of(left, right),
            (left, right),
            (left.state.word(), right.state.word()),
            &Default::default(),
            (false, verbose),
            screen,
        )
    }

    #[test]
    fn a_run_is_the_same_as_itself() {
        let account = Account::of(&Example::failing_and_rolled_back()).expect("an account");
        let said = shown(&account, &account, false);
        assert!(said.contains("= the same: 5 steps") && !said.contains("steps\n"), "{said}");
        assert!(shown(&account, &account, true).contains("  = command  Switch/point the link at r6  1.2s → 1.2s"));
    }

    #[test]
    fn a_run_and_its_rehearsal_differ_where_they_should() {
        let left = Account::of(&Example::rehearsal()).expect("an account");
        let right = Account::of(&Example::failing_and_rolled_back()).expect("an account");
        let said = shown(&left, &right, false);
        for part in [
            "  mode\n    - rehearsal\n    + live\n",
            "  - command  write the configuration  withheld, 1.2s\n",
            "  + command  Switch/restart the service  failed, 1.2s\n",
            "  = 1 step does not differ (-v lists them)\n",
        ] {
            assert!(said.contains(part), "{part} is missing in\n{said}");
        }
    }
}
