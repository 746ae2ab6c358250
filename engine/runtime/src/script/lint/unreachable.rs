//! Statements that are never reached.

use rhai::{ASTFlags, Expr, Position, Stmt};

use super::{File, Found};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::{Diagnostic, Label};
use crate::script::language::vocabulary;
use crate::script::reading::anatomy::{Node, variable, written};

pub(super) fn lint(file: &File<'_>, found: &mut Found<'_>) {
    for statements in file.anatomy.bodies() {
        block(&statements.iter().map(Node::Statement).collect::<Vec<_>>(), found);
    }
}

fn block(nodes: &[Node<'_>], found: &mut Found<'_>) {
    let mut ended: Option<(Position, &'static str)> = None;
    for node in nodes {
        let Node::Statement(statement) = node else { continue };
        if let Some((end, word)) = ended
            && !matches!(statement, Stmt::Noop(_))
        {
            report(node, &format!("this `{word}` comes first"), end, found);
            // One report says it for all that follows.
            return;
        }
        inside(*node, found);
        ended = ended.or_else(|| end(statement));
    }
}

fn inside(node: Node<'_>, found: &mut Found<'_>) {
    let decided = match node {
        Node::Statement(Stmt::If(flow, _) | Stmt::While(flow, _)) => match &flow.expr {
            Expr::BoolConstant(value, position) => Some((*value, *position)),
            _ => None,
        },
        _ => None,
    };
    for part in node.parts() {
        let never = match decided {
            Some((true, _)) => part.arm == 2,
            Some((false, _)) => part.is_block && part.arm != 2,
            None => false,
        };
        match (decided, part.nodes.first()) {
            (Some((value, position)), Some(first)) if never => report(first, &format!("this is always {value}"), position, found),
            _ if part.is_block => block(&part.nodes, found),
            _ => part.nodes.iter().for_each(|node| inside(*node, found)),
        }
    }
}

/// Where and how a statement ends every way through it.
fn end(statement: &Stmt) -> Option<(Position, &'static str)> {
    match statement {
        Stmt::Return(_, flags, position) => Some((*position, if flags.contains(ASTFlags::BREAK) { "throw" } else { "return" })),
        Stmt::BreakLoop(_, flags, position) => {
            Some((*position, if flags.contains(ASTFlags::BREAK) { "break" } else { "continue" }))
        }
        Stmt::Block(inner) => inner.iter().find_map(end),
        Stmt::If(flow, position) => {
            flow.body.iter().find_map(end)?;
            flow.branch.iter().find_map(end).map(|_| (*position, "if"))
        }
        _ => None,
    }
}

fn report(node: &Node<'_>, why: &str, because: Position, found: &mut Found<'_>) {
    let message = match step(*node) {
        Some(name) => format!("the step \"{name}\" is never reached"),
        None => "this is never reached".to_owned(),
    };
    let mut diagnostic = Diagnostic::warning(Code::Unreachable, message);
    diagnostic.labels.extend(found.span(because).map(|span| Label { span, text: why.to_owned() }));
    found.report(diagnostic, node.position());
}

/// The name of the step that a node asks for first.
fn step(node: Node<'_>) -> Option<String> {
    let call = match node {
        Node::Statement(Stmt::FnCall(call, _)) => Some(call),
        Node::Expression(Expr::FnCall(call, _)) => Some(call),
        Node::Expression(expression) if written(expression).is_some() || variable(expression).is_some() => return None,
        _ => None,
    };
    if let Some(call) = call
        && !call.is_qualified()
        && vocabulary::STEPS.contains(&call.name.as_str())
        && let Some(Expr::StringConstant(name, _)) = call.args.first()
    {
        return Some(name.to_string());
    }
    node.parts().into_iter().flat_map(|part| part.nodes).find_map(step)
}
