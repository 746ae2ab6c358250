//! Runbooks that nobody answers for.

use super::head::Head;
use super::{File, Found};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::Diagnostic;

pub(super) fn lint(file: &File<'_>, found: &mut Found<'_>) {
    let Some(head) = Head::of(file.anatomy).filter(Head::is_literal) else { return };
    if head.option("owner").is_none() {
        let diagnostic = Diagnostic::warning(Code::NoOwner, "nobody answers for this runbook")
            .help("say who does: `owner: \"team-api\"`; whoever finds it wrong at night has to tell somebody in the morning");
        found.report(diagnostic, head.position);
    }
}
