//! What stands below one heading, as steps.

use super::shell::Typed;

/// A heading with what follows it.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// Its title; none above the first heading.
    pub(super) name: Option<String>,
    /// Its line, from 1.
    pub(super) line: usize,
    /// Whether what stands there takes back what stands above.
    pub(super) is_back: bool,
    /// What is to be done there.
    pub(super) steps: Vec<Step>,
    /// Text that no step has taken up yet.
    prose: Vec<String>,
    /// Whether somebody has to read it, although no step follows.
    is_owed: bool,
}

/// A step of the skeleton.
#[derive(Debug)]
pub(super) enum Step {
    /// Somebody says that it is done, or that it was read.
    Ask { line: usize, question: String, details: String },
    /// A command, behind a question of its own.
    Run { typed: Typed, details: String },
}

impl Section {
    pub(super) fn new(name: Option<String>, line: usize) -> Self {
        Self { name, line, ..Self::default() }
    }

    /// Below a heading over the way back, or in the way forward.
    pub(super) fn back(mut self, is_back: bool) -> Self {
        self.is_back = is_back;
        self
    }

    pub(super) fn prose(&mut self, text: String) {
        self.prose.push(text);
        self.is_owed = true;
    }

    /// Text about the runbook, which is read with the next step if there is one.
    pub(super) fn about(&mut self, text: String) {
        self.prose.push(text);
    }

    pub(super) fn task(&mut self, line: usize, text: &str) {
        let details = self.details();
        let question = text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.steps.push(Step::Ask { line, question, details });
    }

    pub(super) fn run(&mut self, typed: Typed) {
        let details = self.details();
        self.steps.push(Step::Run { typed, details });
    }

    /// The text above a step belongs to it.
    pub(super) fn details(&mut self) -> String {
        self.is_owed = false;
        let mut joined = String::new();
        for text in std::mem::take(&mut self.prose) {
            let text = text.trim_end();
            let is_item =
                |text: &str| text.trim_start().starts_with("- ") || text.trim_start().starts_with(|c: char| c.is_ascii_digit());
            if !joined.is_empty() {
                joined.push_str(if is_item(text) && joined.lines().last().is_some_and(is_item) { "\n" } else { "\n\n" });
            }
            joined.push_str(text);
        }
        joined
    }

    /// What is left at the end is read, and said to be read.
    pub(super) fn close(&mut self) {
        if !self.is_owed || self.prose.iter().all(|text| text.trim().is_empty()) {
            return;
        }
        let question = match (&self.name, self.steps.is_empty()) {
            (Some(name), true) => format!("{name}: read, and done where it says so?"),
            (Some(name), false) => format!("{name}: done?"),
            (None, _) => "Go on?".to_owned(),
        };
        let details = self.details();
        self.steps.push(Step::Ask { line: self.line, question, details });
    }
}
