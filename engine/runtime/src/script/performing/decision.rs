//! Stops `if`, `while`, `switch` and `for` before they decide on an unknown value.
//!
//! Rhai gives a type error for `if`, and silently takes the default branch of a `switch`; no value can prevent that.
//! So every such statement is looked at before it runs, which is what Rhai's debugging interface is for. Only plain
//! operands are evaluated here (a name, a property, an index), because evaluating a call twice could ask for a step
//! twice. A `switch` over anything else is refused when the script is loaded ([`crate::script::lint`]).

use std::sync::Arc;

use rhai::debugger::DebuggerCommand;
use rhai::{ASTNode, Engine, Expr, Expression, Stmt};

use crate::script::diagnosis::span;
use crate::script::performing::stage::Stage;

/// Looks at every deciding statement before it runs.
pub(in crate::script) fn watch(engine: &mut Engine, stage: &Arc<Stage>) {
    let stage = Arc::clone(stage);
    #[allow(deprecated, reason = "marked so by Rhai because it may change; the version is pinned")]
    engine.register_debugger(
        |_, debugger| debugger,
        move |mut context, _, node, source, _| {
            if let Some(trace) = &stage.script.trace {
                trace.note(source.unwrap_or_default(), node.position());
            }
            if let ASTNode::Stmt(statement) = node
                && stage.has_unknowns()
                && let Some((operand, word)) = operand(statement)
                && is_plain(operand)
            {
                // An error is left to the statement itself: `do { m.x = 1; } while m.x` has not run its body yet.
                let value = context.eval_expression_tree(&Expression::from(operand)).unwrap_or_default();
                if let Some(unknown) = stage.unknown_in(&value.flatten()) {
                    let location = span::location(source.unwrap_or_default(), operand.start_position());
                    return Err(stage.unknowable(&unknown, location, word));
                }
            }
            // Anything else would pass over the bodies of functions and closures.
            Ok(DebuggerCommand::StepInto)
        },
    );
}

fn operand(statement: &Stmt) -> Option<(&Expr, &'static str)> {
    match statement {
        Stmt::If(flow, _) => Some((&flow.expr, "if")),
        Stmt::While(flow, _) => Some((&flow.expr, "while")),
        Stmt::Do(flow, ..) => Some((&flow.expr, "while")),
        Stmt::Switch(switch, _) => Some((&switch.0, "switch")),
        Stmt::For(parts, _) => Some((&parts.2.expr, "for")),
        _ => None,
    }
}

/// Whether evaluating it twice is the same as evaluating it once.
pub(in crate::script) fn is_plain(expression: &Expr) -> bool {
    match expression {
        Expr::Variable(..) | Expr::Property(..) | Expr::ThisPtr(..) => true,
        Expr::BoolConstant(..) | Expr::IntegerConstant(..) | Expr::StringConstant(..) | Expr::CharConstant(..) => true,
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => is_plain(&parts.lhs) && is_plain(&parts.rhs),
        Expr::InterpolatedString(parts, _) => parts.iter().all(is_plain),
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Expr(inner)] => is_plain(inner),
            _ => false,
        },
        Expr::FnCall(call, _) => {
            !call.is_qualified() && ["type_of", "..", "..="].contains(&call.name.as_str()) && call.args.iter().all(is_plain)
        }
        _ => false,
    }
}
