//! How the state keeps what an attempt intended.
//!
//! A run of ten thousand steps would hold ten thousand intents in memory that hardly anybody asks for again: what a step
//! owes stands among what is owed, and what it gave back among what ended. So the intent of a step that succeeded is
//! folded up into its text, which takes a quarter of the room, and is opened for whoever asks. Of a rehearsal all are asked
//! for once more, by its plan: what it withheld stays as it is.

use std::borrow::Cow;

use crate::change::Change;
use crate::entry::Intent;
use crate::step::{RollbackPlan, StepKind};

/// An intent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kept {
    /// As it is.
    Open(Box<Intent>),
    /// As its JSON.
    Folded(Box<[u8]>),
}

impl Kept {
    pub(super) fn new(intent: &Intent) -> Self {
        Self::Open(Box::new(intent.clone()))
    }

    /// The intent, if it is not folded up.
    pub(super) fn open(&self) -> Option<&Intent> {
        match self {
            Self::Open(intent) => Some(intent),
            Self::Folded(_) => None,
        }
    }

    /// The intent, whichever way it is kept.
    ///
    /// # Panics
    /// Never: only what reads back from its own text is folded up.
    pub(super) fn opened(&self) -> Cow<'_, Intent> {
        match self {
            Self::Open(intent) => Cow::Borrowed(intent),
            Self::Folded(json) => Cow::Owned(serde_json::from_slice(json).expect("it was written from an intent")),
        }
    }

    /// Folds the intent up, if that saves anything and nothing in it could keep it from being read back.
    pub(super) fn fold(&mut self) {
        if let Self::Open(intent) = self
            && is_plain(intent)
            && let Ok(json) = serde_json::to_vec(intent)
        {
            *self = Self::Folded(json.into_boxed_slice());
        }
    }
}

/// Whether an intent consists of text, numbers and lists of text: a value of a script may be nested as deep as the script
/// likes, and what reads JSON has a limit there.
fn is_plain(intent: &Intent) -> bool {
    let runs = |change: &Change| matches!(change, Change::Run(_));
    let StepKind::Command(command) = &intent.spec.kind else { return false };
    let back = match &command.rollback {
        RollbackPlan::Changes(changes) => changes.iter().all(runs),
        RollbackPlan::Undeclared | RollbackPlan::Nothing | RollbackPlan::Restore | RollbackPlan::Block => true,
    };
    back && command.assume.is_none() && runs(&command.change) && intent.change.iter().all(runs) && intent.owes.iter().all(runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;
    use crate::change::{HttpCall, Invocation};
    use crate::digest::Digest;
    use crate::id::Attempt;
    use crate::path::StepPath;
    use crate::step::{Command, Confirm, Location, StepSpec};

    fn run(word: &str) -> Change {
        Change::Run(Invocation { argv: vec![word.to_owned(), "\u{0}\"\\ü".to_owned()], ..Invocation::default() })
    }

    fn intent(kind: StepKind) -> Intent {
        let change = match &kind {
            StepKind::Command(command) => Some(command.change.clone()),
            _ => None,
        };
        Intent {
            path: StepPath::root().child("a/b", 2),
            attempt: Attempt(3),
            fingerprint: Digest::of(b"x"),
            spec: StepSpec { name: "a/b".to_owned(), kind },
            change,
            owes: vec![run("back")],
            location: Location { file: "runbooks/x.rhai".to_owned(), line: 3, column: 9 },
        }
    }

    fn command(change: Change) -> Command {
        Command { rollback: RollbackPlan::Changes(vec![run("back")]), ..Command::new(change) }
    }

    #[test]
    fn what_is_folded_up_is_the_same_when_it_is_opened() {
        let intent = intent(StepKind::Command(Box::new(command(run("there")))));
        let mut kept = Kept::new(&intent);
        assert_eq!(kept.open(), Some(&intent));
        kept.fold();
        assert!(matches!(kept, Kept::Folded(_)) && kept.open().is_none());
        assert_eq!(*kept.opened(), intent);
        let folded = kept.clone();
        kept.fold();
        assert_eq!(kept, folded);
    }

    #[test]
    fn what_may_be_nested_too_deep_to_be_read_back_stays_open() {
        let deep = (0..1_000).fold(Value::Null, |inside, _| Value::from(vec![inside]));
        let call = Change::Http(HttpCall { json: Some(deep.clone()), ..HttpCall::default() });
        let assumed = Command { assume: Some(deep), ..command(run("there")) };
        let owing = Command { rollback: RollbackPlan::Changes(vec![call.clone()]), ..command(run("there")) };
        for kind in [
            StepKind::Command(Box::new(command(call))),
            StepKind::Command(Box::new(assumed)),
            StepKind::Command(Box::new(owing)),
            StepKind::Confirm(Confirm::default()),
        ] {
            let intent = intent(kind);
            let mut kept = Kept::new(&intent);
            kept.fold();
            assert_eq!(kept.open(), Some(&intent));
        }
    }
}
