//! Whether a value that was written out is what an option may hold. What is worked out is judged while the script runs, by
//! the same table.

use rhai::Expr;
use runbook_model::length::Length;
use runbook_model::lock;
use runbook_model::parameter::nearest;
use runbook_model::size::Size;

use super::literal::{Literal, Misfit, literal};
use crate::script::language::option_type::OptionType;

/// The most attempts that a command may have after its first.
const MOST_RETRIES: i64 = 1000;

/// Judges a value; one that is worked out fits. `most` is the largest number where one is counted.
pub(super) fn fitting(kind: OptionType, value: &Expr, most: u32) -> Result<(), Misfit> {
    let Some(found) = literal(value) else { return Ok(()) };
    let fits = match kind {
        OptionType::Text => found.is_text(),
        OptionType::Length => return length(value, found),
        OptionType::Size => return size(value, found),
        OptionType::Share => return share(value, found),
        OptionType::Flag => matches!(found, Literal::Flag),
        OptionType::Count => return whole(value, found, 1, i64::from(most)),
        OptionType::Number => matches!(found, Literal::Whole(_) | Literal::Number),
        OptionType::Argv => return argv(value, found),
        OptionType::Alerts => matches!(found, Literal::List(_)),
        OptionType::Texts => return texts(value, found),
        OptionType::Names => return if found.is_text() { Ok(()) } else { texts(value, found) },
        OptionType::Parts => return parts(value, found),
        OptionType::PartsMap => return parts_map(value, found),
        OptionType::Statuses => return statuses(value, found),
        OptionType::Mode => return mode(value, found),
        OptionType::Closure => matches!(found, Literal::Closure),
        OptionType::Value | OptionType::Json => !matches!(found, Literal::Closure),
        OptionType::Map(_) | OptionType::Parameters | OptionType::Values => matches!(found, Literal::Map(_)),
        OptionType::Rollback => return rollback(value, found),
        OptionType::Retry => {
            return if matches!(found, Literal::Map(_)) { Ok(()) } else { whole(value, found, 1, MOST_RETRIES) };
        }
        OptionType::Word(words) => return word(value, found, words),
    };
    if fits { Ok(()) } else { Err(Misfit::of(value, found)) }
}

fn length(value: &Expr, found: Literal<'_>) -> Result<(), Misfit> {
    match found {
        Literal::Template => Ok(()),
        Literal::Text(text) => match text.parse::<Length>() {
            Ok(_) => Ok(()),
            Err(error) => Err(Misfit::saying(value, error.to_string())),
        },
        Literal::Whole(seconds) if seconds > 0 => Err(Misfit::of(value, found).help(format!("with its unit: \"{seconds}s\""))),
        _ => Err(Misfit::of(value, found)),
    }
}

fn size(value: &Expr, found: Literal<'_>) -> Result<(), Misfit> {
    match found {
        Literal::Template => Ok(()),
        Literal::Text(text) => text.parse::<Size>().map(drop).map_err(|error| Misfit::saying(value, error.to_string())),
        _ => Err(Misfit::of(value, found)),
    }
}

fn share(value: &Expr, found: Literal<'_>) -> Result<(), Misfit> {
    match found {
        Literal::Template => Ok(()),
        Literal::Text(text) => {
            let percent = text.strip_suffix('%').and_then(|percent| percent.trim().parse::<u8>().ok());
            if percent.is_some_and(|percent| percent <= 100) { Ok(()) } else { Err(Misfit::of(value, found)) }
        }
        found => whole(value, found, 0, i64::MAX),
    }
}

fn whole(value: &Expr, found: Literal<'_>, least: i64, most: i64) -> Result<(), Misfit> {
    match found {
        Literal::Whole(number) if (least..=most).contains(&number) => Ok(()),
        Literal::Whole(number) => Err(Misfit::saying(value, format!("this is {number}; {least} to {most} is possible"))),
        _ => Err(Misfit::of(value, found)),
    }
}

fn argv(value: &Expr, found: Literal<'_>) -> Result<(), Misfit> {
    let items = match found {
        Literal::List(items) => items,
        Literal::Text(line) => return Err(Misfit::of(value, found).help(instead(line))),
        Literal::Template => return Err(Misfit::of(value, found).help("give program and arguments one by one, as a list")),
        _ => return Err(Misfit::of(value, found)),
    };
    match items.first().map(literal) {
        None => return Err(Misfit::saying(value, "the list is empty: no program is named")),
        Some(Some(Literal::Text(""))) => return Err(Misfit::saying(&items[0], "no program is named")),
        _ => {}
    }
    for (at, item) in items.iter().enumerate() {
        match literal(item) {
            Some(Literal::Text(text)) if text.contains('\0') => {
                return Err(Misfit::saying(item, format!("argument {at} holds a NUL byte, which no program can receive")));
            }
            Some(odd) if !odd.is_word() => return Err(Misfit::saying(item, format!("argument {at} is {}", odd.named()))),
            _ => {}
        }
    }
    Ok(())
}

/// What somebody means who writes a whole command line.
fn instead(line: &str) -> String {
    if line.contains(|c: char| "\"'\\|&;<>()$`*?[]~#{}".contains(c)) {
        return format!("for a line that a shell shall read: `sh({line:?})`");
    }
    let words: Vec<_> = line.split_whitespace().map(|word| format!("{word:?}")).collect();
    format!("write [{}]", words.join(", "))
}

fn texts(value: &Expr, found: Literal<'_>) -> Result<(), Misfit> {
    let Literal::List(items) = found else { return Err(Misfit::of(value, found)) };
    match items.iter().find_map(|item| Some((item, literal(item).filter(|item| !item.is_text())?))) {
        Some((item, odd)) => Err(Misfit::of(item, odd)),
        None => Ok(()),
    }
}

/// Judges what `lock` and `on` hold beyond its type: names that a lock can have, hosts of which there is one.
pub(super) fn named(option: &str, value: &Expr) -> Result<(), Misfit> {
    let items = match (option, literal(value)) {
        ("on", Some(Literal::List([]))) => return Err(Misfit::saying(value, "the list is empty: it names no host")),
        ("choices", Some(Literal::List([]))) => {
            return Err(Misfit::saying(value, "the list is empty: there is nothing to choose from"));
        }
        ("lock", Some(Literal::List(items))) => items,
        ("lock", Some(Literal::Text(_))) => std::slice::from_ref(value),
        _ => return Ok(()),
    };
    items.iter().try_for_each(|item| match literal(item) {
        Some(Literal::Text(name)) if !lock::is_name(name) => {
            let help = "letters, digits, `-`, `_` and `.`, not beginning with `-` or `.`, at most 100";
            Err(Misfit::saying(item, format!("{name:?} is no name for a lock")).help(help))
        }
        _ => Ok(()),
    })
}

/// A text, or a list of texts and secrets; a call, such as that of `secret`, is worked out.
fn parts(value: &Expr, found: Literal<'_>) -> Result<(), Misfit> {
    let Literal::List(items) = found else {
        return if found.is_word() { Ok(()) } else { Err(Misfit::of(value, found)) };
    };
    match items.iter().find_map(|item| Some((item, literal(item).filter(|item| !item.is_word())?))) {
        Some((item, odd)) => Err(Misfit::of(item, odd)),
        None => Ok(()),
    }
}

fn parts_map(value: &Expr, found: Literal<'_>) -> Result<(), Misfit> {
    let Literal::Map(items) = found else { return Err(Misfit::of(value, found)) };
    items.iter().try_for_each(|(_, item)| literal(item).map_or(Ok(()), |found| parts(item, found)))
}

fn statuses(value: &Expr, found: Literal<'_>) -> Result<(), Misfit> {
    match found {
        Literal::List(items) => items.iter().try_for_each(|item| match literal(item) {
            Some(one) => whole(item, one, 100, 599),
            None => Ok(()),
        }),
        one => whole(value, one, 100, 599),
    }
}

fn mode(value: &Expr, found: Literal<'_>) -> Result<(), Misfit> {
    match found {
        Literal::Template => Ok(()),
        Literal::Text(text) => match u32::from_str_radix(text.trim_start_matches("0o"), 8) {
            Ok(0..=0o7777) => Ok(()),
            _ => Err(Misfit::saying(value, format!("this is {text:?}"))),
        },
        other => whole(value, other, 0, 0o7777),
    }
}

fn rollback(value: &Expr, found: Literal<'_>) -> Result<(), Misfit> {
    match found {
        Literal::Text("nothing") | Literal::Template | Literal::Map(_) | Literal::Closure => Ok(()),
        Literal::Text(line) => Err(Misfit::saying(value, format!("this is {line:?}")).help(instead(line))),
        // A list whose first item is a list or a map is a list of changes.
        Literal::List([first, ..]) if matches!(literal(first), Some(Literal::List(_) | Literal::Map(_))) => {
            let Literal::List(items) = found else { return Ok(()) };
            items.iter().enumerate().try_for_each(|(at, item)| match literal(item) {
                None | Some(Literal::Map(_)) => Ok(()),
                Some(words @ Literal::List(_)) => argv(item, words),
                Some(_) => Err(Misfit::saying(item, format!("change {at} is neither an argv nor a map"))),
            })
        }
        // What stands first may be worked out, and be a list: then nothing is known of the rest.
        Literal::List([first, ..]) if literal(first).is_none() => Ok(()),
        Literal::List(_) => argv(value, found),
        _ => Err(Misfit::of(value, found)),
    }
}

fn word(value: &Expr, found: Literal<'_>, words: &[&str]) -> Result<(), Misfit> {
    match found {
        Literal::Template => Ok(()),
        Literal::Text(text) if words.contains(&text) => Ok(()),
        Literal::Text(text) => {
            let misfit = Misfit::saying(value, format!("this is {text:?}"));
            Err(match nearest(text, words.iter().copied()) {
                Some(near) => misfit.help(format!("did you mean \"{near}\"?")),
                None => misfit,
            })
        }
        _ => Err(Misfit::of(value, found)),
    }
}
