//! Every call of a file, with the place in which it is made: between steps, in a look, in a function.

use rhai::{Expr, FnCallExpr, Position, Stmt};

use crate::script::diagnosis::spots::options_of;
use crate::script::language::vocabulary;
use crate::script::reading::anatomy::{Anatomy, Node, written};

/// In what kind of place a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::script) enum Place {
    /// Between steps: it is made each time the script comes by.
    Script,
    /// In the closure of a check, or in a `settled_by`: it may only look.
    Look,
    /// In a function: that depends on who calls it.
    Function,
    /// In a closure that was kept for later.
    Elsewhere,
}

/// A call, and where it stands.
#[derive(Debug)]
pub(in crate::script) struct Met<'a> {
    /// The call.
    pub(in crate::script) call: &'a FnCallExpr,
    /// Where it begins.
    pub(in crate::script) position: Position,
    /// The kind of place.
    pub(in crate::script) place: Place,
    /// The function that it stands in, by its number in [`Anatomy::functions`].
    pub(in crate::script) function: Option<usize>,
    /// Calls of one group stand below the same phase.
    pub(in crate::script) group: usize,
    /// Whether it is part of a rollback.
    pub(in crate::script) rolls_back: bool,
    /// The branches that lead to it: a node, and which of its arms.
    arms: Vec<(usize, u32)>,
    /// Whether it is made on a value: `x.len()`.
    pub(in crate::script) is_method: bool,
}

impl Met<'_> {
    /// The whole name: `http::get`.
    pub(in crate::script) fn name(&self) -> String {
        let spaces = self.call.namespace.path.iter().map(|part| part.name.as_str());
        spaces.chain([self.call.name.as_str()]).collect::<Vec<_>>().join("::")
    }

    /// Whether it is a function of the engine of this name, such as `command`.
    pub(in crate::script) fn is(&self, name: &str) -> bool {
        !self.is_method && !self.call.is_qualified() && self.call.name == name
    }

    /// Whether it asks for a step, or for a phase of steps.
    pub(in crate::script) fn is_step(&self) -> bool {
        !self.is_method && !self.call.is_qualified() && vocabulary::STEPS.contains(&self.call.name.as_str())
    }

    /// The name of the step, when it is a plain text.
    pub(in crate::script) fn title(&self) -> Option<(&str, Position)> {
        match self.call.args.first() {
            Some(Expr::StringConstant(text, position)) if self.is_step() => Some((text.as_str(), *position)),
            _ => None,
        }
    }

    /// Whether only one of the two is made: they stand in different branches.
    pub(in crate::script) fn excludes(&self, other: &Self) -> bool {
        self.arms.iter().any(|(node, arm)| other.arms.iter().any(|(with, taken)| node == with && arm != taken))
    }
}

/// Every call, in the order of the text as far as closures allow.
pub(in crate::script) fn survey(anatomy: &Anatomy) -> Vec<Met<'_>> {
    let mut surveyor = Surveyor { anatomy, met: Vec::new(), groups: 0, nodes: 0, open: 0, at: At::default() };
    surveyor.all(&anatomy.top);
    for (number, function) in anatomy.functions.iter().enumerate() {
        surveyor.groups += 1;
        surveyor.at = At { place: Place::Function, function: Some(number), group: surveyor.groups, ..At::default() };
        surveyor.all(&function.statements);
    }
    surveyor.met
}

/// Closures in closures are followed to this depth, which Rhai does not parse: a guard against a circle, no limit.
const DEEPEST: u32 = 200;

struct Surveyor<'a> {
    anatomy: &'a Anatomy,
    met: Vec<Met<'a>>,
    groups: usize,
    nodes: usize,
    open: u32,
    at: At,
}

#[derive(Clone)]
struct At {
    place: Place,
    function: Option<usize>,
    group: usize,
    rolls_back: bool,
    arms: Vec<(usize, u32)>,
}

impl Default for At {
    fn default() -> Self {
        Self { place: Place::Script, function: None, group: 0, rolls_back: false, arms: Vec::new() }
    }
}

impl<'a> Surveyor<'a> {
    fn all(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            self.node(Node::Statement(statement));
        }
    }

    fn node(&mut self, node: Node<'a>) {
        match node {
            Node::Statement(Stmt::FnCall(call, position)) | Node::Expression(Expr::FnCall(call, position))
                if call.name != "curry" =>
            {
                self.call(call, *position, false);
            }
            Node::Expression(Expr::MethodCall(call, position)) => self.call(call, *position, true),
            Node::Expression(expression) if written(expression).is_some() => {
                self.closure(expression, At { place: Place::Elsewhere, ..self.at.clone() });
            }
            _ => self.parts(node),
        }
    }

    fn parts(&mut self, node: Node<'a>) {
        self.nodes += 1;
        let number = self.nodes;
        for part in node.parts() {
            if part.arm != 0 {
                self.at.arms.push((number, part.arm));
            }
            for inner in part.nodes {
                self.node(inner);
            }
            if part.arm != 0 {
                self.at.arms.pop();
            }
        }
    }

    fn call(&mut self, call: &'a FnCallExpr, position: Position, is_method: bool) {
        let At { place, function, group, rolls_back, arms } = self.at.clone();
        self.met.push(Met { call, position, place, function, group, rolls_back, arms, is_method });
        let engines = !is_method && !call.is_qualified() && vocabulary::NAMES.contains(&call.name.as_str());
        let options = options_of(call).filter(|_| !is_method);
        for (at, argument) in call.args.iter().enumerate() {
            if written(argument).is_some() {
                let inside = self.inside(call, engines, is_method, at);
                self.closure(argument, inside);
                continue;
            }
            match (options, argument) {
                (Some((table, _)), Expr::Map(items, _)) if table.argument == Some(at) => {
                    for (key, value) in &items.0 {
                        if written(value).is_none() {
                            self.node(Node::Expression(value));
                            continue;
                        }
                        let inside = match key.name.as_str() {
                            "settled_by" => At { place: Place::Look, ..self.at.clone() },
                            "rollback" => self.grouped(true),
                            _ => At { place: Place::Elsewhere, ..self.at.clone() },
                        };
                        self.closure(value, inside);
                    }
                }
                _ => self.node(Node::Expression(argument)),
            }
        }
    }

    /// Where the closure stands that is the argument of a call.
    fn inside(&mut self, call: &FnCallExpr, engines: bool, is_method: bool, argument: usize) -> At {
        match call.name.as_str() {
            "check" if engines && argument == 1 => At { place: Place::Look, ..self.at.clone() },
            "rollback" if engines => self.grouped(true),
            "attempt" if engines => self.at.clone(),
            _ if engines => self.grouped(false),
            // `[1, 2].map(|x| …)` calls it on the spot.
            _ if is_method => self.at.clone(),
            _ => At { place: Place::Elsewhere, ..self.at.clone() },
        }
    }

    fn grouped(&mut self, rolls_back: bool) -> At {
        self.groups += 1;
        At { group: self.groups, rolls_back: self.at.rolls_back || rolls_back, ..self.at.clone() }
    }

    fn closure(&mut self, expression: &Expr, inside: At) {
        let Some(body) = written(expression).and_then(|written| self.anatomy.closure(&written)) else { return };
        if self.open >= DEEPEST {
            return;
        }
        self.open += 1;
        let outside = std::mem::replace(&mut self.at, inside);
        self.all(&body.statements);
        self.at = outside;
        self.open -= 1;
    }
}
