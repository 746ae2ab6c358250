//! Arguments that are no options: names of steps, closures, what a rollback is.

use rhai::Expr;

use super::fitting::fitting;
use super::literal::{Literal, Misfit, literal};
use super::{File, Found};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::diagnosis::spots::options_of;
use crate::script::language::option_type::OptionType;
use crate::script::language::schema::table;
use crate::script::reading::survey::Met;

pub(super) fn lint(file: &File<'_>, found: &mut Found<'_>) {
    file.calls.iter().filter(|met| !met.is_method).for_each(|met| judge(met, found));
}

fn judge(met: &Met<'_>, found: &mut Found<'_>) {
    let arguments = &met.call.args;
    let name = met.name();
    let mut refuse = |argument: &Expr, message: String, help: &str| {
        let diagnostic = Diagnostic::error(Code::BadOption, message);
        found.report(if help.is_empty() { diagnostic } else { diagnostic.help(help) }, argument.start_position());
    };
    if met.is_step()
        && let Some(argument) = arguments.first()
        && let Some(value) = literal(argument)
    {
        match value {
            Literal::Template => {}
            Literal::Text(text) if text.trim().is_empty() => {
                refuse(argument, format!("the name of a `{name}` may not be empty"), "");
            }
            Literal::Text(text) if text.contains(char::is_control) => {
                refuse(argument, format!("the name of a `{name}` is one line without control characters"), "");
            }
            Literal::Text(text) if text.chars().count() > 200 => {
                refuse(argument, format!("the name of a `{name}` has at most 200 characters"), "");
            }
            Literal::Text(_) => {}
            odd => refuse(argument, format!("`{name}` wants a name as its first argument, this is {}", odd.named()), ""),
        }
    }
    let closure = match name.as_str() {
        "check" => arguments.get(1),
        "phase" => arguments.get(1..).and_then(<[Expr]>::last),
        "parallel" => arguments.get(2..).and_then(<[Expr]>::last),
        "attempt" => arguments.first(),
        _ => None,
    };
    if let Some(argument) = closure
        && let Some(value) = literal(argument)
        && !matches!(value, Literal::Closure)
    {
        let help = format!("write `|| …`: `{name}` decides when it is called, and how often");
        refuse(argument, format!("`{name}` wants a closure, this is {}", value.named()), &help);
    }
    if let Some((table, argument)) = options_of(met.call)
        && let Some(value) = literal(argument)
    {
        // `phase`, `parallel` and `rollback` may have a closure where options could be.
        let closure = matches!(value, Literal::Closure) && matches!(table.name, "parallel" | "phase" | "rollback");
        let no_options = matches!((table.name, arguments.len()), ("phase", 2) | ("parallel", 3));
        if !matches!(value, Literal::Map(_)) && !closure && !no_options && table.name != "rollback" {
            let message = format!("the options of `{}` are a map, this is {}", table.name, value.named());
            refuse(argument, message, &format!("write {}", table.usage));
        }
    }
    // It takes what the option of that name takes, but for a word: an argv, a list of them, a map, a closure.
    if met.is("rollback")
        && let Some(argument) = arguments.get(1)
        && let Err(misfit) = match literal(argument) {
            Some(text @ Literal::Text("nothing")) => Err(Misfit::of(argument, text)),
            _ => fitting(OptionType::Rollback, argument, u32::MAX),
        }
    {
        let diagnostic = Diagnostic::error(Code::BadOption, format!("`rollback` wants to know what is owed; {}", misfit.found));
        let help = misfit.help.unwrap_or_else(|| format!("write {}", table("rollback").usage));
        found.report(diagnostic.help(help), misfit.position);
    }
}
