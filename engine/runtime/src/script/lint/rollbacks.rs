//! Commands that say nothing about their way back, where a way back was promised or others have one.

use std::collections::BTreeSet;

use rhai::{Expr, Ident};

use super::head::Head;
use super::{File, Found};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::reading::survey::Met;

pub(super) fn lint(file: &File<'_>, found: &mut Found<'_>) {
    let promised = Head::of(file.anatomy).and_then(|head| head.option("rollback"));
    let promised = matches!(promised, Some((Expr::BoolConstant(true, _), _)));
    // What is done while rolling back is not itself rolled back.
    let backwards = backwards(file);
    let rolls_back = |met: &Met<'_>| met.rolls_back || met.function.is_some_and(|function| backwards.contains(&function));
    let commands: Vec<_> = file.calls.iter().filter(|met| met.is("command") && !rolls_back(met)).collect();
    let others = commands.iter().any(|met| options(met).is_some_and(|options| has(options, "rollback")))
        || file.calls.iter().any(|met| met.is("rollback"));
    if !promised && !others {
        return;
    }
    for met in commands {
        let Some(options) = options(met) else { continue };
        // The way back of a file comes by itself.
        if has(options, "rollback") || has(options, "write") {
            continue;
        }
        let name = met.title().map_or_else(|| "this command".to_owned(), |(name, _)| format!("\"{name}\""));
        let diagnostic = if promised {
            Diagnostic::error(
                Code::NoWayBack,
                format!("{name} has no `rollback`, and the runbook promises one with `rollback: true`"),
            )
        } else {
            Diagnostic::warning(Code::NoWayBack, format!("{name} has no `rollback`, though other commands have one"))
        };
        found.report(
            diagnostic.help("say how to take it back, or `rollback: \"nothing\"` when there is nothing to take back"),
            met.position,
        );
    }
}

/// The functions that only rollbacks call, by their numbers.
fn backwards(file: &File<'_>) -> BTreeSet<usize> {
    let functions = &file.anatomy.functions;
    let mut found = BTreeSet::new();
    loop {
        let rolls_back = |met: &Met<'_>| met.rolls_back || met.function.is_some_and(|function| found.contains(&function));
        let next: BTreeSet<_> = (0..functions.len())
            .filter(|number| {
                let mut calls = file.calls.iter().filter(|met| met.call.name == functions[*number].name).peekable();
                calls.peek().is_some() && calls.all(rolls_back)
            })
            .collect();
        if next == found {
            return found;
        }
        found = next;
    }
}

fn options<'a>(met: &Met<'a>) -> Option<&'a [(Ident, Expr)]> {
    match met.call.args.get(1) {
        Some(Expr::Map(items, _)) => Some(items.0.as_slice()),
        _ => None,
    }
}

fn has(options: &[(Ident, Expr)], name: &str) -> bool {
    options.iter().any(|(key, _)| key.name == name)
}
