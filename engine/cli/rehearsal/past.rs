//! The earlier runs of one runbook.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use runbook_model::digest::Digest;
use runbook_model::duration::{Durations, Watch};
use runbook_model::entry::{Mode, RunStarted};
use runbook_model::id::RunId;
use runbook_model::length::Length;
use runbook_model::outlook::{Outlook, Rehearsed};
use runbook_model::person::Person;
use runbook_model::plan::Plan;
use runbook_model::state::Folding;
use runbook_model::status::RunStatus;
use runbook_runtime::journal::StateDir;

use super::timed::{self, Timed};
use crate::beside;
use crate::output::reporters::outlook;
use crate::output::style::Tone;

/// So many of the newest runs are looked at, of whatever runbook: what is older says little about tonight.
const RECENT: usize = 5_000;
/// So many of one runbook are read as a whole, of each mode in each environment: forty runs in staging must not hide the one
/// rehearsal in production that is asked for.
const READ: usize = 20;
/// So much of their journals is read, in bytes: the journals of 10,000 steps are not all read before a run may begin. Where
/// nothing has been found yet in a mode and an environment, the search goes on.
const BYTES: u64 = 16 << 20;

/// The earlier runs of one runbook, the newest first.
#[derive(Debug, Default)]
pub struct Past {
    held: Vec<Held>,
    apart: BTreeSet<RunId>,
    durations: Durations,
    timed: Vec<Timed>,
}

/// A run that came to an end which counts: a rehearsal, or an execution that completed.
#[derive(Debug)]
pub struct Held {
    /// The run.
    pub run: RunId,
    /// What it was of.
    pub started: RunStarted,
    /// When it came to that end.
    pub at: Timestamp,
    /// Who held it.
    pub by: Person,
    /// Of a rehearsal, what it meant to do.
    pub meant: Option<Meant>,
}

/// What a rehearsal meant to do.
#[derive(Debug, Clone, Copy)]
pub struct Meant {
    /// The digest of its plan.
    pub plan: Digest,
    /// Whether nothing of that hung on what was unknown.
    pub certain: bool,
}

impl Past {
    /// Looks through the state directory. What cannot be read is passed over: it is not for this to complain about.
    #[must_use]
    pub fn of(state: &StateDir, runbook: &str) -> Self {
        let mut past = Self::default();
        let mut read: BTreeMap<_, usize> = BTreeMap::new();
        let mut bytes = 0;
        for (age, run) in state.runs().unwrap_or_default().into_iter().take(RECENT).enumerate() {
            let (mut watch, mut folding) = (Watch::default(), Folding::default());
            let mut kind = None;
            let wanted = |mode, env: Option<&str>| {
                let kind = kind.insert((mode == Mode::Rehearsal, env.map(str::to_owned)));
                let count = read.get(kind).copied().unwrap_or_default();
                let found = past.held.iter().any(|held| held.started.mode == mode && held.started.env.as_deref() == env);
                count < READ && (bytes < BYTES || !found)
            };
            // A journal may be long: no record of it is kept.
            let passed = state.run(run).pass_as(runbook, wanted, |record| {
                watch.take(&record);
                folding.take(&record);
            });
            let is_apart = match (kind, passed) {
                // Of another runbook.
                (None, None) => true,
                // It has not begun, or cannot be read: it may be of this one.
                (None, Some(_)) => false,
                (Some(kind), passed) => {
                    let is_rehearsal = kind.0;
                    if passed.is_some() {
                        *read.entry(kind).or_default() += 1;
                    }
                    let is_over = match passed {
                        Some(Ok(length)) => {
                            bytes += length;
                            past.count(watch, folding)
                        }
                        Some(Err(_)) | None => false,
                    };
                    is_rehearsal || is_over
                }
            };
            if is_apart && age < beside::RECENT {
                past.apart.insert(run);
            }
        }
        past
    }

    /// Gives whether the run is known to be over.
    fn count(&mut self, watch: Watch, folding: Folding) -> bool {
        let whole = watch.whole();
        self.durations.count(watch);
        let Ok(Some(state)) = folding.done() else { return false };
        self.timed.extend(whole.map(|millis| Timed { params: state.started().params.clone(), millis }));
        let counts = matches!(state.status(), RunStatus::Completed | RunStatus::Rehearsed { .. } | RunStatus::Unknowable { .. });
        if let Some(by) = state.session_operator().filter(|_| counts) {
            let (run, at, started) = (state.run(), state.worked_until(), state.started().clone());
            let meant = (started.mode == Mode::Rehearsal).then(|| Meant::of(&Plan::of(&state)));
            self.held.push(Held { run, started, at, by, meant });
        }
        !matches!(state.status(), RunStatus::Running | RunStatus::RollingBack | RunStatus::Suspended { .. })
    }

    /// Which of the newest runs are certainly not beside one that begins: of other runbooks, rehearsals, and what was over when it was
    /// looked at.
    #[must_use]
    pub fn apart(&self) -> &BTreeSet<RunId> {
        &self.apart
    }

    /// The runs that came to an end which counts, the newest first.
    #[must_use]
    pub fn held(&self) -> &[Held] {
        &self.held
    }

    /// How long the steps took.
    #[must_use]
    pub fn durations(&self) -> &Durations {
        &self.durations
    }

    /// In a line each, for people: how long it takes, and its last rehearsal.
    #[must_use]
    pub fn said(&self, budget: Option<Length>, now: Timestamp) -> Vec<(Tone, String)> {
        let likely = timed::of_all(&self.timed).map(|estimate| outlook::likely(&estimate, &[], budget));
        let last = self.held.iter().find(|held| held.started.mode == Mode::Rehearsal);
        let last = last.and_then(|held| held.as_rehearsed(Vec::new()));
        let last = last.map(|rehearsed| outlook::last(&rehearsed, now));
        likely.into_iter().chain(last.into_iter().flatten()).collect()
    }

    /// What can be said of a run that is about to begin.
    #[must_use]
    pub fn outlook(&self, next: &RunStarted) -> Outlook {
        let rehearsals = || self.held.iter().filter(|held| held.started.mode == Mode::Rehearsal);
        let last = rehearsals().min_by_key(|held| held.distance(next));
        let rehearsed = last.and_then(|held| held.as_rehearsed(differences(&held.started, next)));
        let (likely, likely_differs) = timed::next(&self.timed, &next.params);
        Outlook { rehearsed, waived: None, likely, likely_differs }
    }
}

impl Meant {
    fn of(plan: &Plan) -> Self {
        Self { plan: plan.digest(), certain: plan.certain }
    }
}

impl Held {
    fn as_rehearsed(&self, differs: Vec<String>) -> Option<Rehearsed> {
        let Meant { plan, certain } = self.meant?;
        let (run, at, env, by) = (self.run, self.at, self.started.env.clone(), self.by.clone());
        Some(Rehearsed { run, at, env, by, plan, certain, differs })
    }

    /// How far it is from what is about to begin: of several that are as near, the newest says most. One in the same environment
    /// says more than a newer one elsewhere, and there one with the same parameters more than one with others.
    fn distance(&self, next: &RunStarted) -> u8 {
        let values = |started: &RunStarted| -> Vec<_> {
            started.params.iter().map(|(name, given)| (name.clone(), given.value.clone())).collect()
        };
        match () {
            () if self.started.env != next.env => 3,
            () if values(&self.started) != values(next) => 2,
            () if !self.is_of(next) => 1,
            () => 0,
        }
    }

    /// Whether it was of the very same sources.
    #[must_use]
    pub fn is_of(&self, next: &RunStarted) -> bool {
        self.started.sources == next.sources
    }
}

/// What is not the same in two runs of a runbook, in words.
fn differences(then: &RunStarted, now: &RunStarted) -> Vec<String> {
    let mut found = Vec::new();
    if then.env != now.env {
        let named = |env: &Option<String>| env.as_deref().map_or_else(|| "no environment".to_owned(), |env| format!("`{env}`"));
        found.push(format!("it was held in {}", named(&then.env)));
    }
    let names: BTreeSet<_> = then.sources.iter().chain(&now.sources).map(|source| &source.name).collect();
    for name in names {
        let of = |started: &RunStarted| started.sources.iter().find(|source| source.name == *name).map(|source| source.digest);
        if of(then) != of(now) {
            found.push(format!("`{name}` has changed"));
        }
    }
    let names: BTreeSet<_> = then.params.keys().chain(now.params.keys()).collect();
    for name in names {
        let of = |started: &RunStarted| started.params.get(name).map(|given| given.value.clone());
        if of(then) != of(now) {
            let value = of(then).map_or_else(|| "not there".to_owned(), |value| value.to_string());
            found.push(format!("`{name}` was {value}"));
        }
    }
    let keys: BTreeSet<_> = then.settings.keys().chain(now.settings.keys()).collect();
    let changed: Vec<_> = keys.into_iter().filter(|key| then.settings.get(*key) != now.settings.get(*key)).cloned().collect();
    // The same setting differs between environments by intention: that is what they are for.
    if !changed.is_empty() && then.env == now.env {
        found.push(format!("settings have changed: {}", changed.join(", ")));
    }
    found
}
