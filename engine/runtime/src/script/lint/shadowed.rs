//! Functions of the script that would take over those of the engine.

use rhai::Position;

use super::{File, Found};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::language::vocabulary;

pub(super) fn lint(file: &File<'_>, found: &mut Found<'_>) {
    for function in &file.anatomy.functions {
        let name = function.name.as_str();
        if !vocabulary::NAMES.contains(&name) {
            continue;
        }
        let text = found.sources.text(file.name).unwrap_or_default();
        let diagnostic = Diagnostic::error(Code::Shadowed, format!("`{name}` is a function of the engine"))
            .help("give this function another name: it would take over every call of the engine's");
        found.report(diagnostic, defined(text, name).unwrap_or(Position::NONE));
    }
}

/// Where a function is defined. Rhai does not keep the place.
fn defined(text: &str, name: &str) -> Option<Position> {
    let is_head = |rest: &str| rest.trim_start().strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('('));
    let line = text.lines().position(|line| line.split("fn ").skip(1).any(is_head))?;
    let column = text.lines().nth(line)?.find("fn ")? + 4;
    Some(Position::new(u16::try_from(line + 1).ok()?, u16::try_from(column).ok()?))
}
