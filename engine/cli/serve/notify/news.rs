//! What of a run is worth telling somebody. Pure: of what was seen, and of the time.

use jiff::Timestamp;
use runbook_model::id::RunId;
use runbook_model::status::RunStatus;

use crate::serve::question::Question;

/// A run as it was seen.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) run: RunId,
    pub(super) runbook: String,
    pub(super) title: String,
    pub(super) env: Option<String>,
    pub(super) status: RunStatus,
    pub(super) at: Timestamp,
    pub(super) questions: Vec<Question>,
    pub(super) held: bool,
}

impl Seen {
    /// Whether it came to its end.
    pub(super) fn is_over(&self) -> bool {
        self.status.is_final()
    }
}

/// Something worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct News {
    /// The same news has the same key, whenever it is looked at.
    pub(super) key: String,
    /// What kind of news it is: `waiting`, or the word of a status with `_` for spaces.
    pub(super) kind: String,
    pub(super) run: RunId,
    pub(super) runbook: String,
    pub(super) title: String,
    pub(super) env: Option<String>,
    /// One line.
    pub(super) text: String,
    /// Whom it is for: names and `@groups`; empty for anybody.
    pub(super) to: Vec<String>,
    /// Since when it is so.
    pub(super) at: Timestamp,
}

/// What is worth telling of a run.
pub(super) fn of(seen: &Seen, now: Timestamp) -> Vec<News> {
    let news = |kind: String, key: String, text: String, to: Vec<String>, at: Timestamp| News {
        key: format!("{} {key}", seen.run),
        kind,
        run: seen.run,
        runbook: seen.runbook.clone(),
        title: seen.title.clone(),
        env: seen.env.clone(),
        text,
        to,
        at,
    };
    let asked = |question: &Question| {
        let round = round(question, now);
        let confirm = &question.confirm;
        let to = match round.checked_sub(1) {
            None => confirm.by.clone(),
            Some(nth) => confirm.escalate.get(nth).cloned().into_iter().collect(),
        };
        let again = if round == 0 { "" } else { " (nobody has answered so far)" };
        let key = format!("waiting {} {} {round}", question.asked, question.path);
        let text = format!("{}{again}", question.text);
        // Of a round it is news when the round begins, however long ago it was asked first.
        let passed = confirm.deadline.map_or(0, |deadline| deadline.millis().saturating_mul(round as u64));
        let began = question.asked.as_millisecond().saturating_add(i64::try_from(passed).unwrap_or(0));
        let at = Timestamp::from_millisecond(began).unwrap_or(question.asked);
        news("waiting".to_owned(), key, text, to, at)
    };
    if !seen.questions.is_empty() {
        return if seen.held { Vec::new() } else { seen.questions.iter().map(asked).collect() };
    }
    let told = match &seen.status {
        RunStatus::Failed { message, .. } | RunStatus::Stuck { message, .. } => message.clone(),
        RunStatus::InDoubt { at } => format!("nobody knows whether `{}` took effect", at.told()),
        RunStatus::Declined { at } => format!("declined at `{}`", at.told()),
        RunStatus::Completed => "done".to_owned(),
        RunStatus::RolledBack => "everything that was owed is taken back".to_owned(),
        _ => return Vec::new(),
    };
    let kind = seen.status.word().replace(' ', "_");
    vec![news(kind.clone(), format!("{kind} {}", seen.at), told, Vec::new(), seen.at)]
}

/// How many deadlines have passed; each but the last is followed by another person.
fn round(question: &Question, now: Timestamp) -> usize {
    let Some(deadline) = question.confirm.deadline else { return 0 };
    let passed = u64::try_from(now.as_millisecond().saturating_sub(question.asked.as_millisecond())).unwrap_or(0);
    let rounds = passed / deadline.millis().max(1);
    usize::try_from(rounds).unwrap_or(usize::MAX).min(question.confirm.escalate.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_model::digest::Digest;
    use runbook_model::step::Confirm;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn seen(status: RunStatus, questions: Vec<Question>) -> Seen {
        let (runbook, title) = ("api".to_owned(), "Api".to_owned());
        Seen { run: RunId::from_parts(1, 1), runbook, title, env: None, status, at: at(0), questions, held: false }
    }

    fn asked() -> Question {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let confirm =
            Confirm { by: texts(&["ann"]), deadline: "10s".parse().ok(), escalate: texts(&["@l2", "bob"]), ..Confirm::default() };
        Question {
            text: "Go?".to_owned(),
            confirm,
            shown: Digest::of(b""),
            so_far: Vec::new(),
            until: None,
            path: "Go?".to_owned(),
            told: "Go?".to_owned(),
            asked: at(0),
        }
    }

    #[test]
    fn each_deadline_is_news_for_the_next_and_each_moment_in_it_is_the_same_news() {
        let run = seen(RunStatus::Running, vec![asked()]);
        let told: Vec<_> = [0, 9, 10, 19, 20, 29, 500].iter().flat_map(|now| of(&run, at(*now))).collect();
        let to: Vec<_> = told.iter().map(|news| news.to.join(",")).collect();
        assert_eq!(to, ["ann", "ann", "@l2", "@l2", "bob", "bob", "bob"]);
        assert!(told[0].key == told[1].key && told[1].key != told[2].key && told[4].key == told[6].key);
    }

    #[test]
    fn what_somebody_works_on_or_has_stopped_by_hand_is_no_news() {
        let working = Seen { held: true, ..seen(RunStatus::Running, vec![asked()]) };
        assert_eq!(of(&working, at(0)), []);
        assert_eq!(of(&seen(RunStatus::Interrupted, Vec::new()), at(0)), []);
        let failed = RunStatus::Failed { at: None, message: "exit code 3".to_owned() };
        assert_eq!(of(&seen(failed, Vec::new()), at(0))[0].kind, "failed");
    }
}
