//! A run that has just been started, and of which nothing else is said.

use runbook_model::entry::{Entry, Mode, Record, RunStarted, Source, VERSION};
use runbook_model::id::{Epoch, RunId, Seq};
use runbook_model::step::OnFailure;

/// Its first record.
pub(crate) fn first(sources: Vec<Source>) -> Record {
    let started = RunStarted {
        runbook: "r".to_owned(),
        title: "R".to_owned(),
        owner: None,
        mode: Mode::Live,
        env: None,
        params: Default::default(),
        settings: Default::default(),
        budget: None,
        locks: Default::default(),
        on_failure: OnFailure::Stop,
        sources,
        provenance: None,
        root: "/".to_owned(),
        groups: Default::default(),
        hosts: Default::default(),
        alert: None,
        unsealed: None,
        protected: false,
        gate: None,
        outlook: Default::default(),
    };
    let entry = Entry::RunStarted(Box::new(started));
    let at = jiff::Timestamp::UNIX_EPOCH;
    Record { v: VERSION, run: RunId::from_parts(1, 2), seq: Seq(0), epoch: Epoch(1), at, entry }
}
