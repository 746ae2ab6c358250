//! What is said about one step in its options.

use rhai::{Expr, Ident};

use super::item::Detail;
use super::spelling::{command_line, spelled, text};
use crate::script::language::schema::table;
use crate::script::reading::anatomy::written;

/// The options of a step that are worth a line, in the order of their table. `rollback` is not among them.
pub(super) fn details(function: &str, options: &[(Ident, Expr)]) -> Vec<Detail> {
    let mut details = Vec::new();
    for option in table(function).options {
        let Some(value) = option_of(options, option.name) else { continue };
        let text = match option.name {
            "rollback" | "env" | "env_files" | "stdin" | "output" | "assume" => continue,
            "run" => command_line(value),
            "write" | "http" => change(option.name, value),
            "settled_by" => "says itself whether it took effect".to_owned(),
            _ => plain(value),
        };
        details.push(Detail { name: option.name.to_owned(), text });
    }
    details
}

/// How a change is taken back, one line for each part of it; a block of steps gives none.
pub(super) fn way_back(value: &Expr) -> Vec<String> {
    if written(value).is_some() {
        return Vec::new();
    }
    match value {
        Expr::StringConstant(word, _) if word == "nothing" => vec!["nothing to take back".to_owned()],
        Expr::Array(items, _) if items.first().is_some_and(is_change) => items.iter().map(one).collect(),
        other => vec![one(other)],
    }
}

/// The value of an option that is written out.
pub(super) fn option_of<'a>(options: &'a [(Ident, Expr)], name: &str) -> Option<&'a Expr> {
    options.iter().find(|(key, _)| key.name == name).map(|(_, value)| value)
}

fn is_change(item: &Expr) -> bool {
    matches!(item, Expr::Array(..) | Expr::Map(..) | Expr::Variable(..) | Expr::Dot(..))
        || matches!(item, Expr::FnCall(call, _) if call.name == "sh")
}

fn one(change_back: &Expr) -> String {
    let Expr::Map(items, _) = change_back else { return command_line(change_back) };
    ["run", "write", "http"]
        .into_iter()
        .find_map(|name| {
            let value = option_of(&items.0, name)?;
            Some(if name == "run" { command_line(value) } else { format!("{name} {}", change(name, value)) })
        })
        .unwrap_or_else(|| spelled(change_back))
}

fn change(name: &str, value: &Expr) -> String {
    let Expr::Map(items, _) = value else { return spelled(value) };
    let part = |part: &str| option_of(&items.0, part).map(text);
    match name {
        "write" => part("path").unwrap_or_default(),
        _ => format!("{} {}", part("method").unwrap_or_else(|| "POST".to_owned()), part("url").unwrap_or_default()),
    }
}

fn plain(value: &Expr) -> String {
    match value {
        Expr::StringConstant(..) | Expr::InterpolatedString(..) => text(value),
        Expr::Array(items, _) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => spelled(other),
    }
}
