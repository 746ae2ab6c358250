//! The questions of a run: what each wants, and who has agreed so far.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use runbook_model::answer::Said;
use runbook_model::approval;
use runbook_model::entry::Intent;
use runbook_model::path::StepPath;
use runbook_model::step::{Confirm, StepKind};

/// The questions that were asked, by their paths.
#[derive(Debug, Default)]
pub(super) struct Asked(BTreeMap<StepPath, Question>);

#[derive(Debug)]
struct Question {
    confirm: Confirm,
    since: Timestamp,
    agreed: BTreeSet<String>,
    declined: bool,
}

impl Asked {
    /// A question is put, perhaps again: what was said to it before still counts.
    pub(super) fn ask(&mut self, since: Timestamp, intent: &Intent) {
        if let StepKind::Confirm(confirm) = &intent.spec.kind {
            let question = Question { confirm: confirm.clone(), since, agreed: BTreeSet::new(), declined: false };
            self.0.entry(intent.path.clone()).or_insert(question);
        }
    }

    /// Somebody has answered. Gives how many of how many have agreed, where it is more than one who has to.
    pub(super) fn answer(&mut self, path: &StepPath, said: &Said, by: &str) -> Option<String> {
        let question = self.0.get_mut(path)?;
        if *said == Said::No {
            question.declined = true;
            return None;
        }
        question.agreed.insert(by.to_owned());
        let wanted = question.confirm.quorum.filter(|quorum| *quorum > 1)?;
        Some(format!("{} of {wanted}", question.agreed.len()))
    }

    /// It is over: put again, it begins anew.
    pub(super) fn end(&mut self, path: &StepPath) {
        self.0.remove(path);
    }

    /// Whether somebody has said no to a question that is not over.
    pub(super) fn has_declined(&self) -> bool {
        self.0.values().any(|question| question.declined)
    }

    /// Until when a question may be answered, and whether that is over at this moment; `None` when it has no deadline.
    pub(super) fn until(&self, path: &StepPath, now: Timestamp) -> Option<(Timestamp, bool)> {
        let Question { confirm, since, .. } = self.0.get(path)?;
        approval::until(confirm, *since).map(|until| (until, until <= now))
    }

    /// Who is meant by a question, as a person who could be it reads it; `None` when it is anybody.
    pub(super) fn meant(&self, path: &StepPath) -> Option<String> {
        let Question { confirm, agreed, .. } = self.0.get(path)?;
        let mut parts = confirm.wants();
        if !agreed.is_empty() {
            parts.push(format!("so far: {}", agreed.iter().cloned().collect::<Vec<_>>().join(", ")));
        }
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_model::digest::Digest;
    use runbook_model::id::Attempt;
    use runbook_model::step::{Location, StepSpec};

    fn intent(confirm: Confirm) -> Intent {
        let path = StepPath::root().child("Go?", 1);
        let spec = StepSpec { name: "Go?".to_owned(), kind: StepKind::Confirm(confirm) };
        Intent {
            path,
            attempt: Attempt::FIRST,
            fingerprint: Digest::ZERO,
            spec,
            change: None,
            owes: Vec::new(),
            location: Location::default(),
        }
    }

    #[test]
    fn a_quorum_is_counted_by_people_and_over_sessions() {
        let intent = intent(Confirm { quorum: Some(2), not_self: true, ..Confirm::default() });
        let mut asked = Asked::default();
        asked.ask(Timestamp::UNIX_EPOCH, &intent);
        assert_eq!(asked.answer(&intent.path, &Said::Yes, "ann").as_deref(), Some("1 of 2"));
        asked.ask(Timestamp::UNIX_EPOCH, &intent);
        assert_eq!(asked.answer(&intent.path, &Said::Yes, "ann").as_deref(), Some("1 of 2"));
        let meant = asked.meant(&intent.path).unwrap();
        assert_eq!(meant, "2 people have to agree · not whoever runs it · so far: ann");
        assert_eq!(asked.answer(&intent.path, &Said::Yes, "bob").as_deref(), Some("2 of 2"));
        asked.end(&intent.path);
        assert_eq!(asked.meant(&intent.path), None);
    }

    #[test]
    fn a_deadline_counts_from_the_first_time_that_it_was_asked() {
        let at = |second| Timestamp::from_second(second).expect("a moment");
        let escalate = vec!["bob".to_owned()];
        let intent = intent(Confirm { deadline: "10s".parse().ok(), escalate, ..Confirm::default() });
        let mut asked = Asked::default();
        asked.ask(at(100), &intent);
        asked.ask(at(110), &intent);
        assert_eq!(asked.until(&intent.path, at(119)), Some((at(120), false)));
        assert_eq!(asked.until(&intent.path, at(120)), Some((at(120), true)));
    }

    #[test]
    fn a_question_for_anybody_says_nothing_about_people() {
        let intent = intent(Confirm::default());
        let mut asked = Asked::default();
        asked.ask(Timestamp::UNIX_EPOCH, &intent);
        assert_eq!((asked.meant(&intent.path), asked.has_declined()), (None, false));
        assert_eq!(asked.answer(&intent.path, &Said::No, "ann"), None);
        assert!(asked.has_declined());
    }
}
