//! PromQL, read as far as one question needs it: which labels the result of an expression surely does not have.
//!
//! Nothing is evaluated, and no function is checked for its types: Prometheus does that. An expression that is not understood, of
//! another dialect or of a newer version, has no answer, so nothing false is said of it. The metric queries of Loki are read as well:
//! what stands between `{…}` and `[…]` may add any label.

mod expression;
mod functions;
mod lost;
mod parse;
mod parser;
mod token;

#[cfg(test)]
mod tests;

pub use expression::Expression;
pub use parse::{NotUnderstood, read};
