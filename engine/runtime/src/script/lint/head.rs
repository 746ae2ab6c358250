//! What a runbook says about itself, as far as it was written out.

use rhai::{Expr, FnCallExpr, Ident, Position, Stmt};

use crate::script::reading::anatomy::Anatomy;

/// The call `runbook(#{ … })` at the top of a file.
pub(super) struct Head<'a> {
    pub(super) position: Position,
    options: Option<&'a [(Ident, Expr)]>,
    /// The variable that holds the parameters.
    pub(super) variable: Option<&'a str>,
}

impl<'a> Head<'a> {
    /// The head of a runbook; a module has none.
    pub(super) fn of(anatomy: &'a Anatomy) -> Option<Self> {
        anatomy.top.iter().find_map(|statement| match statement {
            Stmt::Var(parts, ..) => {
                let (call, position) = of_expression(&parts.1)?;
                Some(Self::new(call, position, Some(parts.0.name.as_str())))
            }
            Stmt::FnCall(call, position) if is_head(call) => Some(Self::new(call, *position, None)),
            Stmt::Expr(expression) => of_expression(expression).map(|(call, position)| Self::new(call, position, None)),
            _ => None,
        })
    }

    fn new(call: &'a FnCallExpr, position: Position, variable: Option<&'a str>) -> Self {
        let options = match call.args.first() {
            Some(Expr::Map(items, _)) => Some(items.0.as_slice()),
            _ => None,
        };
        Self { position, options, variable }
    }

    /// Whether its options stand there to be read.
    pub(super) fn is_literal(&self) -> bool {
        self.options.is_some()
    }

    /// An option, with the place of its key.
    pub(super) fn option(&self, name: &str) -> Option<(&'a Expr, Position)> {
        self.options?.iter().find(|(key, _)| key.name == name).map(|(key, value)| (value, key.pos))
    }
}

fn of_expression(expression: &Expr) -> Option<(&FnCallExpr, Position)> {
    match expression {
        Expr::FnCall(call, position) if is_head(call) => Some((call, *position)),
        _ => None,
    }
}

fn is_head(call: &FnCallExpr) -> bool {
    !call.is_qualified() && call.name == "runbook"
}
