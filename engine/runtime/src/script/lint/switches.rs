//! Switches whose value a rehearsal could not look at.

use rhai::{ASTNode, Stmt};

use super::{File, Found};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::performing::decision;

pub(super) fn lint(file: &File<'_>, found: &mut Found<'_>) {
    file.ast.walk(&mut |path| {
        if let Some(ASTNode::Stmt(Stmt::Switch(switch, _))) = path.last()
            && !decision::is_plain(&switch.0)
        {
            let diagnostic = Diagnostic::error(Code::ScriptError, "a `switch` wants a plain name or property")
                .help("write `let value = …; switch value { … }`: a rehearsal has to look at the value before it decides");
            found.report(diagnostic, switch.0.start_position());
        }
        true
    });
}
