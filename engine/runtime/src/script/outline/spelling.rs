//! An expression as its author wrote it, as near as the parsed form allows, on one line.

use rhai::{Expr, FnCallExpr, Stmt};

use crate::script::reading::anatomy::written;

/// Deeper than this nobody reads; Rhai itself refuses to parse much more.
const DEEPEST: u32 = 24;
/// What stands for a part that is left out.
const CUT: &str = "…";

/// The words of an expression. Texts stand in quotes.
pub(super) fn spelled(expression: &Expr) -> String {
    spell(expression, DEEPEST)
}

/// The same for what is a text to people: without the quotes, and with `${…}` where a value goes.
pub(super) fn text(expression: &Expr) -> String {
    match expression {
        Expr::StringConstant(text, _) => text.to_string(),
        Expr::InterpolatedString(parts, _) => template(parts, DEEPEST),
        other => format!("${{{}}}", spelled(other)),
    }
}

/// A program with its arguments, as one would type it; values that are worked out stand as `${…}`.
pub(super) fn command_line(expression: &Expr) -> String {
    match expression {
        Expr::Array(words, _) => words.iter().map(word).collect::<Vec<_>>().join(" "),
        // A script for the shell is shown as it is.
        Expr::FnCall(call, _) if call.name == "sh" && !call.is_qualified() => {
            let script = call.args.first().map(text).unwrap_or_default();
            let given = call.args.get(1).map(|given| format!("  with {}", spelled(given))).unwrap_or_default();
            format!("sh: {}{given}", script.trim())
        }
        other => format!("${{{}}}", spelled(other)),
    }
}

fn word(expression: &Expr) -> String {
    let word = text(expression);
    match expression {
        Expr::StringConstant(..) | Expr::InterpolatedString(..)
            if word.is_empty() || word.contains([' ', '\t', '\n', '"', '\'']) =>
        {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
        Expr::IntegerConstant(..) | Expr::FloatConstant(..) | Expr::BoolConstant(..) => spelled(expression),
        _ => word,
    }
}

fn spell(expression: &Expr, left: u32) -> String {
    let Some(left) = left.checked_sub(1) else { return CUT.to_owned() };
    if written(expression).is_some() {
        return format!("|{CUT}| {CUT}");
    }
    let joined = |items: &[Expr], between: &str| items.iter().map(|item| spell(item, left)).collect::<Vec<_>>().join(between);
    match expression {
        Expr::BoolConstant(flag, _) => flag.to_string(),
        Expr::IntegerConstant(number, _) => number.to_string(),
        Expr::FloatConstant(number, _) => number.to_string(),
        Expr::CharConstant(letter, _) => format!("'{letter}'"),
        Expr::StringConstant(text, _) => format!("\"{text}\""),
        Expr::InterpolatedString(parts, _) => format!("`{}`", template(parts, left)),
        Expr::Array(items, _) => format!("[{}]", joined(items, ", ")),
        Expr::Map(items, _) => {
            let items: Vec<_> = items.0.iter().map(|(key, value)| format!("{}: {}", key.name, spell(value, left))).collect();
            format!("#{{{}}}", items.join(", "))
        }
        Expr::Unit(_) => "()".to_owned(),
        Expr::Variable(parts, ..) => {
            let spaces = parts.2.path.iter().map(|space| format!("{}::", space.name)).collect::<String>();
            format!("{spaces}{}", parts.1)
        }
        Expr::ThisPtr(_) => "this".to_owned(),
        Expr::Property(property, _) => property.2.to_string(),
        Expr::Dot(parts, ..) => format!("{}.{}", grouped(&parts.lhs, left, true), spell(&parts.rhs, left)),
        Expr::Index(parts, ..) => format!("{}[{}]", grouped(&parts.lhs, left, true), spell(&parts.rhs, left)),
        Expr::And(items, _) => items.iter().map(|item| grouped(item, left, false)).collect::<Vec<_>>().join(" && "),
        Expr::Or(items, _) => items.iter().map(|item| grouped(item, left, false)).collect::<Vec<_>>().join(" || "),
        Expr::Coalesce(items, _) => items.iter().map(|item| grouped(item, left, false)).collect::<Vec<_>>().join(" ?? "),
        Expr::FnCall(call, _) | Expr::MethodCall(call, _) => called(call, left),
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Expr(inner)] => spell(inner, left),
            [Stmt::FnCall(call, _)] => called(call, left),
            _ => format!("{{ {CUT} }}"),
        },
        _ => CUT.to_owned(),
    }
}

/// A call, or an operator between its sides.
pub(super) fn call(call: &FnCallExpr) -> String {
    called(call, DEEPEST)
}

fn called(call: &FnCallExpr, left: u32) -> String {
    let Some(left) = left.checked_sub(1) else { return CUT.to_owned() };
    let side = |side: &Expr| grouped(side, left, true);
    match (call.is_operator_call(), call.args.as_slice()) {
        (true, [one]) => format!("{}{}", call.name, side(one)),
        (true, [first, second]) => format!("{} {} {}", side(first), call.name, side(second)),
        (_, arguments) => {
            let spaces = call.namespace.path.iter().map(|space| format!("{}::", space.name)).collect::<String>();
            let arguments: Vec<_> = arguments.iter().map(|argument| spell(argument, left)).collect();
            format!("{spaces}{}({})", call.name, arguments.join(", "))
        }
    }
}

/// An expression in brackets where its neighbours would otherwise take a part of it: one of several conditions always,
/// an operator where `tight`.
fn grouped(expression: &Expr, left: u32, tight: bool) -> String {
    let words = spell(expression, left);
    let loose = matches!(expression, Expr::And(..) | Expr::Or(..) | Expr::Coalesce(..));
    let operator = matches!(expression, Expr::FnCall(inner, _) if inner.is_operator_call() && inner.args.len() == 2);
    if loose || (tight && operator) { format!("({words})") } else { words }
}

fn template(parts: &[Expr], left: u32) -> String {
    let parts = parts.iter().map(|part| match part {
        Expr::StringConstant(text, _) => text.to_string(),
        other => format!("${{{}}}", spell(other, left)),
    });
    parts.collect()
}
