//! What a person signs: one text, made from the record, so that nobody can sign one thing and have another recorded.
//!
//! A [`Signed`] record stands directly before the record of the act that it is about (directly behind `session_started`
//! for [`Meaning::Executed`]). Its text names the run, its parameters, the step and the end of the journal before it: so it
//! counts in this place only, and whoever moves it breaks it.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::answer::Said;
use crate::chain::Head;
use crate::digest::Digest;
use crate::entry::{Entry, Purpose, Record, RunStarted, Verdict};
use crate::id::RunId;
use crate::person::{Decider, From, Person};
use crate::signed::{Meaning, Signed};

/// The namespace of these signatures: they count for nothing else, and nothing else counts for them.
pub const NAMESPACE: &str = "statement@runbook";

impl Signed {
    /// A statement about an act, before it is signed. `None` for acts that nobody signs.
    #[must_use]
    pub fn about(act: &Entry, key: &str) -> Option<Self> {
        let blank = |meaning, said: String, by: &Person| Self {
            meaning,
            path: None,
            said,
            why: None,
            shown: None,
            by: by.clone(),
            key: key.to_owned(),
            signature: String::new(),
        };
        match act {
            Entry::SessionStarted(session) => {
                let meaning = match session.purpose {
                    Purpose::Exec | Purpose::Resume | Purpose::Rollback | Purpose::Abandon => Meaning::Executed,
                    // These sessions are there for one statement of their own.
                    Purpose::Answer | Purpose::Resolve => return None,
                    Purpose::Review => Meaning::Reviewed,
                };
                Some(blank(meaning, word(session.purpose).to_owned(), &session.operator))
            }
            Entry::ConfirmAnswered { path, said, by: Decider::Person(by), shown, note } => {
                let meaning = if *said == Said::No { Meaning::Declined } else { Meaning::Approved };
                let signed = blank(meaning, said.line(), by);
                Some(Self { path: Some(path.clone()), why: note.clone(), shown: Some(*shown), ..signed })
            }
            Entry::StepResolved { path, verdict, by: Decider::Person(by), why, .. } => {
                let said = match verdict {
                    Verdict::Did => "did",
                    Verdict::DidNot => "did-not",
                };
                let signed = blank(Meaning::Resolved, said.to_owned(), by);
                Some(Self { path: Some(path.clone()), why: Some(why.clone()), ..signed })
            }
            Entry::StepSkipped { path, by: Decider::Person(by), why } => {
                let signed = blank(Meaning::Skipped, "skip".to_owned(), by);
                Some(Self { path: Some(path.clone()), why: Some(why.clone()), ..signed })
            }
            _ => None,
        }
    }

    /// Whether this is the statement about that act, whatever its key and signature are.
    #[must_use]
    pub fn is_about(&self, act: &Entry) -> bool {
        let blank = |signed: &Self| Self { signature: String::new(), ..signed.clone() };
        Self::about(act, &self.key).is_some_and(|wanted| wanted == blank(self))
    }

    /// The text that is signed. `head` is the end of the journal before this record, `at` its time.
    #[must_use]
    pub fn text(&self, run: RunId, started: &RunStarted, head: Head, at: Timestamp) -> String {
        let mut text = String::from("runbook statement v1\n");
        let mut line = |name: &str, value: &str| {
            let _infallible = writeln!(text, "{name}: {}", plain(value));
        };
        line("meaning", self.meaning.word());
        line("run", &run.to_string());
        line("runbook", &started.runbook);
        if let Some(env) = &started.env {
            line("env", env);
        }
        line("parameters", &Digest::of_json(&started.params).to_string());
        if let Some(path) = &self.path {
            line("step", &path.to_string());
        }
        line("said", &self.said);
        if let Some(why) = &self.why {
            line("why", why);
        }
        if let Some(shown) = &self.shown {
            line("shown", &shown.to_string());
        }
        let from = match self.by.from {
            From::Terminal => "terminal",
            From::CommandLine => "command line",
            From::Web => "web",
        };
        line("by", &format!("{}@{} ({from})", self.by.name, self.by.host));
        line("key", &self.key);
        line("at", &at.to_string());
        line("journal", &format!("{} after {} records", head.digest, head.next));
        text
    }
}

/// Whether an act is one of a person that is signed where people sign. Gives who did it.
#[must_use]
pub fn wants_signature(act: &Entry) -> Option<Person> {
    Signed::about(act, "").map(|signed| signed.by)
}

/// Whether the statement stands behind the record that it is about, and not before it.
#[must_use]
pub fn comes_after(act: &Record) -> bool {
    matches!(act.entry, Entry::SessionStarted(_))
}

fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Exec => "exec",
        Purpose::Resume => "resume",
        Purpose::Rollback => "rollback",
        Purpose::Resolve => "resolve",
        Purpose::Answer => "answer",
        Purpose::Abandon => "abandon",
        Purpose::Review => "review",
    }
}

/// A value in one line that cannot look like two, nor be shown as another: what is not plain is escaped, and so is the
/// sign that escapes.
fn plain(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        let hidden =
            matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}');
        if c.is_control() || hidden || c == '\\' {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn two_values_never_read_the_same(a in any::<String>(), b in any::<String>()) {
            prop_assert_eq!(plain(&a) == plain(&b), a == b);
            prop_assert!(!plain(&a).contains('\n'));
        }
    }
}
