//! Whether a runbook is sure to need somebody at a terminal, as far as that can be seen without running it.

use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Expr, FnCallExpr, FnPtr, Stmt};
use runbook_model::step::Location;

use crate::script::diagnosis::span;
use crate::script::diagnosis::spots::options_of;

/// The first interactive command of a file that stands under no condition, in no loop and in no function.
///
/// One behind an `if` may never be reached, and must not keep the runbook from being run by a timer: it is refused when it
/// is reached. One in the closure of a phase is sure to come.
pub(in crate::script) fn interactive_step(file: &str, ast: &AST) -> Option<Location> {
    let mut found: Vec<Location> = Vec::new();
    let mut phases = BTreeSet::new();
    let mut visit = |path: &[ASTNode<'_>], inner: &mut BTreeSet<String>| {
        if path.iter().any(is_conditional) {
            return;
        }
        match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, position)) | ASTNode::Stmt(Stmt::FnCall(call, position)))
                if is_interactive(call) =>
            {
                found.push(span::location(file, *position));
            }
            Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) if path.iter().any(is_phase) => {
                inner.extend(value.read_lock::<FnPtr>().map(|closure| closure.fn_name().to_owned()));
            }
            _ => {}
        }
    };
    for statement in ast.statements() {
        statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
            visit(path, &mut phases);
            true
        });
    }
    let mut seen = BTreeSet::new();
    while let Some(name) = phases.pop_first() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let closure = ast.clone_functions_only_filtered(|_, _, _, own, _| own == name);
        closure.walk(&mut |path| {
            visit(path, &mut phases);
            true
        });
    }
    found.into_iter().min_by_key(|at| (at.line, at.column))
}

fn is_interactive(call: &FnCallExpr) -> bool {
    matches!(options_of(call), Some((table, Expr::Map(map, _))) if table.name == "command"
        && map.0.iter().any(|(key, value)| key.name == "interactive" && matches!(value, Expr::BoolConstant(true, _))))
}

fn is_phase(node: &ASTNode<'_>) -> bool {
    matches!(node, ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _)) if call.name == "phase")
}

fn is_conditional(node: &ASTNode<'_>) -> bool {
    matches!(
        node,
        ASTNode::Stmt(Stmt::If(..) | Stmt::Switch(..) | Stmt::While(..) | Stmt::Do(..) | Stmt::For(..) | Stmt::TryCatch(..))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(script: &str) -> Option<u32> {
        let ast = crate::script::language::sandbox::bare().compile(script).expect("a script");
        interactive_step("x.rhai", &ast).map(|at| at.line)
    }

    #[test]
    fn only_what_is_sure_to_come_counts() {
        let step = "command(\"a\", #{ run: [\"x\"], interactive: true })";
        for (script, wanted) in [
            (format!("let y = 1;\n{step};"), Some(2)),
            (format!("let r = {step}.stdout;"), Some(1)),
            (
                format!("let y = 1; phase(\"p\", #{{ budget: \"1s\" }}, || {{\n phase(\"q\", || {{\n print(y); {step}; }}) }});"),
                Some(3),
            ),
            (format!("if 1 == 2 {{ {step}; }}"), None),
            (format!("for x in [] {{ phase(\"p\", || {{ {step}; }}) }}"), None),
            (format!("fn f() {{ {step} }}"), None),
            (format!("command(\"b\", #{{ run: [\"x\"], rollback: || {{ {step}; }} }});"), None),
            ("command(\"a\", #{ run: [\"x\"], interactive: false });".to_owned(), None),
        ] {
            assert_eq!(line(&script), wanted, "{script}");
        }
    }
}
