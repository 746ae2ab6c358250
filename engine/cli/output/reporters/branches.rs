//! Which steps stand in a branch of a `parallel`: branches run at the same time, so each line says whose it is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use runbook_model::entry::{Entry, ParallelEntered};
use runbook_model::path::StepPath;

use crate::output::elapsed;
use crate::output::reporters::line::{Detail, Line, Mark};
use crate::output::style::Tone;

/// So many items are named; the rest is counted.
const NAMED: usize = 8;

/// The `parallel`s of a run so far.
#[derive(Default)]
pub(super) struct Branches {
    known: BTreeMap<StepPath, Parallel>,
}

struct Parallel {
    items: usize,
    begun: usize,
    /// The keys of the items that failed.
    failed: Vec<String>,
}

impl Branches {
    /// The key of the item in whose branch this stands.
    pub(super) fn key(&self, path: &StepPath) -> Option<String> {
        if self.known.is_empty() {
            return None;
        }
        let path = path.forward();
        let parallel = path.ancestors().find(|ancestor| self.known.contains_key(ancestor))?;
        path.ancestors()
            .chain([path.clone()])
            .find(|at| at.parent() == parallel && *at != parallel)
            .map(|at| at.name().to_owned())
    }

    /// The name of a step as people read it: with that of its item in front.
    pub(super) fn named(&self, path: &StepPath, name: &str) -> String {
        match self.key(path) {
            Some(key) => format!("{key}: {name}"),
            None => name.to_owned(),
        }
    }

    /// Says in each line whose branch it is about, in place of the depth that the branch would have.
    pub(super) fn name(&self, entry: &Entry, mut lines: Vec<Line>) -> Vec<Line> {
        let own = matches!(entry, Entry::BranchLeft { .. });
        if let Some(key) = entry.path().filter(|_| !own).and_then(|path| self.key(path)) {
            let back = entry.path().is_some_and(StepPath::is_rollback) || matches!(entry, Entry::RollbackDone { .. });
            for line in &mut lines {
                line.text = format!("{key}: {}", line.text);
                line.depth = line.depth.saturating_sub(usize::from(!back));
            }
        }
        lines
    }

    /// A `parallel` begins, or goes on with other items.
    pub(super) fn enter(&mut self, at: Timestamp, asked: &ParallelEntered) -> Vec<Line> {
        let parallel = self.known.entry(asked.path.clone());
        parallel.or_insert(Parallel { items: 0, begun: 0, failed: Vec::new() }).items = asked.items.len();
        let mut aside = format!("{} {}", asked.items.len(), if asked.items.len() == 1 { "item" } else { "items" });
        if asked.items.len() > usize::try_from(asked.max).unwrap_or(usize::MAX) {
            aside.push_str(&format!(", {} at a time", asked.max));
        }
        if asked.max_failures > 0 {
            aside.push_str(&format!(", {} may fail", asked.max_failures));
        }
        let mut named = asked.items.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if let Some(more) = asked.items.len().checked_sub(NAMED).filter(|more| *more > 0) {
            named.push_str(&format!(", and {more} more"));
        }
        let line = Line::new(at, Mark::Phase, asked.path.name()).depth(asked.path.depth()).aside(aside);
        vec![line.details([Detail::Text(Tone::Faint, named)])]
    }

    /// A branch begins: its first step says so.
    pub(super) fn begin(&mut self, path: &StepPath) -> Vec<Line> {
        if let Some(parallel) = self.known.get_mut(&path.parent()) {
            parallel.begun += 1;
        }
        Vec::new()
    }

    /// A branch ended: worth a line when it failed.
    pub(super) fn end(&mut self, at: Timestamp, path: &StepPath, millis: u64, failed: Option<&str>) -> Vec<Line> {
        let (Some(parallel), Some(why)) = (self.known.get_mut(&path.parent()), failed) else { return Vec::new() };
        parallel.failed.push(path.name().to_owned());
        let line = Line::new(at, Mark::Failed, format!("{} failed", path.name()));
        vec![line.depth(path.depth()).aside(format!("{} · {why}", elapsed::short(millis)))]
    }

    /// How many items failed, of all the `parallel`s so far.
    pub(super) fn failures(&self) -> usize {
        self.known.values().map(|parallel| parallel.failed.len()).sum()
    }

    /// A step is open again, and with it its branch.
    pub(super) fn reopen(&mut self, path: &StepPath) {
        let Some(key) = self.key(path) else { return };
        for ancestor in path.ancestors() {
            if let Some(parallel) = self.known.get_mut(&ancestor) {
                parallel.failed.retain(|failed| *failed != key);
            }
        }
    }

    /// A `parallel` ended: what became of its items.
    pub(super) fn leave(&mut self, at: Timestamp, path: &StepPath, millis: u64) -> Vec<Line> {
        let Some(parallel) = self.known.get(path) else { return Vec::new() };
        let failed = parallel.failed.len();
        let mut parts = vec![format!("{} of {} done", parallel.begun.saturating_sub(failed), parallel.items)];
        if failed > 0 {
            parts.push(format!("{failed} failed"));
        }
        if let Some(left) = parallel.items.checked_sub(parallel.begun).filter(|left| *left > 0) {
            parts.push(format!("{left} not reached"));
        }
        let aside = format!("{} · {}", elapsed::short(millis), parts.join(", "));
        vec![Line::new(at, Mark::Note, path.name()).depth(path.depth()).aside(aside)]
    }
}
