//! What the looks of a check mean.
//!
//! Pure: the clock is an argument. A check without options ends with its first look. `within` forgives misses for a
//! time, `during` demands that every look passes for a time. Together they are a time to settle and then a time to
//! hold: a miss is forgiven until `within` is over, and from then on every look must pass until `during` is over too.

use std::time::Duration;

use runbook_model::Value;
use runbook_model::answer::Answer;
use runbook_model::failure::Failure;
use runbook_model::outcome::Outcome;
use runbook_model::step::Check;

use super::{Judgement, Looks, passes};
use crate::operation::Look;

#[cfg(test)]
mod tests;

/// The pause between two looks when a check does not say.
pub const EVERY: Duration = Duration::from_secs(1);

/// What one look was, before time is considered.
enum Verdict {
    Passed(Value),
    Missed(Box<Failure>),
}

/// What a look means when changes are really made.
///
/// A look that passes counts even when it came back after `within` was over: the time limits how long we look again,
/// and a system that is well is not declared ill because the last look was slow. The last look of `within` and of
/// `during` is taken when the time is over, so the pause before it may be shorter than `every`.
#[must_use]
pub fn judge_live(check: &Check, history: &Looks, look: Look) -> Judgement {
    let within = check.within.map_or(0, |length| length.millis());
    let over = within.saturating_add(check.during.map_or(0, |length| length.millis()));
    let settling = history.millis < within;
    match verdict(check, look) {
        Verdict::Missed(_) if settling => again(check, within - history.millis),
        Verdict::Missed(failure) if check.advisory => Judgement::Ended(Outcome::Missed(*failure)),
        Verdict::Missed(failure) => Judgement::Ended(Outcome::Failed(*failure)),
        Verdict::Passed(_) if check.during.is_some() && history.millis < over => {
            // The next look must not step over the moment from which misses count.
            let next = if settling { within } else { over };
            again(check, next - history.millis)
        }
        Verdict::Passed(value) => Judgement::Ended(Outcome::Succeeded(Answer::Value(value))),
    }
}

/// What a look means in a rehearsal.
///
/// As long as nothing was withheld a check means the same as live. Behind a withheld change it gets one look: waiting
/// for an effect that was never made would only waste the operator's time. A pass is a pass; anything else is what the
/// author assumes, or unknown.
#[must_use]
pub fn judge_dry(check: &Check, history: &Looks, look: Look) -> Judgement {
    let unknown = |because: String| {
        Judgement::Ended(match &check.assume {
            Some(value) => Outcome::Withheld { assumed: Some(value.clone()) },
            None => Outcome::Unknown { because },
        })
    };
    match look {
        Look::Unknown { because } => unknown(because),
        look if !history.after_withheld => judge_live(check, history, look),
        look => match verdict(check, look) {
            Verdict::Passed(value) => Judgement::Ended(Outcome::Succeeded(Answer::Value(value))),
            Verdict::Missed(failure) => {
                unknown(format!("it depends on changes that were withheld; now it gives: {}", failure.line()))
            }
        },
    }
}

fn again(check: &Check, left: u64) -> Judgement {
    Judgement::Again(check.every.map_or(EVERY, Duration::from).min(Duration::from_millis(left)))
}

fn verdict(check: &Check, look: Look) -> Verdict {
    match (look, &check.expect) {
        (Look::Value(saw), Some(expected)) if same(&saw, expected) => Verdict::Passed(saw),
        (Look::Value(saw), None) if passes(&saw) => Verdict::Passed(saw),
        (Look::Value(saw), expected) => Verdict::Missed(Box::new(Failure::NotMet { saw, expected: expected.clone() })),
        (Look::Failed { message, location }, _) => Verdict::Missed(Box::new(Failure::LookFailed { message, at: location })),
        // Unknown values exist in rehearsals only, where they end the check before this.
        (Look::Unknown { because }, _) => {
            Verdict::Missed(Box::new(Failure::LookFailed { message: format!("its value is unknown: {because}"), at: None }))
        }
    }
}

/// Equality as an author means it: `1` and `1.0` are the same number, at any depth.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || ((a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64()),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}
