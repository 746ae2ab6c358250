//! Options that do not exist, hold something else than they may, are missing, or do not go together.

use rhai::{Expr, Ident, Position};
use runbook_model::parameter::nearest;

use super::fitting::{fitting, named};
use super::literal::{Literal, literal};
use super::{File, Found};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::diagnosis::spots::options_of;
use crate::script::functions::options::unknown_option;
use crate::script::language::option_type::OptionType;
use crate::script::language::schema::{Table, table};

pub(super) fn lint(file: &File<'_>, found: &mut Found<'_>) {
    for met in file.calls.iter().filter(|met| !met.is_method) {
        if let Some((table, Expr::Map(map, _))) = options_of(met.call) {
            keys(table, &map.0, met.position, found);
        }
    }
}

type Items = [(Ident, Expr)];

/// Judges a map of options; `place` is where what it lacks is said.
fn keys(of: &'static Table, items: &Items, place: Position, found: &mut Found<'_>) {
    for (key, value) in items {
        let Some(option) = of.option(&key.name) else {
            let (message, help) = unknown_option(of, &key.name);
            let diagnostic = Diagnostic::error(Code::UnknownOption, message);
            let diagnostic = if help.starts_with("did you mean") { diagnostic.label(help) } else { diagnostic.help(help) };
            found.report(diagnostic, key.pos);
            continue;
        };
        if let Err(misfit) = fitting(option.kind, value, most(of.name, option.name)).and_then(|()| named(option.name, value)) {
            let message = format!("`{}` of `{}` wants {}; {}", option.name, of.name, option.kind.wanted(), misfit.found);
            let diagnostic = Diagnostic::error(Code::BadOption, message);
            let diagnostic = match misfit.help {
                Some(help) => diagnostic.label(help),
                None => diagnostic,
            };
            found.report(diagnostic, misfit.position);
            continue;
        }
        inner(option.kind, value, key.pos, found);
    }
    for option in of.options.iter().filter(|option| option.required && !is_meant(of, items, option.name)) {
        let message = format!("`{}` needs the option `{}`: {}", of.name, option.name, option.help);
        found.report(Diagnostic::error(Code::BadOption, message), place);
    }
    together(of, items, place, found);
}

/// Judges the maps inside an option.
fn inner(kind: OptionType, value: &Expr, place: Position, found: &mut Found<'_>) {
    match (kind, literal(value)) {
        (OptionType::Map(name), Some(Literal::Map(items))) => keys(table(name), items, place, found),
        (OptionType::Retry, Some(Literal::Map(items))) => keys(table("command.retry"), items, place, found),
        (OptionType::Rollback, Some(Literal::Map(items))) => keys(table("rollback"), items, place, found),
        (OptionType::Rollback, Some(Literal::List(changes))) => {
            for change in changes {
                if let Some(Literal::Map(items)) = literal(change) {
                    keys(table("rollback"), items, change.start_position(), found);
                }
            }
        }
        (OptionType::Parameters, Some(Literal::Map(parameters))) => {
            for (name, parameter) in parameters {
                match literal(parameter) {
                    Some(Literal::Map(items)) => keys(table("runbook.params"), items, name.pos, found),
                    Some(odd) => {
                        let message = format!("the parameter `{}` wants a map, this is {}", name.name, odd.named());
                        let help = "write `#{ help: \"…\" }`, with `fallback: …` when it need not be given";
                        found.report(Diagnostic::error(Code::BadOption, message).help(help), parameter.start_position());
                    }
                    None => {}
                }
            }
        }
        _ => {}
    }
}

/// The largest number that an option may hold which counts something.
fn most(of: &str, option: &str) -> u32 {
    match (of, option) {
        ("confirm", "quorum") | ("parallel", "max") => 100,
        ("command.retry", "times") => 1000,
        _ => u32::MAX,
    }
}

/// Options that exclude or need each other.
fn together(of: &Table, items: &Items, place: Position, found: &mut Found<'_>) {
    let at = |name: &str| items.iter().find(|(key, _)| key.name == name).map_or(place, |(key, _)| key.pos);
    let mut complain = |name: &str, message: String, help: &str| {
        let diagnostic = Diagnostic::error(Code::BadOption, message);
        found.report(if help.is_empty() { diagnostic } else { diagnostic.help(help) }, at(name));
    };
    if matches!(of.name, "command" | "rollback") {
        let kinds: Vec<_> = ["run", "write", "http"].into_iter().filter(|kind| has(items, kind)).collect();
        match kinds.as_slice() {
            [] if ["run", "write", "http"].into_iter().any(|kind| is_meant(of, items, kind)) => {}
            [] => complain("", format!("one of `run`, `write` and `http` is needed: what shall this {} do?", of.name), ""),
            ["run"] => {}
            [kind] => {
                if let Some(odd) = ["env", "env_files", "cwd", "stdin"].into_iter().find(|odd| has(items, odd)) {
                    complain(odd, format!("`{odd}` belongs to `run`, and means nothing for `{kind}`"), "");
                }
            }
            [first, second, ..] => {
                complain(
                    second,
                    format!("`{first}` and `{second}` cannot stand together: a command makes one change"),
                    "write two commands",
                );
            }
        }
    }
    let excluding: &[(&str, &str, &str)] = &[("confirm", "choices", "input"), ("command.http", "json", "body")];
    for (name, first, second) in excluding.iter().filter(|(name, ..)| *name == of.name) {
        if has(items, first) && has(items, second) {
            complain(second, format!("`{first}` and `{second}` cannot stand together in `{name}`"), "");
        }
    }
    let needing: &[(&str, &str, &str)] = &[
        ("confirm", "escalate", "deadline"),
        ("confirm", "on_timeout", "deadline"),
        ("runbook", "lock_wait", "lock"),
        ("phase", "lock_wait", "lock"),
    ];
    for (_, option, needed) in needing.iter().filter(|(name, ..)| *name == of.name) {
        if has(items, option) && !has(items, needed) {
            complain(option, format!("`{option}` means nothing without `{needed}`"), "");
        }
    }
    if of.name == "confirm" {
        let is_yes_or_no = !has(items, "choices") && !has(items, "input");
        if is_yes_or_no && has(items, "assume") {
            complain("assume", "a rehearsal takes a question of yes or no as answered with yes".to_owned(), "leave `assume` out");
        }
        let says = |value: &Expr| matches!(literal(value), Some(Literal::Text("proceed")));
        if !is_yes_or_no && items.iter().any(|(key, value)| key.name == "on_timeout" && says(value)) {
            let message = "nobody has answered then: there is no choice or text to proceed with".to_owned();
            complain("on_timeout", message, "say `\"stop\"` or `\"rollback\"`, or ask a question of yes or no");
        }
    }
}

/// Whether an option is there, or one that is misspelt and nearest to it, which is complained about already.
fn is_meant(of: &Table, items: &Items, name: &str) -> bool {
    let known = || of.options.iter().map(|option| option.name);
    let means = |key: &str| key == name || (of.option(key).is_none() && nearest(key, known()) == Some(name));
    items.iter().any(|(key, _)| means(&key.name))
}

fn has(items: &Items, name: &str) -> bool {
    items.iter().any(|(key, _)| key.name == name)
}
