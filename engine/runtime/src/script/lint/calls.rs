//! Calls of functions that do not exist, or with too many or too few arguments.

use std::collections::BTreeSet;

use runbook_model::parameter::nearest;

use super::{File, Found, Program};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::language::vocabulary;
use crate::script::language::vocabulary::BLOCKED;
use crate::script::reading::engine_functions::engine_functions;
use crate::script::reading::survey::Met;

pub(super) fn lint(program: &Program<'_>, file: &File<'_>, found: &mut Found<'_>) {
    for met in &file.calls {
        let wrong = if met.call.is_operator_call() || met.call.name.starts_with("anon$") {
            None
        } else if met.is_method {
            method(program, file, met)
        } else if met.call.is_qualified() {
            qualified(program, file, met)
        } else {
            plain(file, met)
        };
        if let Some(diagnostic) = wrong {
            found.report(diagnostic, met.position);
        }
    }
}

fn plain(file: &File<'_>, met: &Met<'_>) -> Option<Diagnostic> {
    let name = met.call.name.as_str();
    if let Some((word, way)) = BLOCKED.iter().find(|(word, _)| *word == name) {
        return Some(Diagnostic::error(Code::Blocked, format!("`{word}` cannot be used in a runbook")).help(*way));
    }
    let mut possible = own(file, name);
    if let Some(engines) = engine_functions().get(name) {
        if engines.is_empty() {
            return None;
        }
        possible.extend(engines);
    }
    if !possible.is_empty() {
        return arity(name, met.call.args.len(), &possible);
    }
    let own = file.anatomy.functions.iter().map(|function| function.name.as_str());
    let near = nearest(name, vocabulary::NAMES.iter().copied().chain(own));
    let near = near.or_else(|| nearest(name, engine_functions().keys().map(String::as_str)));
    let diagnostic = Diagnostic::error(Code::UnknownFunction, format!("there is no function `{name}`"));
    Some(match near {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    })
}

fn qualified(program: &Program<'_>, file: &File<'_>, met: &Met<'_>) -> Option<Diagnostic> {
    let space = met.call.namespace.root().to_owned();
    if met.call.namespace.path.len() != 1 || space == "global" {
        return None;
    }
    let name = met.call.name.as_str();
    let known: Vec<(&str, BTreeSet<usize>)> = match vocabulary::MODULES.iter().find(|(module, _)| *module == space) {
        Some((_, names)) => names
            .iter()
            .map(|name| (*name, vocabulary::arguments(&format!("{space}::{name}")).into_iter().flatten().collect()))
            .collect(),
        None => {
            let module = program.module(file, &space)?;
            let public = module.anatomy.functions.iter().filter(|function| function.public);
            public.map(|function| (function.name.as_str(), own(module, &function.name))).collect()
        }
    };
    if let Some((_, possible)) = known.iter().find(|(known, _)| *known == name) {
        return arity(&format!("{space}::{name}"), met.call.args.len(), possible);
    }
    let diagnostic = Diagnostic::error(Code::UnknownFunction, format!("there is no function `{space}::{name}`"));
    Some(diagnostic.help(match nearest(name, known.iter().map(|(known, _)| *known)) {
        Some(near) => format!("did you mean `{space}::{near}`?"),
        None => format!("`{space}` has: {}", known.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ")),
    }))
}

fn method(program: &Program<'_>, file: &File<'_>, met: &Met<'_>) -> Option<Diagnostic> {
    let name = met.call.name.as_str();
    // A closure in a map is called like a method, and takes what it takes. So may a function with a `this`.
    if program.properties.contains(name) || !own(file, name).is_empty() {
        return None;
    }
    if let Some(possible) = engine_functions().get(name) {
        // The value in front of the dot is the first argument.
        let behind = possible.iter().map(|arguments| arguments.saturating_sub(1)).collect();
        return if possible.is_empty() { None } else { arity(&format!(".{name}"), met.call.args.len(), &behind) };
    }
    let diagnostic = Diagnostic::error(Code::UnknownFunction, format!("nothing has a function `.{name}(…)`"));
    Some(match nearest(name, engine_functions().keys().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean `.{near}(…)`?")),
        None => diagnostic,
    })
}

/// How many arguments the functions of this name in this file take.
fn own(file: &File<'_>, name: &str) -> BTreeSet<usize> {
    let named = file.anatomy.functions.iter().filter(|function| function.name == name);
    named.map(|function| function.params.len()).collect()
}

fn arity(name: &str, given: usize, possible: &BTreeSet<usize>) -> Option<Diagnostic> {
    if possible.contains(&given) {
        return None;
    }
    let numbers: Vec<_> = possible.iter().map(ToString::to_string).collect();
    let arguments = if possible.len() == 1 && possible.contains(&1) { "argument" } else { "arguments" };
    let message = format!("`{name}` takes {} {arguments}, this call has {given}", numbers.join(" or "));
    let diagnostic = Diagnostic::error(Code::Arity, message);
    Some(match crate::script::language::schema::schema().iter().find(|table| table.name == name) {
        Some(table) => diagnostic.help(format!("write `{}`", table.usage)),
        None => diagnostic,
    })
}
