//! What is right, said without the engine's own reasons.
//!
//! It goes by three things only: what really happened in the world, what the author declared for each step, and the order
//! of the undisturbed run. Nothing in here may use the model's `decide`, `state` or `rollback`: those are on trial.

use std::collections::{BTreeMap, BTreeSet};

use runbook_model::entry::{Entry, Record, Verdict};
use runbook_model::path::StepPath;
use runbook_model::person::Decider;
use runbook_model::step::{Command, RollbackPlan, StepKind};

use super::order::Order;
use super::swept::Breach;
use crate::world::Performed;
use crate::world::scripted::Effect;

/// Something that was done to the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deed {
    pub(super) path: StepPath,
    /// What was done, in one line.
    pub(super) line: String,
    /// Whether it took effect; else it was tried and failed.
    pub(super) done: bool,
}

impl Deed {
    pub(super) fn of(effect: &Effect) -> Self {
        let done = matches!(effect.result, Performed::Done(_));
        Self { path: effect.path.clone(), line: effect.change.line(), done }
    }

    fn shown(&self) -> String {
        format!("{}: {}{}", self.path, self.line, if self.done { "" } else { " (failed)" })
    }
}

/// The changes that went forward, those that took effect and those that did not.
pub(super) fn forward(deeds: &[Deed]) -> Vec<Deed> {
    deeds.iter().filter(|deed| !deed.path.is_rollback()).cloned().collect()
}

/// The changes of a rollback that took effect.
pub(super) fn backward(deeds: &[Deed]) -> Vec<Deed> {
    deeds.iter().filter(|deed| deed.path.is_rollback() && deed.done).cloned().collect()
}

/// The changes that took effect.
pub(super) fn effects(deeds: &[Deed]) -> Vec<Deed> {
    deeds.iter().filter(|deed| deed.done).cloned().collect()
}

/// The commands that were in flight when the engine died: intended, and no end is written. Branches of a `parallel` may have
/// one each.
pub(super) fn in_flight(records: &[Record]) -> BTreeMap<StepPath, Command> {
    let mut open = BTreeMap::new();
    for record in records {
        match &record.entry {
            Entry::StepIntended(intent) => {
                if let StepKind::Command(command) = &intent.spec.kind {
                    open.insert(intent.path.clone(), (**command).clone());
                }
            }
            Entry::StepEnded(end) => drop(open.remove(&end.path)),
            Entry::StepResolved { path, .. } => drop(open.remove(path)),
            _ => {}
        }
    }
    open
}

/// The changes that roll `deeds` back, as their authors declared them: newest first, for what took effect and for nothing
/// else. `blocks` says what the rollback blocks of the script do, which nobody can read from a declaration; a block that the
/// undisturbed run did not come to is taken as it was found, in its place.
pub(super) fn way_back(records: &[Record], deeds: &[Deed], blocks: &BTreeMap<StepPath, Vec<Deed>>) -> Vec<Deed> {
    let mut owing: BTreeMap<StepPath, (usize, RollbackPlan, Option<String>)> = BTreeMap::new();
    for (at, record) in records.iter().enumerate() {
        match &record.entry {
            Entry::StepIntended(intent) if !intent.path.is_rollback() => {
                let StepKind::Command(command) = &intent.spec.kind else { continue };
                let touched = |deed: &Deed| deed.path == intent.path && (deed.done || command.rollback_if_failed);
                if deeds.iter().any(touched) || (command.rollback_if_failed && is_not_there(records, &intent.path)) {
                    let written = match &command.change {
                        runbook_model::change::Change::Write(write) => Some(write.path.clone()),
                        _ => None,
                    };
                    owing.insert(intent.path.clone(), (at, command.rollback.clone(), written));
                }
            }
            Entry::RollbackOwed { path, plan, .. } if !path.is_rollback() => {
                owing.insert(path.clone(), (at, plan.clone(), None));
            }
            _ => {}
        }
    }
    let mut owing: Vec<_> = owing.into_iter().map(|(path, (at, plan, written))| (at, path, plan, written)).collect();
    owing.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let one = |path: &StepPath, nth, line| Deed { path: path.rollback().part(nth), line, done: true };
    let declared = owing.into_iter().flat_map(|(_, path, plan, written)| match plan {
        RollbackPlan::Undeclared | RollbackPlan::Nothing => Vec::new(),
        RollbackPlan::Changes(changes) => (1..).zip(changes).map(|(nth, change)| one(&path, nth, change.line())).collect(),
        RollbackPlan::Restore => {
            vec![one(&path, 1, format!("restore {}", runbook_model::change::quoted(&written.unwrap_or_default())))]
        }
        RollbackPlan::Block => blocks.get(&path).cloned().unwrap_or_else(|| below(&path, deeds)),
    });
    declared.collect()
}

/// Whether the step's own look was asked what became of an attempt that nobody saw the end of, and said that its effect is not
/// there. Whether a part was done it cannot tell, and neither can anybody else.
fn is_not_there(records: &[Record], step: &StepPath) -> bool {
    records.iter().any(|record| {
        matches!(&record.entry, Entry::StepResolved { path, verdict: Verdict::DidNot, by: Decider::SettledBy, .. } if path == step)
    })
}

/// What each rollback block did in the undisturbed rollback.
pub(super) fn blocks(records: &[Record], deeds: &[Deed]) -> BTreeMap<StepPath, Vec<Deed>> {
    let with_block = records.iter().filter_map(|record| match &record.entry {
        Entry::StepIntended(intent) => match &intent.spec.kind {
            StepKind::Command(command) if command.rollback == RollbackPlan::Block => Some(&intent.path),
            _ => None,
        },
        Entry::RollbackOwed { path, plan: RollbackPlan::Block, .. } => Some(path),
        _ => None,
    });
    with_block.map(|path| (path.clone(), below(path, deeds))).filter(|(_, block)| !block.is_empty()).collect()
}

/// The changes that rolled this step back.
fn below(path: &StepPath, deeds: &[Deed]) -> Vec<Deed> {
    let rollback = path.rollback();
    backward(deeds).into_iter().filter(|deed| deed.path.is_within(&rollback)).collect()
}

/// The commands that may be repeated, because their authors said so.
pub(super) fn idempotent(records: &[Record]) -> BTreeSet<StepPath> {
    let commands = records.iter().filter_map(|record| match &record.entry {
        Entry::StepIntended(intent) => match &intent.spec.kind {
            StepKind::Command(command) if command.idempotent => Some(intent.path.clone()),
            _ => None,
        },
        _ => None,
    });
    commands.collect()
}

/// What must be, whatever happened: nothing takes effect twice that may not be repeated.
pub(super) fn never_twice(deeds: &[Deed], idempotent: &BTreeSet<StepPath>) -> Result<(), Box<Breach>> {
    let mut seen = BTreeSet::new();
    for deed in deeds.iter().filter(|deed| deed.done) {
        if !seen.insert(&deed.path) && !idempotent.contains(&deed.path) {
            let once = deeds.iter().filter(|one| one.path == deed.path).take(1).map(Deed::shown).collect();
            let twice = deeds.iter().filter(|one| one.path == deed.path).map(Deed::shown).collect();
            return breach(format!("`{}` is not idempotent and took effect twice", deed.path), once, twice);
        }
    }
    Ok(())
}

/// That exactly these changes were made, in this order as far as there is one. A change of each of `repeated` may stand
/// twice.
pub(super) fn exactly(
    order: &Order,
    what: &str,
    expected: &[Deed],
    found: &[Deed],
    repeated: &[StepPath],
) -> Result<(), Box<Breach>> {
    let all = |found: &[Deed]| order.left(expected, found).is_some_and(|left| left.is_empty());
    if all(found) || all(&order.once(found, repeated)) {
        return Ok(());
    }
    breach(what.to_owned(), shown(expected), shown(found))
}

/// That these changes were made up to some point, and no others.
pub(super) fn at_most(order: &Order, what: &str, expected: &[Deed], found: &[Deed]) -> Result<(), Box<Breach>> {
    if order.left(expected, found).is_some() { Ok(()) } else { breach(what.to_owned(), shown(expected), shown(found)) }
}

/// That everything stopped at a step: what comes before it was made, and nothing behind it.
pub(super) fn stopped_at(
    order: &Order,
    what: &str,
    step: &StepPath,
    expected: &[Deed],
    found: &[Deed],
) -> Result<(), Box<Breach>> {
    if order.stops_at(expected, step, found) {
        return Ok(());
    }
    let before: Vec<_> = expected.iter().take_while(|deed| deed.path != *step).cloned().collect();
    breach(what.to_owned(), shown(&before), shown(found))
}

/// A breach of the law.
pub(super) fn breach(why: String, expected: Vec<String>, found: Vec<String>) -> Result<(), Box<Breach>> {
    Err(Box::new(Breach { why, expected, found }))
}

/// Changes as people read them.
pub(super) fn shown(deeds: &[Deed]) -> Vec<String> {
    deeds.iter().map(Deed::shown).collect()
}
