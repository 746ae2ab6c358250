//! Finding a run by the first letters of its id.

use std::fmt::Write as _;

use runbook_model::id::RunId;

use super::{StateDir, StorageFailure};

/// In place of an id, in any case: the newest run.
pub const LAST: &str = "LAST";

/// The most candidates that an error message names.
const SHOWN: usize = 5;

/// The letters do not name one run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchRun {
    /// No run begins like that.
    #[error("no run begins with `{prefix}`; `runbook runs` lists them")]
    None {
        /// What was asked for, safe to show.
        prefix: String,
    },
    /// The newest one was asked for.
    #[error("there is no run here, and so no last one")]
    NoneAtAll,
    /// Several do.
    #[error("`{prefix}` may be any of {} runs: {}; add letters until one is left", candidates.len(), some(candidates))]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// Which runs begin like that, the newest first.
        candidates: Vec<RunId>,
    },
    /// The runs could not be listed.
    #[error(transparent)]
    Storage(#[from] StorageFailure),
}

impl StateDir {
    /// The one run whose id begins with `prefix`, or the newest that has begun for [`LAST`]; capitals do not matter.
    ///
    /// # Errors
    /// [`NoSuchRun`] when none or several do. An empty prefix names no run, even when there is only one: it is what an
    /// unset variable of a shell looks like.
    pub fn find(&self, prefix: &str) -> Result<RunId, NoSuchRun> {
        let wanted = prefix.to_ascii_uppercase();
        // No id has an `L`: the word is never the beginning of one.
        if wanted == LAST {
            let begun = |run: &RunId| self.run(*run).journal().exists();
            return self.runs()?.into_iter().find(begun).ok_or(NoSuchRun::NoneAtAll);
        }
        let none = || NoSuchRun::None { prefix: prefix.chars().take(64).flat_map(char::escape_debug).collect() };
        if wanted.is_empty() {
            return Err(none());
        }
        let mut candidates = self.runs()?;
        candidates.retain(|run| run.to_string().starts_with(&wanted));
        match *candidates {
            [] => Err(none()),
            [one] => Ok(one),
            _ => Err(NoSuchRun::Ambiguous { prefix: wanted, candidates }),
        }
    }
}

fn some(candidates: &[RunId]) -> String {
    let mut text = String::new();
    for (at, run) in candidates.iter().take(SHOWN).enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(text, "{comma}`{run}`").expect("writing to a String does not fail");
    }
    if candidates.len() > SHOWN {
        text.push_str(", …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::sample::run_id;

    #[test]
    fn any_unique_prefix_in_any_case_will_do() {
        let home = tempfile::tempdir().unwrap();
        let state = StateDir::open(home.path()).unwrap();
        let (old, new) = (run_id(1), RunId::from_parts(1_800_000_000_000, 7));
        for run in [old, new] {
            std::fs::create_dir(state.run(run).dir()).unwrap();
        }
        let text = new.to_string();
        let differ = text.bytes().zip(old.to_string().bytes()).position(|(a, b)| a != b).unwrap();
        for end in differ + 1..=text.len() {
            assert_eq!(state.find(&text[..end]), Ok(new));
            assert_eq!(state.find(&text[..end].to_lowercase()), Ok(new));
        }
        for end in 1..=differ {
            let refused = state.find(&text[..end]).unwrap_err();
            assert_eq!(refused, NoSuchRun::Ambiguous { prefix: text[..end].to_owned(), candidates: vec![new, old] });
            assert!(refused.to_string().contains(&text), "{refused}");
        }
    }

    #[test]
    fn the_last_one_is_the_newest_that_has_begun() {
        let home = tempfile::tempdir().unwrap();
        let state = StateDir::open(home.path()).unwrap();
        assert_eq!(state.find("last"), Err(NoSuchRun::NoneAtAll));
        let runs = [1, 2, 3].map(|nth| RunId::from_parts(1_800_000_000_000 + nth, 7));
        for run in runs {
            std::fs::create_dir(state.run(run).dir()).unwrap();
        }
        // The newest died before its first record.
        for run in &runs[..2] {
            std::fs::write(state.run(*run).journal(), "").unwrap();
        }
        assert_eq!(state.find("last"), Ok(runs[1]));
        assert_eq!(state.find("LAST"), Ok(runs[1]));
        assert!(matches!(state.find("lasts"), Err(NoSuchRun::None { .. })));
    }

    #[test]
    fn what_names_no_run_is_shown_safely() {
        let home = tempfile::tempdir().unwrap();
        let state = StateDir::open(home.path()).unwrap();
        std::fs::create_dir(state.run(run_id(1)).dir()).unwrap();
        for prefix in ["", "zz", "../..", "0\u{1b}[2J"] {
            let message = state.find(prefix).unwrap_err().to_string();
            assert!(message.contains("runbook runs") && !message.contains('\u{1b}'), "{message}");
        }
    }
}
