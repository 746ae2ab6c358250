//! The steps of a runbook for a terminal.

use runbook_runtime::script::{Detail, Item, StepOutline};

use super::{Sheet, facts};
use crate::output::safe;
use crate::output::style::{Palette, Tone};

/// The steps, indented by what they stand in; empty when there are none.
#[must_use]
pub fn steps(sheet: &Sheet, palette: Palette) -> String {
    let mut page = Page { palette, text: String::new() };
    page.items(&sheet.outline.items, 1);
    if page.text.is_empty() {
        page.text
    } else {
        format!("\n{}\n{}", palette.paint(Tone::Faint, "steps, as they are written:"), page.text)
    }
}

struct Page {
    palette: Palette,
    text: String,
}

impl Page {
    fn line(&mut self, depth: usize, tone: Tone, words: &str) {
        let words = safe::line(words);
        self.text.push_str(&format!("{}{}\n", "  ".repeat(depth), self.palette.paint(tone, &words)));
    }

    fn items(&mut self, items: &[Item], depth: usize) {
        for item in items {
            match item {
                Item::Step(step) => self.step(step, depth),
                Item::Phase { name, details, items } => {
                    self.line(depth, Tone::Strong, &format!("▸ {name}{}", promised(details)));
                    self.items(items, depth + 1);
                }
                Item::Parallel { name, over, details, items } => {
                    self.line(depth, Tone::Strong, &format!("⫴ {name}, for each of {over}{}", promised(details)));
                    self.items(items, depth + 1);
                }
                Item::Repeat { words, items } => {
                    self.line(depth, Tone::Faint, &format!("↻ {words}"));
                    self.items(items, depth + 1);
                }
                Item::Call { function, items } => {
                    self.line(depth, Tone::Faint, &format!("{function}()"));
                    self.items(items, depth + 1);
                }
                Item::Choice { arms } => {
                    for arm in arms {
                        self.line(depth, Tone::Faint, &arm.when);
                        self.items(&arm.items, depth + 1);
                    }
                }
                Item::Stop { why } => self.line(depth, Tone::Faint, format!("stops: {why}").trim_end()),
            }
        }
    }

    fn step(&mut self, step: &StepOutline, depth: usize) {
        let kind = self.palette.paint(Tone::Faint, &format!("{:<8}", step.kind));
        self.text.push_str(&format!("{}{kind} {}\n", "  ".repeat(depth), safe::line(&step.name)));
        for detail in &step.details {
            let words = match facts::detail(detail) {
                (name, Some(text)) => format!("{name}: {text}"),
                (name, None) => name.to_owned(),
            };
            self.line(depth + 2, Tone::Faint, &words);
        }
        for way in &step.rollback {
            self.line(depth + 2, Tone::Faint, &format!("rollback: {way}"));
        }
        if !step.rollback_steps.is_empty() {
            self.line(depth + 2, Tone::Faint, "rollback:");
            self.items(&step.rollback_steps, depth + 3);
        }
        if facts::silent(step) {
            self.line(depth + 2, Tone::Warn, "no rollback");
        }
    }
}

fn promised(details: &[Detail]) -> String {
    details.iter().map(|detail| format!(" · {} {}", detail.name, detail.text)).collect()
}
