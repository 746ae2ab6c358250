//! The runs as they were seen last. A journal is read again only when it has changed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use runbook_model::entry::Mode;
use runbook_model::id::RunId;
use runbook_model::state::RunState;

use super::news::{self, News, Seen};
use crate::serve::Desk;
use crate::serve::question::Question;

/// So many of the newest runs are watched.
const MOST: usize = 500;

/// The runs as they were seen last.
#[derive(Debug, Default)]
pub(super) struct Looks {
    seen: BTreeMap<RunId, (Mark, Option<Seen>)>,
}

/// By which a change is known: the length of the journal, and whether somebody is at work.
type Mark = (u64, bool);

impl Looks {
    /// Looks at the newest runs. Blocks.
    pub(super) fn look(&mut self, desk: &Desk) {
        let Ok(Some(history)) = desk.history() else { return };
        let Ok(runs) = history.runs() else { return };
        let newest: Vec<_> = runs.into_iter().take(MOST).collect();
        self.seen.retain(|run, _| newest.contains(run));
        for run in newest {
            // One that came to its end stays there, until somebody rolls it back: its journal grows then.
            let length = std::fs::metadata(history.dir(run).journal()).map_or(0, |journal| journal.len());
            let known = self.seen.get(&run);
            if known.is_some_and(|((before, held), seen)| *before == length && !held && seen.as_ref().is_none_or(Seen::is_over)) {
                continue;
            }
            let mark = (length, history.held(run).is_some());
            if known.is_some_and(|(before, _)| *before == mark) {
                continue;
            }
            let seen = history.read(run).ok().and_then(|(reading, _)| {
                let state = RunState::fold(&reading.records).ok()??;
                let live = state.started().mode == Mode::Live;
                live.then(|| Seen {
                    run,
                    runbook: state.started().runbook.clone(),
                    title: state.started().title.clone(),
                    env: state.started().env.clone(),
                    status: state.status().clone(),
                    at: state.last_at(),
                    questions: Question::all(&state),
                    held: mark.1,
                })
            });
            self.seen.insert(run, (mark, seen));
        }
    }

    /// What there is to tell.
    pub(super) fn news(&self, now: Timestamp) -> Vec<News> {
        self.seen.values().filter_map(|(_, seen)| seen.as_ref()).flat_map(|seen| news::of(seen, now)).collect()
    }

    /// The runs whose question was not answered in time, and that nobody works on.
    pub(super) fn overdue(&self, now: Timestamp) -> Vec<RunId> {
        let over = |seen: &&Seen| !seen.held && seen.questions.iter().filter_map(|asked| asked.until).any(|until| until <= now);
        self.seen.values().filter_map(|(_, seen)| seen.as_ref()).filter(over).map(|seen| seen.run).collect()
    }
}
