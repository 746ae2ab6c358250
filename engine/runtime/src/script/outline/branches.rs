//! The ways of an `if` and of a `switch`, with the words that lead to them.

use rhai::{Expr, FlowControl, Stmt, SwitchCasesCollection};

use super::spelling::spelled;
use crate::script::reading::anatomy::Node;
use crate::script::source::Sources;

/// A way, and what is done on it.
pub(super) type Way<'a> = (String, Vec<Node<'a>>);

/// The ways of an `if` with all that hang on its `else`.
pub(super) fn of_if<'a>(flow: &'a FlowControl, ways: &mut Vec<Way<'a>>) {
    let word = if ways.is_empty() { "if" } else { "else if" };
    ways.push((format!("{word} {}", spelled(&flow.expr)), statements(flow.body.statements())));
    match flow.branch.statements() {
        [] => {}
        [Stmt::If(next, _)] => of_if(next, ways),
        // Rhai keeps an `else if` as it is, or as an expression.
        [Stmt::Expr(inner)] if matches!(&**inner, Expr::Stmt(block) if matches!(block.statements(), [Stmt::If(..)])) => {
            if let Expr::Stmt(block) = &**inner
                && let [Stmt::If(next, _)] = block.statements()
            {
                of_if(next, ways);
            }
        }
        branch => ways.push(("else".to_owned(), statements(branch))),
    }
}

/// The ways of a `switch`. Of a case Rhai keeps only a hash, so its words are taken from the text.
pub(super) fn of_switch<'a>(value: &Expr, cases: &'a SwitchCasesCollection, sources: &Sources, file: &str) -> Vec<Way<'a>> {
    let value = spelled(value);
    let way = |(at, case): (usize, &'a rhai::BinaryExpr)| {
        let position = case.rhs.start_position();
        let line = position.line().and_then(|line| sources.line(file, u32::try_from(line).ok()?)).unwrap_or_default();
        let before: String = line.chars().take(position.position().unwrap_or(1).saturating_sub(1)).collect();
        let label = before.rsplit_once("=>").map(|(label, _)| label.rsplit([',', '{']).next().unwrap_or(label).trim().to_owned());
        let words = match label {
            _ if cases.def_case == Some(at) => format!("{value} is anything else"),
            Some(label) if !label.is_empty() => format!("{value} is {label}"),
            _ => format!("{value}, case {}", at + 1),
        };
        (words, vec![Node::Expression(&case.rhs)])
    };
    cases.expressions.iter().enumerate().map(way).collect()
}

pub(super) fn statements(statements: &[Stmt]) -> Vec<Node<'_>> {
    statements.iter().map(Node::Statement).collect()
}
