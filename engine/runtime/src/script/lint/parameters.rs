//! Parameters that are used and not declared, or declared and not used.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{ASTFlags, ASTNode, Expr, Position, Stmt};
use runbook_model::parameter::nearest;

use super::head::Head;
use super::{File, Found};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::reading::anatomy::{Anatomy, Node, variable, written};

pub(super) fn lint(file: &File<'_>, found: &mut Found<'_>) {
    let Some(head) = Head::of(file.anatomy).filter(Head::is_literal) else { return };
    let declared: BTreeMap<&str, Position> = match head.option("params") {
        None => BTreeMap::new(),
        Some((Expr::Map(items, _), _)) => items.0.iter().map(|(key, _)| (key.name.as_str(), key.pos)).collect(),
        // Worked out while the script runs: nothing is known.
        Some(_) => return,
    };
    let mut uses = Uses {
        anatomy: file.anatomy,
        name: head.variable.unwrap_or_default(),
        read: Vec::new(),
        set: BTreeSet::new(),
        whole: false,
    };
    if let Some(name) = head.variable {
        if bindings(file, name) > 1 {
            return;
        }
        for statement in &file.anatomy.top {
            uses.node(Node::Statement(statement));
        }
    }
    for (name, position) in &uses.read {
        if declared.contains_key(name.as_str()) || uses.set.contains(name) {
            continue;
        }
        let message = format!("the runbook has no parameter `{name}`");
        let diagnostic = Diagnostic::error(Code::UndeclaredParameter, message);
        let diagnostic = match nearest(name, declared.keys().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None if declared.is_empty() => diagnostic.help(format!("declare it: `params: #{{ {name}: #{{ help: \"…\" }} }}`")),
            None => diagnostic.help(format!("its parameters are: {}", declared.keys().copied().collect::<Vec<_>>().join(", "))),
        };
        found.report(diagnostic, *position);
    }
    if uses.whole {
        return;
    }
    for (name, position) in declared {
        if !uses.read.iter().any(|(read, _)| read == name) {
            let diagnostic = Diagnostic::warning(Code::UnusedParameter, format!("the parameter `{name}` is never used"))
                .help("people will be asked for it in vain: use it, or leave it out");
            found.report(diagnostic, position);
        }
    }
}

/// How many variables and parameters of closures in a file have this name. Functions see no variables, so theirs do not count.
fn bindings(file: &File<'_>, name: &str) -> usize {
    let mut count = 0;
    file.ast.walk(&mut |path| {
        count += match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(parts, ..))) => usize::from(parts.0.name == name),
            Some(ASTNode::Stmt(Stmt::For(parts, _))) => {
                let counter = parts.1.as_ref().is_some_and(|counter| counter.name == name);
                usize::from(parts.0.name == name) + usize::from(counter)
            }
            Some(ASTNode::Stmt(Stmt::TryCatch(flow, _))) => usize::from(variable(&flow.expr) == Some(name)),
            _ => 0,
        };
        true
    });
    count
}

/// How the variable that holds the parameters is used.
struct Uses<'a> {
    anatomy: &'a Anatomy,
    name: &'a str,
    read: Vec<(String, Position)>,
    set: BTreeSet<String>,
    /// Whether it is handed on as a whole, to where its use cannot be followed.
    whole: bool,
}

impl Uses<'_> {
    fn node(&mut self, node: Node<'_>) {
        match node {
            Node::Statement(Stmt::Assignment(parts)) => {
                if let Some((name, _)) = self.property(&parts.1.lhs) {
                    self.set.insert(name);
                }
                self.node(Node::Expression(&parts.1.lhs));
                self.node(Node::Expression(&parts.1.rhs));
            }
            Node::Expression(expression) => self.expression(expression),
            Node::Statement(_) => self.parts(node),
        }
    }

    fn parts(&mut self, node: Node<'_>) {
        for part in node.parts() {
            for inner in part.nodes {
                self.node(inner);
            }
        }
    }

    fn expression(&mut self, expression: &Expr) {
        if let Some(written) = written(expression) {
            if written.captured.iter().any(|captured| captured == self.name)
                && let Some(body) = self.anatomy.closure(&written)
            {
                body.statements.iter().for_each(|statement| self.node(Node::Statement(statement)));
            }
            return;
        }
        if let Some((name, position)) = self.property(expression) {
            self.read.push((name, position));
            // `p.name.len()`, `p.list[n]`: what stands behind the name may use parameters, too.
            if let Expr::Dot(parts, ..) | Expr::Index(parts, ..) = expression {
                match &parts.rhs {
                    Expr::Dot(rest, ..) | Expr::Index(rest, ..) => self.node(Node::Expression(&rest.rhs)),
                    _ => {}
                }
            }
            return;
        }
        if variable(expression) == Some(self.name) {
            self.whole = true;
            return;
        }
        self.parts(Node::Expression(expression));
    }

    /// The name in `p.name`, `p["name"]` and whatever follows it.
    fn property(&self, expression: &Expr) -> Option<(String, Position)> {
        let (Expr::Dot(parts, flags, _) | Expr::Index(parts, flags, _)) = expression else { return None };
        if variable(&parts.lhs) != Some(self.name) || flags.contains(ASTFlags::NEGATED) {
            return None;
        }
        let first = match &parts.rhs {
            Expr::Dot(rest, ..) | Expr::Index(rest, ..) if !matches!(parts.rhs, Expr::Property(..)) => &rest.lhs,
            other => other,
        };
        match first {
            Expr::Property(property, position) => Some((property.2.to_string(), *position)),
            Expr::StringConstant(text, position) => Some((text.to_string(), *position)),
            _ => None,
        }
    }
}
