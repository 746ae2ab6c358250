//! The menus for a failed step and for one in doubt: letters, no default, and a reason where the record needs one.

use runbook_model::change::Change;
use runbook_model::path::StepPath;
use runbook_model::step::{StepKind, StepSpec};
use runbook_runtime::world::Choice;

use crate::output::safe;
use crate::output::style::{Palette, Tone};
use crate::output::wrap::Lines;

/// So many changes that would be taken back are named.
const NAMED: usize = 3;

/// What can be chosen, before it is known who did and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Retry,
    Skip,
    RollBack,
    Stop,
    Did,
    DidNot,
}

impl Way {
    pub(super) fn letter(self) -> &'static str {
        match self {
            Self::Retry => "r",
            Self::Skip => "k",
            Self::RollBack => "b",
            Self::Stop => "s",
            Self::Did => "d",
            Self::DidNot => "n",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Skip => "skip",
            Self::RollBack => "rollback",
            Self::Stop => "stop",
            Self::Did => "did",
            Self::DidNot => "did-not",
        }
    }

    /// The reason that the record needs for it.
    pub(super) fn reason(self) -> Option<&'static str> {
        match self {
            Self::Skip => Some("why may it be passed over?"),
            Self::Did | Self::DidNot => Some("how do you know?"),
            Self::Retry | Self::RollBack | Self::Stop => None,
        }
    }
}

/// What can be chosen now.
pub(super) fn ways(choice: &Choice) -> Vec<Way> {
    match choice {
        Choice::InDoubt { .. } => vec![Way::Did, Way::DidNot, Way::Stop],
        Choice::Failed { spec, owed, rolling_back, .. } => {
            let mut ways = Vec::new();
            // What fails in the script itself has no step that could be tried again or passed over.
            if let Some(spec) = spec {
                ways.push(Way::Retry);
                // A question that could be passed over would be none.
                ways.extend((*rolling_back || !matches!(spec.kind, StepKind::Confirm(_))).then_some(Way::Skip));
            }
            if !owed.is_empty() && !rolling_back {
                ways.push(Way::RollBack);
            }
            ways.push(Way::Stop);
            ways
        }
    }
}

/// What a person reads before they choose.
pub(super) fn shown(choice: &Choice, palette: Palette, columns: Option<usize>) -> String {
    let below = |line: &str| {
        let lines = Lines { columns, first: 4, hang: 6 };
        format!("    {}\n", lines.lay(&[(Tone::Plain, safe::line(line).as_str())], palette))
    };
    let head = |name: &str, tone: Tone, what: &str| {
        let (name, what) = (safe::line(name), format!(" {what}"));
        format!(
            "\n{}\n",
            Lines { columns, first: 0, hang: 2 }.lay(&[(Tone::Strong, name.as_str()), (tone, what.as_str())], palette)
        )
    };
    let mut text = match choice {
        Choice::Failed { path, why, rolling_back, .. } => {
            let what = if *rolling_back { "the rollback failed" } else { "failed" };
            [head(path.name(), Tone::Bad, what), below(why)].concat()
        }
        Choice::InDoubt { path, spec, known } => {
            let mut text = head(path.name(), Tone::Warn, "is in doubt: did it take effect?");
            text.extend(change(spec).map(|change| below(&change.line())));
            text.extend(known.lines().map(below));
            text
        }
    };
    text.push_str(&letters(choice, palette, columns));
    text
}

/// What each letter means.
pub(super) fn letters(choice: &Choice, palette: Palette, columns: Option<usize>) -> String {
    let mut text = String::new();
    for way in ways(choice) {
        let letter = palette.paint(Tone::Strong, &format!("[{}]", way.letter()));
        let what = what(way, choice);
        let lines = Lines { columns, first: 6, hang: 6 };
        text.push_str(&format!("  {letter} {}\n", lines.lay(&[(Tone::Plain, what.as_str())], palette)));
    }
    text
}

/// What an answer means, if it means anything here.
pub(super) fn meaning(choice: &Choice, typed: &str) -> Option<Way> {
    let typed = typed.to_lowercase();
    ways(choice).into_iter().find(|way| typed == way.letter() || typed == way.word())
}

fn what(way: Way, choice: &Choice) -> String {
    match (way, choice) {
        (Way::Retry, _) => "retry: try the step again".to_owned(),
        (Way::Skip, _) => "skip: pass over it, with a reason".to_owned(),
        (Way::RollBack, Choice::Failed { owed, .. }) => format!("rollback: take back {}", taken_back(owed)),
        (Way::RollBack, Choice::InDoubt { .. }) => "rollback".to_owned(),
        (Way::Stop, _) => "stop here: the run stays resumable".to_owned(),
        (Way::Did, _) => "did: it took effect; the run goes on behind it".to_owned(),
        (Way::DidNot, _) => "did-not: it did not; the run does it again".to_owned(),
    }
}

/// What a rollback would take back, in its order.
fn taken_back(owed: &[StepPath]) -> String {
    let names: Vec<_> = owed.iter().take(NAMED).map(|path| format!("`{}`", safe::line(path.name()))).collect();
    let more = owed.len() - names.len();
    let mut text = names.join(", then ");
    if more > 0 {
        text.push_str(&format!(", then {more} more"));
    }
    text
}

fn change(spec: &StepSpec) -> Option<&Change> {
    match &spec.kind {
        StepKind::Command(command) => Some(&command.change),
        StepKind::Check(_) | StepKind::Confirm(_) | StepKind::Rollback(_) => None,
    }
}
