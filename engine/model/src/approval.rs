//! Who may answer a confirm, and when it is answered: the one rule for terminal, command line and web.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::answer::Said;
use crate::digest::Digest;
use crate::entry::RunStarted;
use crate::id::RunId;
use crate::length::Length;
use crate::path::StepPath;
use crate::person::{Decider, Person};
use crate::state::{Answered, RunState, Step};
use crate::step::{Confirm, StepSpec};

/// What the answers to a confirm amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// More answers are needed.
    Open,
    /// Enough people agreed.
    Agreed(Said),
    /// Somebody who may answer said no.
    Declined {
        /// Who.
        by: String,
    },
}

/// The digest of what a person is shown: the step, the run and its parameters. Anything else voids an answer, so that
/// none can be moved to another run or survive an edit of the question.
#[must_use]
pub fn shown(state: &RunState, path: &StepPath, spec: &StepSpec) -> Digest {
    #[derive(Serialize)]
    struct Shown<'a> {
        run: RunId,
        runbook: &'a str,
        params: &'a std::collections::BTreeMap<String, crate::parameter::Given>,
        path: &'a StepPath,
        spec: &'a StepSpec,
    }
    let started = state.started();
    Digest::of_json(&Shown { run: state.run(), runbook: &started.runbook, params: &started.params, path, spec })
}

/// Whether this person may answer, and if not, why.
///
/// # Errors
/// The reason, as a sentence.
pub fn may_answer(confirm: &Confirm, person: &Person, started: &RunStarted, operator: &str) -> Result<(), NotAllowed> {
    if confirm.not_self && person.name == operator {
        return Err(NotAllowed::Operator { name: person.name.clone() });
    }
    let named = |who: &String| match who.strip_prefix('@') {
        Some(group) => started.groups.get(group).is_some_and(|members| members.contains(&person.name)),
        None => *who == person.name,
    };
    if confirm.by.is_empty() || confirm.by.iter().chain(&confirm.escalate).any(named) {
        Ok(())
    } else {
        Err(NotAllowed::NotNamed { name: person.name.clone(), by: confirm.by.join(", ") })
    }
}

/// Why there are not enough people for a confirm, whoever comes; nothing when there are, or when anybody may answer.
#[must_use]
pub fn shortage(confirm: &Confirm, started: &RunStarted, operator: &str) -> Option<String> {
    let mut people = BTreeSet::new();
    for who in confirm.by.iter().chain(&confirm.escalate) {
        match who.strip_prefix('@').map(|group| started.groups.get(group)) {
            Some(Some(members)) => people.extend(members.iter().map(String::as_str)),
            Some(None) => return Some(format!("nobody is `{who}`: there is no such group in `[groups]` of runbook.toml")),
            None => drop(people.insert(who.as_str())),
        }
    }
    if confirm.not_self {
        people.remove(operator);
    }
    let (wanted, there) = (confirm.quorum.unwrap_or(1), people.len());
    let enough = confirm.by.is_empty() || u32::try_from(there).is_ok_and(|there| there >= wanted);
    let names = || people.iter().copied().collect::<Vec<_>>().join(", ");
    match (enough, there) {
        (true, _) => None,
        (false, 0) => Some("there is nobody who may answer".to_owned()),
        (false, _) => Some(format!("{wanted} people have to agree, and no more than {there} may answer: {}", names())),
    }
}

/// Why a person may not answer a confirm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// The one who runs it may not approve it.
    #[error("`{name}` started the run: only somebody else may answer (`not_self`)")]
    Operator {
        /// Who.
        name: String,
    },
    /// Not among those who may.
    #[error("`{name}` is not among those who may answer: {by} (groups are in `[groups]` of runbook.toml)")]
    NotNamed {
        /// Who.
        name: String,
        /// Who may.
        by: String,
    },
}

/// What is left of the time for an answer; `None` when there is no deadline.
///
/// It counts from the first time that the question was asked, whatever became of the process that asked: a deadline is in the
/// journal, and not in a process. Each of those whom it is escalated to has one more deadline. The labels of the wall clock
/// are all that outlives a process; where the clock has gone back, the journal's last label stands for now.
#[must_use]
pub fn left(confirm: &Confirm, asked: Timestamp, last: Timestamp, now: Timestamp) -> Option<Length> {
    let rounds = u64::try_from(confirm.escalate.len()).unwrap_or(u64::MAX).saturating_add(1);
    let whole = confirm.deadline?.millis().saturating_mul(rounds);
    let passed = now.max(last).as_millisecond().saturating_sub(asked.as_millisecond());
    Some(Length::from_millis(whole.saturating_sub(u64::try_from(passed).unwrap_or(0))))
}

/// What is left of the time for an answer to a question that a run has asked; `None` when there is no deadline. A run that was taken
/// over asks anew: whether it was answered where it was before, nobody knows here.
#[must_use]
pub fn left_of(state: &RunState, path: &StepPath, confirm: &Confirm, now: Timestamp) -> Option<Length> {
    let asked = state.step(path).filter(|_| !state.is_uncharted()).map_or(now.max(state.last_at()), |step| step.since);
    left(confirm, asked, state.last_at(), now)
}

/// When the time for an answer is over that was asked for then; `None` when there is no deadline.
#[must_use]
pub fn until(confirm: &Confirm, asked: Timestamp) -> Option<Timestamp> {
    let whole = i64::try_from(left(confirm, asked, asked, asked)?.millis()).ok()?;
    Timestamp::from_millisecond(asked.as_millisecond().checked_add(whole)?).ok()
}

/// Whether this is an answer to that question at all.
///
/// # Errors
/// Says what is wanted.
pub fn fits(confirm: &Confirm, said: &Said) -> Result<(), String> {
    match said {
        Said::No => Ok(()),
        Said::Yes if confirm.choices.is_empty() && confirm.input.is_none() => Ok(()),
        Said::Chose(choice) if confirm.choices.contains(choice) => Ok(()),
        Said::Entered(text) if confirm.input.is_some() && !text.trim().is_empty() && !text.chars().any(char::is_control) => {
            Ok(())
        }
        _ if !confirm.choices.is_empty() => Err(format!("choose one of {}, or decline", confirm.choices.join(", "))),
        _ => match &confirm.input {
            Some(input) => Err(format!("a line of text is wanted ({input}), or decline")),
            None => Err("yes or no is wanted".to_owned()),
        },
    }
}

/// What was said to exactly this question, in a line each, in the order in which it was said.
#[must_use]
pub fn so_far(step: &Step, question: Digest) -> Vec<String> {
    let answers = step.answers.iter().filter(|answer| answer.shown == question);
    answers.map(|answer| format!("{}: {}", answer.by.line(), answer.said.line())).collect()
}

/// What the answers amount to that were given to exactly this question by people who may give them. Each has one voice, the
/// last that they gave, and a quorum is of people who say the same.
#[must_use]
pub fn weigh(confirm: &Confirm, answers: &[Answered], question: Digest, state: &RunState) -> Approval {
    let quorum = confirm.quorum.unwrap_or(1).max(1) as usize;
    let mut voices: Vec<(&str, &Said)> = Vec::new();
    for answer in answers.iter().filter(|answer| answer.shown == question) {
        let name = match &answer.by {
            Decider::Person(person) => {
                if may_answer(confirm, person, state.started(), state.operator()).is_err() {
                    continue;
                }
                person.name.as_str()
            }
            // A flag or the runbook itself speaks for nobody in particular: it never fills a list of names.
            _ if !confirm.by.is_empty() || confirm.not_self || quorum > 1 => continue,
            Decider::Flag(flag) => flag.as_str(),
            _ => "the runbook",
        };
        if answer.said == Said::No {
            return Approval::Declined { by: name.to_owned() };
        }
        voices.retain(|(who, _)| *who != name);
        voices.push((name, &answer.said));
    }
    let agrees = |said: &Said| voices.iter().filter(|(_, other)| *other == said).count() >= quorum;
    match voices.iter().rev().find(|(_, said)| agrees(said)) {
        Some((_, said)) => Approval::Agreed((*said).clone()),
        None => Approval::Open,
    }
}
