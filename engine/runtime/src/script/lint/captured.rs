//! Closures that mean a variable and get a function: Rhai captures no variable that has the name of a function of the file.
//! What the closure sees is a pointer to that function, without a word.

use std::collections::BTreeSet;

use rhai::{Expr, Position, Stmt};

use super::{File, Found};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::reading::anatomy::{Anatomy, Node, variable, written};

/// Closures in closures are followed to this depth, which Rhai does not parse: a guard against a circle, no limit.
const DEEPEST: usize = 200;

pub(super) fn lint(file: &File<'_>, found: &mut Found<'_>) {
    let functions: BTreeSet<_> = file.anatomy.functions.iter().map(|function| function.name.as_str()).collect();
    let mut reader = Reader { anatomy: file.anatomy, functions, scope: Vec::new(), closures: Vec::new(), met: Vec::new() };
    reader.block(&file.anatomy.top);
    for function in &file.anatomy.functions {
        // A function sees no variable of the top.
        reader.scope = function.params.iter().map(String::as_str).collect();
        reader.block(&function.statements);
    }
    for (name, position) in reader.met {
        let diagnostic = Diagnostic::error(Code::Captured, format!("in this closure `{name}` is the function, not the variable"))
            .help(format!("give the variable another name than `fn {name}` has: a closure cannot capture one of that name"));
        found.report(diagnostic, position);
    }
}

/// Reads one body after the other and knows which variables can be seen.
struct Reader<'a> {
    anatomy: &'a Anatomy,
    functions: BTreeSet<&'a str>,
    /// Variables, the latest last.
    scope: Vec<&'a str>,
    /// Where in `scope` the variables of each closure begin in which the reader is, the innermost last.
    closures: Vec<usize>,
    met: Vec<(&'a str, Position)>,
}

impl<'a> Reader<'a> {
    fn block(&mut self, statements: &'a [Stmt]) {
        let before = self.scope.len();
        for statement in statements {
            self.node(Node::Statement(statement));
        }
        self.scope.truncate(before);
    }

    fn node(&mut self, node: Node<'a>) {
        match node {
            Node::Expression(expression) if written(expression).is_some() => return self.closure(expression),
            Node::Expression(expression) => self.seen(expression),
            Node::Statement(_) => {}
        }
        let inside = self.scope.len();
        self.scope.extend(bound_inside(node));
        for part in node.parts() {
            let before = self.scope.len();
            part.nodes.into_iter().for_each(|node| self.node(node));
            if part.is_block {
                self.scope.truncate(before);
            }
        }
        self.scope.truncate(inside);
        if let Node::Statement(Stmt::Var(parts, ..)) = node {
            self.scope.push(parts.0.name.as_str());
        }
    }

    fn closure(&mut self, expression: &'a Expr) {
        let Some(written) = written(expression) else { return };
        let Some(body) = self.anatomy.closure(&written) else { return };
        if self.closures.len() >= DEEPEST {
            return;
        }
        let (before, first) = (self.scope.len(), self.met.len());
        self.closures.push(before);
        // What it captures is not its own.
        self.scope.extend(body.params.iter().skip(written.captured.len()).map(String::as_str));
        self.block(&body.statements);
        self.closures.pop();
        self.scope.truncate(before);
        // Once for each name is enough.
        let mut inside = self.met.split_off(first);
        let mut names = BTreeSet::new();
        inside.retain(|(name, _)| names.insert(*name));
        self.met.append(&mut inside);
    }

    /// A variable that is read, if it is one: found outside of the closure, it is what the closure means and does not get.
    fn seen(&mut self, expression: &'a Expr) {
        let (Some(name), Some(begin)) = (variable(expression), self.closures.last()) else { return };
        let there = self.scope.iter().rposition(|bound| *bound == name);
        if self.functions.contains(name) && there.is_some_and(|there| there < *begin) {
            self.met.push((name, expression.start_position()));
        }
    }
}

/// The variables that a statement has for its own blocks.
fn bound_inside(node: Node<'_>) -> Vec<&str> {
    match node {
        Node::Statement(Stmt::For(parts, _)) => {
            std::iter::once(&parts.0).chain(&parts.1).map(|variable| variable.name.as_str()).collect()
        }
        Node::Statement(Stmt::TryCatch(flow, _)) => variable(&flow.expr).into_iter().collect(),
        _ => Vec::new(),
    }
}
