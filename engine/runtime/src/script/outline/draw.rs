//! Draws the outline of a program.

use std::collections::BTreeMap;

use rhai::{AST, ASTFlags, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::branches::{of_if, of_switch, statements};
use super::item::{Arm, Detail, Item, Outline, StepOutline};
use super::spelling::{call, spelled, text};
use super::step::{details, option_of, way_back};
use crate::script::diagnosis::span;
use crate::script::language::vocabulary::{self, MODULES};
use crate::script::performing::depth::at_depth;
use crate::script::program::Program;
use crate::script::reading::anatomy::{Anatomy, Body, Node, written};
use crate::script::source::{Sources, resolved};

/// Functions in functions are followed to this depth; a function inside itself is not.
const DEEPEST: usize = 32;
/// So many items are drawn: a function that is called in a hundred places is drawn in each.
const MOST: usize = 5_000;

impl Program {
    /// The steps of the runbook as they are written. Nothing is run.
    #[must_use]
    pub fn outline(&self) -> Outline {
        at_depth(|| {
            let (sources, asts) = self.texts();
            let files: BTreeMap<_, _> = asts.iter().map(|(name, ast)| (name.as_str(), (ast, Anatomy::of(ast)))).collect();
            let entry = sources.entry();
            let Some((_, anatomy)) = files.get(entry) else { return Outline::default() };
            let mut pen = Pen { sources, files: &files, file: entry, open: Vec::new(), drawn: 0 };
            Outline { items: pen.all(statements(&anatomy.top)) }
        })
    }
}

struct Pen<'a> {
    sources: &'a Sources,
    files: &'a BTreeMap<&'a str, (&'a AST, Anatomy)>,
    file: &'a str,
    /// The functions that are being drawn, by file and name.
    open: Vec<(String, String)>,
    drawn: usize,
}

impl<'a> Pen<'a> {
    fn all(&mut self, nodes: Vec<Node<'a>>) -> Vec<Item> {
        let mut items = Vec::new();
        for node in nodes {
            self.node(node, &mut items);
        }
        items
    }

    fn node(&mut self, node: Node<'a>, items: &mut Vec<Item>) {
        match node {
            Node::Statement(Stmt::If(flow, _)) => {
                self.node(Node::Expression(&flow.expr), items);
                let mut ways = Vec::new();
                of_if(flow, &mut ways);
                self.choice(ways, items);
            }
            Node::Statement(Stmt::Switch(parts, _)) => {
                self.node(Node::Expression(&parts.0), items);
                let ways = of_switch(&parts.0, &parts.1, self.sources, self.file);
                self.choice(ways, items);
            }
            Node::Statement(Stmt::TryCatch(flow, _)) => {
                items.extend(self.all(statements(flow.body.statements())));
                self.choice(vec![("when that fails".to_owned(), statements(flow.branch.statements()))], items);
            }
            Node::Statement(Stmt::For(parts, _)) => {
                self.node(Node::Expression(&parts.2.expr), items);
                let words = format!("for {} in {}", parts.0.name, spelled(&parts.2.expr));
                self.repeat(words, statements(parts.2.body.statements()), items);
            }
            Node::Statement(Stmt::While(flow, _)) => {
                let words = if matches!(flow.expr, Expr::Unit(_)) {
                    "again and again".to_owned()
                } else {
                    format!("while {}", spelled(&flow.expr))
                };
                self.repeat(words, statements(flow.body.statements()), items);
            }
            Node::Statement(Stmt::Do(flow, flags, _)) => {
                let word = if flags.intersects(ASTFlags::NEGATED) { "until" } else { "while" };
                self.repeat(format!("once, and again {word} {}", spelled(&flow.expr)), statements(flow.body.statements()), items);
            }
            Node::Statement(Stmt::Return(why, flags, _)) if flags.intersects(ASTFlags::BREAK) => {
                items.push(Item::Stop { why: why.as_deref().map(text).unwrap_or_default() });
            }
            Node::Statement(Stmt::FnCall(inner, position)) | Node::Expression(Expr::FnCall(inner, position))
                if inner.name != "curry" =>
            {
                self.call(inner, *position, items);
            }
            // `hosts.for_each(|host| …)`: the closure is called for each of them.
            Node::Expression(Expr::Dot(parts, ..)) => {
                self.node(Node::Expression(&parts.lhs), items);
                self.node(Node::Expression(&parts.rhs), items);
                if let Expr::MethodCall(method, _) = &parts.rhs {
                    let bodies: Vec<_> = method.args.iter().filter_map(|argument| self.closure(argument)).collect();
                    for body in bodies {
                        self.repeat(format!("{} of {}", method.name, spelled(&parts.lhs)), statements(&body.statements), items);
                    }
                }
            }
            _ => {
                let parts: Vec<_> = node.parts().into_iter().flat_map(|part| part.nodes).collect();
                items.extend(self.all(parts));
            }
        }
    }

    fn choice(&mut self, ways: Vec<(String, Vec<Node<'a>>)>, items: &mut Vec<Item>) {
        let mut arms: Vec<_> = ways.into_iter().map(|(when, nodes)| Arm { when, items: self.all(nodes) }).collect();
        // Where nothing is done nothing needs to be said, except that the other way was not taken.
        while arms.last().is_some_and(|arm| arm.items.is_empty()) {
            arms.pop();
        }
        if !arms.is_empty() {
            items.push(Item::Choice { arms });
        }
    }

    fn repeat(&mut self, words: String, nodes: Vec<Node<'a>>, items: &mut Vec<Item>) {
        let inner = self.all(nodes);
        if !inner.is_empty() {
            items.push(Item::Repeat { words, items: inner });
        }
    }

    fn closure(&self, expression: &Expr) -> Option<&'a Body> {
        let (_, anatomy) = self.files.get(self.file)?;
        anatomy.closure(&written(expression)?)
    }

    fn block(&mut self, expression: &Expr) -> Vec<Item> {
        self.closure(expression).map(|body| self.all(statements(&body.statements))).unwrap_or_default()
    }

    fn call(&mut self, called: &'a FnCallExpr, position: Position, items: &mut Vec<Item>) {
        self.drawn += 1;
        if self.drawn > MOST {
            return;
        }
        let name = called.name.as_str();
        if called.is_qualified() || !vocabulary::NAMES.contains(&name) {
            // What it is called with comes first: there may be a step among it.
            let arguments: Vec<_> = called.args.iter().map(Node::Expression).collect();
            items.extend(self.all(arguments));
            self.function(called, items);
            return;
        }
        match name {
            "phase" => {
                let inner = called.args.last().map(|body| self.block(body)).unwrap_or_default();
                items.push(Item::Phase { name: titled(called), details: details("phase", options(called)), items: inner });
            }
            "parallel" => {
                let over = called.args.get(1).map(spelled).unwrap_or_default();
                let inner = called.args.last().map(|body| self.block(body)).unwrap_or_default();
                items.push(Item::Parallel {
                    name: titled(called),
                    over,
                    details: details("parallel", options(called)),
                    items: inner,
                });
            }
            "attempt" => {
                let inner = called.args.first().map(|body| self.block(body)).unwrap_or_default();
                items.extend(inner);
            }
            "check" | "command" | "confirm" | "rollback" => {
                let step = self.step(called, position);
                items.push(Item::Step(step));
            }
            _ => {}
        }
    }

    fn step(&mut self, called: &'a FnCallExpr, position: Position) -> StepOutline {
        let at = span::location(self.file, position);
        let kind = called.name.as_str();
        let options = options(called);
        let mut step = StepOutline {
            kind: kind.to_owned(),
            name: titled(called),
            file: at.file,
            line: at.line,
            details: details(kind, options),
            ..StepOutline::default()
        };
        if let ("check", Some(body)) = (kind, called.args.get(1).and_then(|look| self.closure(look))) {
            let mut looks = Vec::new();
            body.statements.iter().for_each(|statement| looked_at(Node::Statement(statement), &mut looks));
            looks.dedup();
            step.details.splice(0..0, looks.into_iter().map(|text| Detail { name: "looks".to_owned(), text }));
        }
        match (kind, option_of(options, "rollback"), called.args.get(1)) {
            ("command", Some(way), _) => {
                step.rollback = way_back(way);
                step.rollback_steps = self.block(way);
            }
            ("command", None, _) if option_of(options, "write").is_some() => {
                step.rollback = vec!["what stood there before".to_owned()];
            }
            ("rollback", _, Some(body)) => step.rollback_steps = self.block(body),
            _ => {}
        }
        step
    }

    /// A function of the repository, with its steps when it has some.
    fn function(&mut self, called: &FnCallExpr, items: &mut Vec<Item>) {
        let file = match called.namespace.path.as_slice() {
            [] => Some(self.file),
            [space] => self.module(&space.name),
            _ => None,
        };
        let Some(file) = file.filter(|_| self.open.len() < DEEPEST) else { return };
        let Some((_, anatomy)) = self.files.get(file) else { return };
        let wanted = |body: &&Body| body.name == called.name.as_str() && body.params.len() == called.args.len();
        let Some(body) = anatomy.functions.iter().find(wanted) else { return };
        let itself = (file.to_owned(), body.name.clone());
        let function = call(called).split('(').next().unwrap_or_default().to_owned();
        if self.open.contains(&itself) {
            items.push(Item::Call { function, items: Vec::new() });
            return;
        }
        self.open.push(itself);
        let outside = std::mem::replace(&mut self.file, file);
        let inner = self.all(statements(&body.statements));
        self.file = outside;
        self.open.pop();
        // A function that throws and does nothing else is no part of the procedure.
        if has_step(&inner) {
            items.push(Item::Call { function, items: inner });
        }
    }

    fn module(&self, alias: &str) -> Option<&'a str> {
        let (ast, _) = self.files.get(self.file)?;
        let mut name = None;
        ast.walk(&mut |path| {
            if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = path.last()
                && import.1.name == alias
                && let Expr::StringConstant(path, _) = &import.0
            {
                name = resolved(self.file, path).ok();
            }
            true
        });
        let name = name?;
        self.files.keys().find(|file| **file == name).copied()
    }
}

/// The calls by which a check looks at the world: those of modules.
fn looked_at(node: Node<'_>, looks: &mut Vec<String>) {
    if let Node::Statement(Stmt::FnCall(inner, _)) | Node::Expression(Expr::FnCall(inner, _)) = node
        && inner.is_qualified()
    {
        // The options of a look are of no interest here, and may be long.
        let engines = inner.namespace.path.first().is_some_and(|space| MODULES.iter().any(|(module, _)| *module == space.name));
        let words = match (engines, inner.args.first()) {
            (true, Some(first)) => format!("{}({})", call(inner).split('(').next().unwrap_or_default(), spelled(first)),
            _ => call(inner),
        };
        looks.push(words);
    }
    node.parts().into_iter().flat_map(|part| part.nodes).for_each(|inner| looked_at(inner, looks));
}

fn has_step(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Stop { .. } => false,
        Item::Choice { arms } => arms.iter().any(|arm| has_step(&arm.items)),
        Item::Repeat { items, .. } => has_step(items),
        _ => true,
    })
}

fn titled(called: &FnCallExpr) -> String {
    called.args.first().map(text).unwrap_or_default()
}

/// The options of a step that are written out as a map: wherever it stands among the arguments.
fn options(called: &FnCallExpr) -> &[(rhai::Ident, Expr)] {
    let map = called.args.iter().skip(1).find_map(|argument| match argument {
        Expr::Map(items, _) => Some(items.0.as_slice()),
        _ => None,
    });
    map.unwrap_or_default()
}
