//! What of a program its tests came by: its steps, and the branches of its decisions.

use std::collections::BTreeSet;

use rhai::Stmt;
use serde::Serialize;

use crate::script::diagnosis::diagnostic::Span;
use crate::script::diagnosis::span;
use crate::script::performing::trace::Trace;
use crate::script::program::Program;
use crate::script::reading::anatomy::{Anatomy, Node};
use crate::script::reading::survey::survey;

/// How much of a program was performed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// How many steps are written in it.
    pub steps: usize,
    /// How many branches.
    pub branches: usize,
    /// The steps that never ran, with their names as far as they are plain texts.
    pub missed_steps: Vec<Missed>,
    /// The branches that were never taken.
    pub missed_branches: Vec<Missed>,
}

/// Something that was never performed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// Where.
    pub span: Span,
    /// What.
    pub what: String,
}

impl Program {
    /// What a trace came by. Modules of the engine do not count.
    #[must_use]
    pub fn coverage(&self, trace: &Trace) -> Coverage {
        let mut coverage = Coverage::default();
        let (sources, asts) = self.texts();
        for (name, ast) in asts.iter().filter(|(name, _)| !name.starts_with("std/")) {
            let anatomy = Anatomy::of(ast);
            let mut seen = BTreeSet::new();
            for met in survey(&anatomy).iter().filter(|met| met.is_step() && !met.is("phase")) {
                let at = span::location(name, met.position);
                if !seen.insert((at.line, at.column)) {
                    continue;
                }
                coverage.steps += 1;
                if let (false, Some(span)) = (trace.has(&at), span::at(sources, &at)) {
                    let title = met.title().map_or_else(String::new, |(title, _)| format!(" \"{title}\""));
                    coverage.missed_steps.push(Missed { span, what: format!("{}{title}", met.call.name) });
                }
            }
            let mut branches = Vec::new();
            for body in anatomy.bodies() {
                body.iter().for_each(|statement| collect(Node::Statement(statement), &mut branches));
            }
            for (word, node) in branches {
                let at = span::location(name, node.position());
                if at.line == 0 || !seen.insert((at.line, at.column)) && word != "if" && word != "else" {
                    continue;
                }
                coverage.branches += 1;
                if let (false, Some(span)) = (trace.has(&at), span::at(sources, &at)) {
                    coverage.missed_branches.push(Missed { span, what: word.to_owned() });
                }
            }
        }
        for missed in [&mut coverage.missed_steps, &mut coverage.missed_branches] {
            missed.sort_by_key(|missed| (missed.span.file.clone(), missed.span.line, missed.span.column));
        }
        coverage
    }
}

/// The first statement of each branch, with the word that leads to it.
fn collect<'a>(node: Node<'a>, branches: &mut Vec<(&'static str, Node<'a>)>) {
    for part in node.parts() {
        let word = match (node, part.arm) {
            (Node::Statement(Stmt::If(..)), 1) => Some("if"),
            (Node::Statement(Stmt::If(..)), 2) => Some("else"),
            (Node::Statement(Stmt::Switch(..)), 1..) => Some("switch"),
            (Node::Statement(Stmt::TryCatch(..)), 2) => Some("catch"),
            (Node::Statement(Stmt::For(..) | Stmt::While(..) | Stmt::Do(..)), _) if part.is_block => Some("loop"),
            _ => None,
        };
        // Of a case of a `switch` the first is its condition.
        let first = if word == Some("switch") { part.nodes.last().copied().map(inner) } else { part.nodes.first().copied() };
        if let (Some(word), Some(first)) = (word, first) {
            branches.push((word, first));
        }
        part.nodes.into_iter().for_each(|inner| collect(inner, branches));
    }
}

/// The first statement of a block that is an expression.
fn inner(node: Node<'_>) -> Node<'_> {
    match node {
        Node::Expression(rhai::Expr::Stmt(block)) => block.iter().next().map_or(node, Node::Statement),
        other => other,
    }
}
