//! The steps of a runbook as a flowchart in Mermaid, from the top to the bottom.

use std::fmt::Write as _;

use runbook_runtime::script::{Arm, Item, StepOutline};

use super::Sheet;

/// A label holds no more characters than this; the page has the rest.
const LONGEST: usize = 80;

/// The diagram.
#[must_use]
pub fn diagram(sheet: &Sheet) -> String {
    let mut pen = Pen { text: "flowchart TD\n".to_owned(), nodes: 0, groups: 0 };
    let begin = pen.node("([", "begin", "])");
    let open = pen.items(&sheet.outline.items, vec![End { node: begin, label: String::new() }], 1);
    let end = pen.node("([", "completed", "])");
    pen.join(&open, &end, 1);
    pen.text.push_str("  classDef command fill:#fdf1dc,stroke:#a05f00,color:#1c2024\n");
    pen.text.push_str("  classDef confirm fill:#f3eafa,stroke:#7a3fb0,color:#1c2024\n");
    pen.text.push_str("  classDef check fill:#e6f4ec,stroke:#1b7f4d,color:#1c2024\n");
    pen.text.push_str("  classDef rollback fill:#eceef0,stroke:#7d8690,color:#1c2024\n");
    pen.text.push_str("  classDef stop fill:#fbe9e8,stroke:#c5302b,color:#1c2024\n");
    pen.text
}

/// A node from which the next one follows.
struct End {
    node: String,
    /// What the arrow from here says; empty when nothing.
    label: String,
}

struct Pen {
    text: String,
    nodes: usize,
    groups: usize,
}

impl Pen {
    fn name(&mut self) -> String {
        self.nodes += 1;
        format!("n{}", self.nodes)
    }

    fn node(&mut self, before: &str, label: &str, behind: &str) -> String {
        let name = self.name();
        self.line(1, &format!("{name}{before}\"{}\"{behind}", safe(label)));
        name
    }

    fn line(&mut self, depth: usize, words: &str) {
        // Writing to a text cannot fail.
        writeln!(self.text, "{}{words}", "  ".repeat(depth)).ok();
    }

    fn join(&mut self, open: &[End], to: &str, depth: usize) {
        for end in open {
            let label = if end.label.is_empty() { String::new() } else { format!("|\"{}\"|", safe(&end.label)) };
            self.line(depth, &format!("{} -->{label} {to}", end.node));
        }
    }

    /// Draws items below `open`, and gives what is open behind them: nothing when the run always ends in them.
    fn items(&mut self, items: &[Item], mut open: Vec<End>, depth: usize) -> Vec<End> {
        for item in items {
            open = match item {
                Item::Step(step) => self.step(step, &open, depth),
                Item::Choice { arms } => self.choice(arms, open, depth),
                Item::Phase { name, items, .. } => self.group(name, items, open, depth, false),
                Item::Parallel { name, over, items, .. } => {
                    self.group(&format!("{name}: at the same time for each of {over}"), items, open, depth, false)
                }
                Item::Repeat { words, items } => self.group(words, items, open, depth, true),
                Item::Call { function, items } => self.group(&format!("{function}()"), items, open, depth, false),
                Item::Stop { why } => {
                    let name = self.name();
                    self.line(depth, &format!("{name}[[\"stops<br/>{}\"]]:::stop", safe(why)));
                    self.join(&open, &name, depth);
                    Vec::new()
                }
            };
        }
        open
    }

    fn step(&mut self, step: &StepOutline, open: &[End], depth: usize) -> Vec<End> {
        let (before, behind) = match step.kind.as_str() {
            "check" => ("(", ")"),
            "confirm" => ("{{", "}}"),
            "rollback" => ("[/", "/]"),
            _ => ("[", "]"),
        };
        let name = self.name();
        let back: String = step.rollback.iter().map(|way| format!("<br/>↩ {}", safe(way))).collect();
        let block = if step.kind == "command" && !step.rollback_steps.is_empty() { "<br/>↩ steps of its own" } else { "" };
        let words = format!("<b>{}</b><br/>{}{back}{block}", safe(&step.kind), safe(&step.name));
        self.line(depth, &format!("{name}{before}\"{words}\"{behind}:::{}", step.kind));
        self.join(open, &name, depth);
        vec![End { node: name, label: String::new() }]
    }

    fn choice(&mut self, arms: &[Arm], open: Vec<End>, depth: usize) -> Vec<End> {
        let fork = self.name();
        self.line(depth, &format!("{fork}{{\"?\"}}"));
        self.join(&open, &fork, depth);
        let mut ends = Vec::new();
        for arm in arms {
            ends.extend(self.items(&arm.items, vec![End { node: fork.clone(), label: arm.when.clone() }], depth));
        }
        let complete = arms.last().is_some_and(|arm| arm.when == "else" || arm.when.ends_with(" is anything else"));
        if !complete {
            ends.push(End { node: fork, label: "else".to_owned() });
        }
        ends
    }

    fn group(&mut self, title: &str, items: &[Item], open: Vec<End>, depth: usize, again: bool) -> Vec<End> {
        if items.is_empty() {
            let name = self.name();
            self.line(depth, &format!("{name}[\"{}\"]", safe(title)));
            self.join(&open, &name, depth);
            return vec![End { node: name, label: String::new() }];
        }
        self.groups += 1;
        let group = self.groups;
        // What leads into the group is drawn inside of it: the arrow starts outside, and Mermaid places it well.
        self.line(depth, &format!("subgraph g{group}[\"{}\"]", safe(title)));
        let first = format!("n{}", self.nodes + 1);
        let ends = self.items(items, open, depth + 1);
        if again {
            let back: Vec<_> = ends.iter().map(|end| End { node: end.node.clone(), label: "again".to_owned() }).collect();
            self.join(&back, &first, depth + 1);
        }
        self.line(depth, "end");
        ends
    }
}

/// A text as part of a label in quotes. Everything that could mean something to Mermaid, Markdown or HTML stands as its number.
fn safe(text: &str) -> String {
    let line = crate::output::screen::cut(&crate::output::safe::line(text), LONGEST);
    let mut safe = String::with_capacity(line.len());
    for c in line.chars() {
        if c.is_alphanumeric() || " .,:/-_↩…".contains(c) {
            safe.push(c);
        } else {
            write!(safe, "#{};", u32::from(c)).ok();
        }
    }
    safe
}
