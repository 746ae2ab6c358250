//! What a value is, as far as it was written out.

use rhai::{Expr, Ident, Position};

use crate::script::reading::anatomy::written;

/// A value that stands in the text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Literal<'a> {
    Text(&'a str),
    /// A text with values in it.
    Template,
    Letter,
    Whole(i64),
    Number,
    Flag,
    Nothing,
    List(&'a [Expr]),
    Map(&'a [(Ident, Expr)]),
    Closure,
}

/// The value that an expression is; `None` when it is worked out.
pub(super) fn literal(expression: &Expr) -> Option<Literal<'_>> {
    if written(expression).is_some() {
        return Some(Literal::Closure);
    }
    Some(match expression {
        Expr::StringConstant(text, _) => Literal::Text(text),
        Expr::InterpolatedString(..) => Literal::Template,
        Expr::CharConstant(..) => Literal::Letter,
        Expr::IntegerConstant(number, _) => Literal::Whole(*number),
        Expr::FloatConstant(..) => Literal::Number,
        Expr::BoolConstant(..) => Literal::Flag,
        Expr::Unit(_) => Literal::Nothing,
        Expr::Array(items, _) => Literal::List(items),
        Expr::Map(items, _) => Literal::Map(&items.0),
        _ => return None,
    })
}

impl Literal<'_> {
    /// What people call the type of the value.
    pub(super) fn named(self) -> &'static str {
        match self {
            Self::Text(_) | Self::Template => "a text",
            Self::Letter => "a single letter",
            Self::Whole(_) => "a whole number",
            Self::Number => "a number",
            Self::Flag => "true or false",
            Self::Nothing => "nothing, `()`",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Closure => "a closure",
        }
    }

    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text(_) | Self::Template)
    }

    /// Whether it can be a word of a command line.
    pub(super) fn is_word(self) -> bool {
        matches!(self, Self::Text(_) | Self::Template | Self::Letter | Self::Whole(_) | Self::Number | Self::Flag)
    }
}

/// What is wrong with a value.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) position: Position,
    /// What it is instead: "this is a list".
    pub(super) found: String,
    pub(super) help: Option<String>,
}

impl Misfit {
    /// The value is of another type.
    pub(super) fn of(expression: &Expr, literal: Literal<'_>) -> Self {
        Self::saying(expression, format!("this is {}", literal.named()))
    }

    pub(super) fn saying(expression: &Expr, found: impl Into<String>) -> Self {
        Self { position: expression.start_position(), found: found.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
