//! How a step of two runs differs.

use serde::Serialize;

use crate::account::{Standing, StepAccount};
use crate::answer::{Answer, Exited, Stream};
use crate::excerpt::Excerpt;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::step::{StepKind, StepSpec};

/// Something about a step that is not the same in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "differs", rename_all = "snake_case")]
pub enum Difference {
    /// What became of it.
    Standing {
        /// In the first run.
        left: Standing,
        /// In the second run.
        right: Standing,
    },
    /// What the script asked for, as lines of text (JSON).
    Asked {
        /// In the first run.
        left: String,
        /// In the second run.
        right: String,
    },
    /// What came of it: a value, an exit code, a status, the reason of a failure.
    Result {
        /// In the first run.
        left: String,
        /// In the second run.
        right: String,
    },
    /// What a command printed.
    Output {
        /// On which stream.
        stream: Stream,
        /// In the first run.
        left: Box<Excerpt>,
        /// In the second run.
        right: Box<Excerpt>,
    },
}

/// Everything that differs between two accounts of one step. Durations and numbers of processes are none of it: they
/// differ between any two runs.
pub(super) fn of(left: &StepAccount, right: &StepAccount) -> Vec<Difference> {
    let mut differences = Vec::new();
    if left.standing != right.standing {
        differences.push(Difference::Standing { left: left.standing, right: right.standing });
    }
    let asked = |step: &StepAccount| step.spec().map(lines).or_else(|| pretty(&step.plan)).unwrap_or_default();
    let (a, b) = (asked(left), asked(right));
    if a != b {
        differences.push(Difference::Asked { left: a, right: b });
    }
    let outcome = |step: &StepAccount| step.last().and_then(|attempt| attempt.outcome.clone());
    let (a, b) = (outcome(left), outcome(right));
    let (in_words_a, in_words_b) = (a.as_ref().map_or_else(String::new, result), b.as_ref().map_or_else(String::new, result));
    // Withheld against done: the standing says it, and one side has no result to hold against the other.
    let both = !in_words_a.is_empty() && !in_words_b.is_empty();
    if both && in_words_a != in_words_b {
        differences.push(Difference::Result { left: in_words_a, right: in_words_b });
    }
    if let (Some(a), Some(b)) = (a.as_ref().and_then(exited), b.as_ref().and_then(exited)) {
        for (stream, left, right) in [(Stream::Stdout, &a.stdout, &b.stdout), (Stream::Stderr, &a.stderr, &b.stderr)] {
            if (left.size, left.digest) != (right.size, right.digest) {
                differences.push(Difference::Output { stream, left: Box::new(left.clone()), right: Box::new(right.clone()) });
            }
        }
    }
    differences
}

fn lines(spec: &StepSpec) -> String {
    match &spec.kind {
        // The text of a file is easier to compare as lines than inside of a JSON string.
        StepKind::Command(command) => {
            let mut spec = spec.clone();
            let mut content = String::new();
            if let (StepKind::Command(own), crate::change::Change::Write(write)) = (&mut spec.kind, &command.change) {
                content = format!("\n{}", write.content);
                if let crate::change::Change::Write(own) = &mut own.change {
                    own.content = "(below)".to_owned();
                }
            }
            let mut value = serde_json::to_value(&spec).unwrap_or_default();
            // People write and read the mode of a file with octal digits.
            if let Some(mode) = value.pointer_mut("/change/write/mode")
                && let Some(bits) = mode.as_u64()
            {
                *mode = format!("{bits:04o}").into();
            }
            super::text::lines(&value) + &content
        }
        _ => pretty(spec).unwrap_or_default(),
    }
}

fn pretty(value: &impl Serialize) -> Option<String> {
    serde_json::to_value(value).ok().as_ref().map(super::text::lines)
}

/// What came of it in words, without what differs between any two runs; empty when there is nothing to compare.
fn result(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Succeeded(answer) => match answer {
            Answer::Nothing | Answer::Written => String::new(),
            Answer::Value(value) => value.as_str().map_or_else(|| pretty(value).unwrap_or_default(), str::to_owned),
            Answer::Exited(exited) => Failure::Exited(exited.clone()).line(),
            Answer::Response(response) => {
                format!("status {}\n{}", response.status, String::from_utf8_lossy(&response.body.0))
            }
            Answer::Said(said) => said.line(),
        },
        Outcome::Failed(failure) | Outcome::Missed(failure) => failure.line(),
        Outcome::Withheld { .. } => String::new(),
        Outcome::Unknown { because } => because.clone(),
    }
}

fn exited(outcome: &Outcome) -> Option<&Exited> {
    match outcome {
        Outcome::Succeeded(Answer::Exited(exited))
        | Outcome::Failed(Failure::Exited(exited) | Failure::TimedOut { exited, .. } | Failure::Stopped { exited, .. }) => {
            Some(exited)
        }
        _ => None,
    }
}
