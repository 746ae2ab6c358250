//! The parts of an outline.

use serde::Serialize;

/// The steps of a runbook as they are written, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outline {
    /// What stands at its top.
    pub items: Vec<Item>,
}

/// One thing that may happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum Item {
    /// A check, a command, a confirm, or a rollback that belongs to no command.
    Step(StepOutline),
    /// Steps below a name.
    Phase {
        /// Its name, as it is written.
        name: String,
        /// Its options.
        details: Vec<Detail>,
        /// Its steps.
        items: Vec<Item>,
    },
    /// The same steps for many items, several at a time.
    Parallel {
        /// Its name, as it is written.
        name: String,
        /// The items.
        over: String,
        /// Its options.
        details: Vec<Detail>,
        /// The steps of one item.
        items: Vec<Item>,
    },
    /// One of these, or none.
    Choice {
        /// What may be done, in the order of the text.
        arms: Vec<Arm>,
    },
    /// Steps that may come more than once, or never.
    Repeat {
        /// How the author says it: `for host in hosts`.
        words: String,
        /// The steps of one round.
        items: Vec<Item>,
    },
    /// A function of the repository that has steps.
    Call {
        /// Its name.
        function: String,
        /// Its steps; empty where it calls itself.
        items: Vec<Item>,
    },
    /// The run ends here: the script throws.
    Stop {
        /// What it says.
        why: String,
    },
}

/// One way of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arm {
    /// When it is taken: `if current == target`, `else`, `case "blue"`, `when that fails`.
    pub when: String,
    /// What is done then.
    pub items: Vec<Item>,
}

/// One step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StepOutline {
    /// `check`, `command`, `confirm` or `rollback`.
    pub kind: String,
    /// Its name or question, as it is written.
    pub name: String,
    /// The file that it stands in.
    pub file: String,
    /// The line, from 1; 0 when it is not known.
    pub line: u32,
    /// What it changes, asks or looks at, in the order of the options' table.
    pub details: Vec<Detail>,
    /// How it is taken back: one line each; empty when nothing is said.
    pub rollback: Vec<String>,
    /// The steps of a rollback that is a block.
    pub rollback_steps: Vec<Item>,
}

/// Something that is said about a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// What: `run`, `looks`, `within`.
    pub name: String,
    /// As it is written.
    pub text: String,
}

impl Outline {
    /// Every step with the words that lead to it, in the order of the text; rollback blocks are not entered.
    #[must_use]
    pub fn steps(&self) -> Vec<&StepOutline> {
        fn collect<'a>(items: &'a [Item], into: &mut Vec<&'a StepOutline>) {
            for item in items {
                match item {
                    Item::Step(step) => into.push(step),
                    Item::Choice { arms } => arms.iter().for_each(|arm| collect(&arm.items, into)),
                    Item::Phase { items, .. }
                    | Item::Parallel { items, .. }
                    | Item::Repeat { items, .. }
                    | Item::Call { items, .. } => collect(items, into),
                    Item::Stop { .. } => {}
                }
            }
        }
        let mut steps = Vec::new();
        collect(&self.items, &mut steps);
        steps
    }
}
