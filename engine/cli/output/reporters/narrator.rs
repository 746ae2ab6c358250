//! Turns the records of a run into lines. Knows nothing of terminals, and nothing that is not in the records.

use std::collections::BTreeMap;

use jiff::Timestamp;
use runbook_model::answer::Said;
use runbook_model::change::Change;
use runbook_model::entry::{End, Entry, Intent, Mode, Purpose, Record, RunStarted, Session, Verdict};
use runbook_model::failure::Failure;
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::secret::{SecretUse, mark};
use runbook_model::status::RunStatus;
use runbook_model::step::{RollbackPlan, StepKind};

use crate::output::elapsed;
use crate::output::reporters::asked::Asked;
use crate::output::reporters::branches::Branches;
use crate::output::reporters::line::{Detail, Line, Mark};
use crate::output::reporters::ongoing::{Promise, between};
use crate::output::reporters::summary::{self, Tally};
use crate::output::reporters::{Telling, heading, outlook, spoken, step_end};
use crate::output::style::Tone;

/// The story so far.
pub struct Narrator {
    telling: Telling,
    started: Option<Box<RunStarted>>,
    began: Option<Timestamp>,
    session_since: Option<Timestamp>,
    purpose: Option<Purpose>,
    open: BTreeMap<StepPath, Open>,
    phases: Vec<(StepPath, Promise)>,
    /// Confirms whose answer was told: their end is no news.
    answered: Vec<StepPath>,
    /// The attempts that were made while rolling back.
    rolled: Vec<StepPath>,
    tally: Tally,
    branches: Branches,
    asked: Asked,
    /// Steps whose last attempt failed: one of them may be settled later.
    failed: BTreeMap<StepPath, Intent>,
}

/// An attempt that has not ended.
struct Open {
    since: Timestamp,
    intent: Box<Intent>,
}

/// An attempt that goes on, for a live line.
pub(super) struct Active<'a> {
    pub(super) path: &'a StepPath,
    pub(super) since: Timestamp,
    pub(super) kind: &'static str,
    pub(super) text: String,
}

impl Narrator {
    /// A story that has not begun.
    #[must_use]
    pub fn new(telling: Telling) -> Self {
        Self {
            telling,
            started: None,
            began: None,
            session_since: None,
            purpose: None,
            open: BTreeMap::new(),
            phases: Vec::new(),
            answered: Vec::new(),
            rolled: Vec::new(),
            tally: Tally::default(),
            branches: Branches::default(),
            asked: Asked::default(),
            failed: BTreeMap::new(),
        }
    }

    /// Whether the output of steps that succeed is shown, too.
    pub(super) fn is_verbose(&self) -> bool {
        self.telling.verbose
    }

    /// What a record adds to the story.
    pub fn tell(&mut self, record: &Record) -> Vec<Line> {
        let lines = self.told(record);
        self.branches.name(&record.entry, lines)
    }

    fn told(&mut self, record: &Record) -> Vec<Line> {
        let at = record.at;
        match &record.entry {
            Entry::RunStarted(started) => self.begin(at, started),
            Entry::SessionStarted(session) => self.session(record, session),
            Entry::SessionEnded { status } => {
                let took = self.session_since.take().map(|since| between(since, at));
                let now = self.telling.now.map_or(at, |now| now.max(at));
                let (meant, until) = match status {
                    RunStatus::Suspended { at } => (self.asked.meant(at), self.asked.until(at, now)),
                    _ => (None, None),
                };
                let session = summary::Session {
                    purpose: self.purpose,
                    took,
                    trail: self.telling.trail.as_deref(),
                    meant,
                    until,
                    declined: self.asked.has_declined(),
                    settles: matches!(status, RunStatus::InDoubt { at } if self.settles(at)),
                    named: !self.telling.fleeting,
                };
                self.tally.items_failed = u32::try_from(self.branches.failures()).unwrap_or(u32::MAX);
                let mut lines = summary::lines(at, record.run, status, &session, self.started.as_deref(), &self.tally);
                if self.telling.fleeting {
                    lines.retain(|line| line.mark != Mark::Next);
                }
                for line in lines.iter_mut().filter(|line| line.mark == Mark::Next && !self.telling.flags.is_empty()) {
                    line.text = line.text.replacen("runbook ", &format!("runbook {} ", self.telling.flags), 1);
                }
                if let Some(fewer) = self.telling.sessions_before_last.checked_sub(1) {
                    self.telling.sessions_before_last = fewer;
                    lines.retain(|line| line.mark != Mark::Next);
                }
                lines
            }
            Entry::PhaseEntered { path, budget } => {
                self.phases.retain(|(open, _)| open != path);
                if let Some(budget) = *budget {
                    self.phases.push((path.clone(), Promise { since: at, budget }));
                }
                let aside = budget.map(|budget| format!("within {budget}")).unwrap_or_default();
                vec![Line::new(at, Mark::Phase, path.name()).depth(depth(path)).aside(aside)]
            }
            Entry::PhaseLeft { path, millis } => self.leave(at, path, *millis),
            Entry::ParallelEntered(asked) => self.branches.enter(at, asked),
            Entry::BranchEntered { path } => self.branches.begin(path),
            Entry::BranchLeft { path, millis, failed } => {
                self.branches.end(at, path, *millis, failed.as_ref().map(|failed| failed.message.as_str()))
            }
            Entry::ParallelLeft { path, millis } => self.branches.leave(at, path, *millis),
            Entry::LockTaken { name, path } => {
                vec![Line::new(at, Mark::Note, format!("has the lock `{name}`")).depth(depth(path))]
            }
            Entry::LockReleased { name } => vec![Line::new(at, Mark::Note, format!("gives the lock `{name}` back"))],
            Entry::StepIntended(intent) => {
                self.asked.ask(at, intent);
                self.open.insert(intent.path.clone(), Open { since: at, intent: intent.clone() });
                self.rolled.extend(intent.path.is_rollback().then(|| intent.path.clone()));
                let mut changed: Vec<_> = intent.change.iter().flat_map(Change::secrets).filter(|used| used.changed).collect();
                changed.dedup_by_key(|used| &used.name);
                let said = |used: &&SecretUse| format!("{} has another value than this run used before", mark(&used.name));
                changed.iter().map(|used| Line::new(at, Mark::Note, said(used)).depth(depth(&intent.path))).collect()
            }
            Entry::StepEnded(end) => self.end(at, end),
            Entry::StepRetried { path, by } => {
                self.branches.reopen(path);
                vec![Line::new(at, Mark::Note, format!("{} is tried again", path.name())).depth(depth(path)).aside(by.line())]
            }
            Entry::StepSkipped { path, by, why } => {
                self.tally.skipped += 1;
                self.branches.reopen(path);
                vec![
                    Line::new(at, Mark::Skipped, path.name())
                        .depth(depth(path))
                        .aside(format!("skipped by {}: {why}", by.line())),
                ]
            }
            Entry::StepResolved { path, verdict, by, why, .. } => {
                let (mark, what) = match verdict {
                    Verdict::Did => (Mark::Done, "took effect"),
                    Verdict::DidNot => (Mark::Note, "did not take effect"),
                };
                let open = self.open.remove(path).map(|open| *open.intent);
                let intent = open.or_else(|| self.failed.remove(path));
                if *verdict == Verdict::Did && !path.is_rollback() {
                    self.tally.settle(intent.as_ref().map(|intent| &intent.spec.kind));
                }
                vec![Line::new(at, mark, path.name()).depth(depth(path)).aside(format!("{what}, says {}: {why}", by.line()))]
            }
            Entry::RollbackOwed { path, plan, .. } => {
                self.tally.reversible += 1;
                vec![Line::new(at, Mark::Note, path.name()).depth(depth(path)).kind("rollback").aside(owed(plan))]
            }
            Entry::ConfirmAnswered { path, said, by, note, .. } => self.answer(at, path, said, &by.line(), note.as_deref()),
            Entry::RollbackStarted { by, why } => {
                self.rolled.clear();
                // The phases were left by the failure; only the promise of the whole run still counts.
                self.phases.retain(|(open, _)| *open == StepPath::root());
                vec![Line::new(at, Mark::Heading, "Rolling back").aside(format!("by {}: {why}", by.line())).apart()]
            }
            Entry::RollbackDone { path } => self.rolled_back(at, path),
            Entry::BudgetBroken { path, budget } => {
                let what = if *path == StepPath::root() { "the run".to_owned() } else { format!("`{}`", path.name()) };
                vec![Line::new(at, Mark::Warning, format!("{what} is over its budget of {budget}")).depth(depth(path))]
            }
            // Who signed is part of the act; what the signature is worth, `runbook verify` says.
            Entry::Signed(_) => Vec::new(),
            Entry::Noted { text, branch, .. } => {
                vec![Line::new(at, Mark::Note, text.clone()).depth(branch.child("note", 1).depth())]
            }
            Entry::PlanMade { plan, steps, changes, lacks, unconfined, .. } => {
                self.tally.lacks = lacks.len();
                outlook::plan(at, *plan, (*steps, *changes), lacks, unconfined.as_deref())
            }
            Entry::Adopted { sources, by } => {
                let names: Vec<_> = sources.iter().map(|source| source.name.as_str()).collect();
                vec![Line::new(at, Mark::Warning, format!("goes on with edited sources: {}", names.join(", "))).aside(by.line())]
            }
        }
    }

    /// The latest attempt that goes on, and how many more do.
    pub(super) fn active(&self) -> Option<(Active<'_>, usize)> {
        let mut active = self.all_active();
        let latest = active.pop()?;
        Some((latest, active.len()))
    }

    /// The attempts that go on, the oldest first.
    ///
    /// What a dead process left open stays open, so that its end is told in full; but nothing goes on between sessions.
    pub(super) fn all_active(&self) -> Vec<Active<'_>> {
        if self.session_since.is_none() {
            return Vec::new();
        }
        let mut all: Vec<_> = self.open.iter().map(|(path, open)| self.one_active(path, open)).collect();
        all.sort_by_key(|active| active.since);
        all
    }

    fn one_active<'a>(&self, path: &'a StepPath, open: &'a Open) -> Active<'a> {
        Active { path, since: open.since, kind: kind(&open.intent), text: self.branches.named(path, text(&open.intent)) }
    }

    /// The innermost promise of time that is running.
    pub(super) fn promise(&self) -> Option<&Promise> {
        self.phases.last().map(|(_, promise)| promise)
    }

    fn is_rehearsal(&self) -> bool {
        self.started.as_ref().is_some_and(|started| started.mode == Mode::Rehearsal)
    }

    fn begin(&mut self, at: Timestamp, started: &RunStarted) -> Vec<Line> {
        if let Some(budget) = started.budget {
            self.phases.push((StepPath::root(), Promise { since: at, budget }));
        }
        self.started = Some(Box::new(started.clone()));
        self.began = Some(at);
        vec![heading::of(at, started)]
    }

    fn session(&mut self, record: &Record, session: &Session) -> Vec<Line> {
        self.session_since = Some(record.at);
        self.purpose = Some(session.purpose);
        let what = match session.purpose {
            Purpose::Exec => "run",
            Purpose::Resume => "resuming",
            Purpose::Rollback => "rolling back",
            Purpose::Resolve => "resolving",
            Purpose::Answer => "answering",
            Purpose::Abandon => "giving up",
            Purpose::Review => "reviewing",
        };
        let who = format!("by {}@{}", session.operator.name, session.operator.host);
        // An id says nothing to a person: which run it is, and how old, has to be seen before it goes on.
        let aside = match (&self.started, session.purpose) {
            (_, Purpose::Exec) | (None, _) => who,
            (Some(started), _) => {
                let ago = self
                    .began
                    .map_or_else(String::new, |began| format!(", begun {} ago", elapsed::ticking(between(began, record.at))));
                format!("{}{ago} · {who}", started.runbook)
            }
        };
        vec![Line::new(record.at, Mark::Note, format!("{what} {}", record.run)).aside(aside)]
    }

    fn leave(&mut self, at: Timestamp, path: &StepPath, millis: u64) -> Vec<Line> {
        let Some(place) = self.phases.iter().rposition(|(open, _)| open == path) else { return Vec::new() };
        let (_, promise) = self.phases.remove(place);
        let took = format!("took {} of {}", elapsed::short(millis), promise.budget);
        vec![Line::new(at, Mark::Note, path.name()).depth(depth(path)).aside(took)]
    }

    fn answer(&mut self, at: Timestamp, path: &StepPath, said: &Said, by: &str, note: Option<&str>) -> Vec<Line> {
        let so_far = self.asked.answer(path, said, by).map(|so_far| format!(" · {so_far}")).unwrap_or_default();
        let (mark, said) = match said {
            Said::Yes => (Mark::Done, "yes".to_owned()),
            Said::No => (Mark::Failed, "no".to_owned()),
            Said::Chose(choice) => (Mark::Done, choice.clone()),
            Said::Entered(text) => (Mark::Done, format!("“{text}”")),
        };
        self.open.remove(path);
        self.answered.push(path.clone());
        let note = note.map(|note| Detail::Text(Tone::Faint, format!("note: {note}")));
        let aside = format!("{said}, says {by}{so_far}");
        vec![Line::new(at, mark, path.name()).depth(depth(path)).kind("confirm").aside(aside).details(note)]
    }

    /// Whether a step that has not ended has a `settled_by`.
    fn settles(&self, path: &StepPath) -> bool {
        let kind = self.open.get(path).map(|open| &open.intent.spec.kind);
        matches!(kind, Some(StepKind::Command(command)) if command.settled_by)
    }

    fn rolled_back(&mut self, at: Timestamp, path: &StepPath) -> Vec<Line> {
        let below = path.rollback();
        self.tally.rolled_back += 1;
        if self.rolled.iter().any(|done| done.is_within(&below)) {
            return Vec::new();
        }
        vec![Line::new(at, Mark::RolledBack, path.name()).depth(1).kind("rollback").aside("nothing to do")]
    }

    fn end(&mut self, at: Timestamp, end: &End) -> Vec<Line> {
        self.asked.end(&end.path);
        let open = self.open.remove(&end.path);
        let intent = open.as_ref().map(|open| &*open.intent);
        if let Some(place) = self.answered.iter().position(|path| *path == end.path) {
            self.answered.remove(place);
            // The answer itself was told; only what it does not say is news.
            if matches!(end.outcome, Outcome::Succeeded(_) | Outcome::Failed(Failure::Declined { .. })) {
                return Vec::new();
            }
        }
        let rehearsal = self.is_rehearsal();
        if let (Outcome::Failed(_), Some(intent)) = (&end.outcome, intent) {
            self.failed.insert(end.path.clone(), intent.clone());
        }
        // It looked at the world as it is, and the real run will have changed it by then.
        let early = rehearsal && matches!(end.outcome, Outcome::Succeeded(_)) && self.tally.changes_withheld > 0;
        self.tally.count(end, intent, rehearsal);
        let (mark, details) = step_end::told(&self.telling, end, intent, rehearsal);
        let name = intent.map_or_else(|| end.path.name(), text);
        let line = Line::new(at, mark, name).depth(depth(&end.path)).kind(intent.map_or("", kind));
        let before = if early { " · as it is now, before the changes" } else { "" };
        vec![line.aside(format!("{}{before}", step_end::aside(end, intent))).details(details)]
    }
}

/// Rollback has a section of its own, without phases.
fn depth(path: &StepPath) -> usize {
    if path.is_rollback() { 1 } else { path.depth() }
}

fn kind(intent: &Intent) -> &'static str {
    if intent.path.is_rollback() { "rollback" } else { intent.spec.kind_word() }
}

fn text(intent: &Intent) -> &str {
    if intent.spec.name.is_empty() { intent.path.name() } else { &intent.spec.name }
}

fn owed(plan: &RollbackPlan) -> String {
    match plan {
        RollbackPlan::Changes(changes) => {
            let lines: Vec<_> = changes.iter().map(spoken::change).collect();
            format!("owed from here on: {}", lines.join("; then "))
        }
        RollbackPlan::Block => "owed from here on: steps of the runbook".to_owned(),
        RollbackPlan::Restore => "owed from here on: the file as it was".to_owned(),
        RollbackPlan::Undeclared | RollbackPlan::Nothing => "nothing owed".to_owned(),
    }
}
