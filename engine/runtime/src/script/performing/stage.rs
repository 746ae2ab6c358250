//! What all functions of one performance share: the line to the engine, the place in the runbook, and why it stopped.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, Map, NativeCallContext, Position};
use runbook_model::declaration::Declaration;
use runbook_model::path::StepPath;
use runbook_model::secret::without_marks;
use runbook_model::step::Location;

use super::gate::Gate;
use super::script::Script;
use crate::line::Line;
use crate::operation::{Operation, Reply};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint, place};
use crate::script::diagnosis::diagnostic::{Diagnostic, Label};
use crate::script::diagnosis::span;
use crate::script::performing::here;
use crate::script::values::closure::Closure;
use crate::script::values::unknown::{self, Unknown};
use crate::secret::known;

/// How many operations of Rhai the script may need between two looks, and each branch of a `parallel` by itself.
const OPERATIONS: u64 = 10_000_000;

/// Why a performance ended before its script did. No script can catch it.
#[derive(Debug, Clone)]
pub(in crate::script) enum Stop {
    /// The engine does not listen any more.
    HungUp,
    /// The declaration was wanted, and is there.
    Described(Box<Declaration>),
    /// A decision hangs on what a rehearsal cannot know.
    Unknowable { diagnostic: Box<Diagnostic>, because: String },
    /// A limit was reached, or the engine gave an answer that fits no question.
    Refused(Box<Diagnostic>),
}

/// What a performance is for.
#[derive(Debug)]
pub(in crate::script) enum Purpose {
    /// Only `runbook(#{ … })` is wanted.
    Describe,
    /// The steps are wanted. The line is there when the play begins: the stage may be made before.
    Play { line: OnceLock<Line>, params: Map },
}

/// What all functions of one performance share.
#[derive(Debug)]
pub(in crate::script) struct Stage {
    pub(in crate::script) script: Arc<Script>,
    pub(in crate::script) purpose: Purpose,
    /// What the environment asks before the first command.
    pub(in crate::script) gate: Gate,
    /// Set when the actor is dropped.
    curtain: Arc<AtomicBool>,
    /// Whether `State::stop` is set: asked at every operation, so not behind the lock.
    stopped: AtomicBool,
    /// Whether `State::unknowns` holds any: asked at every statement.
    rehearsed: AtomicBool,
    state: Mutex<State>,
}

/// What changes while a performance goes on.
#[derive(Debug, Default)]
pub(in crate::script) struct State {
    /// How often each name was met below each parent.
    met: HashMap<(StepPath, String), u32>,
    /// Whether `runbook(#{ … })` was called.
    pub(in crate::script) declared: bool,
    /// The rollback blocks of the steps met so far.
    pub(in crate::script) blocks: HashMap<StepPath, Closure>,
    /// The unknown values handed out so far, for texts that they went into.
    unknowns: Vec<Unknown>,
    stop: Option<Stop>,
}

impl Stage {
    pub(in crate::script) fn new(script: Arc<Script>, purpose: Purpose, curtain: Arc<AtomicBool>) -> Self {
        Self {
            gate: Gate::new(script.gate.clone()),
            script,
            purpose,
            curtain,
            stopped: AtomicBool::new(false),
            rehearsed: AtomicBool::new(false),
            state: Mutex::new(State::default()),
        }
    }

    /// The play begins: from here on `line` leads to the engine of the run.
    pub(in crate::script) fn begin(&self, begun: Line) {
        if let Purpose::Play { line, .. } = &self.purpose
            && line.set(begun).is_err()
        {
            unreachable!("a stage serves one play");
        }
    }

    pub(in crate::script) fn state(&self) -> MutexGuard<'_, State> {
        // The state stays whole when a holder panics: every change of it is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the performance; the error ends the current call, the flag every attempt to go on after it.
    ///
    /// `ErrorTerminated` alone can be caught: `[1].map(|x| step())` wraps it into an error that `try` catches.
    pub(in crate::script) fn halt(&self, stop: Stop) -> Box<EvalAltResult> {
        let mut state = self.state();
        if state.stop.is_none() {
            state.stop = Some(stop);
        }
        self.stopped.store(true, Ordering::SeqCst);
        terminated()
    }

    /// Why it stopped; afterwards it may go on.
    pub(in crate::script) fn take_stop(&self) -> Option<Stop> {
        let stop = self.state().stop.take();
        self.stopped.store(false, Ordering::SeqCst);
        stop
    }

    /// Takes back the stop of a look that found something unknown: the step counts as unknown, the rehearsal goes on.
    pub(in crate::script) fn take_unknowable(&self) -> Option<String> {
        let mut state = self.state();
        let Some(Stop::Unknowable { because, .. }) = &state.stop else { return None };
        let because = because.clone();
        state.stop = None;
        self.stopped.store(false, Ordering::SeqCst);
        Some(because)
    }

    pub(in crate::script) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst) || here::is_resting()
    }

    /// Called at every operation of Rhai: whether to stop here.
    ///
    /// Counts by itself, because Rhai's own counter starts again in every closure that a native function calls.
    pub(in crate::script) fn tick(&self) -> Option<Dynamic> {
        if self.has_stopped() {
            return Some(Dynamic::UNIT);
        }
        if self.curtain.load(Ordering::Relaxed) {
            drop(self.halt(Stop::HungUp));
            return Some(Dynamic::UNIT);
        }
        if here::count_operation() >= OPERATIONS {
            let diagnostic = Diagnostic::error(Code::Limit, "the script needs more than 10 million operations")
                .help("look for a loop that never ends; to wait for something, use a check with `within`");
            drop(self.halt(Stop::Refused(Box::new(diagnostic))));
            return Some(Dynamic::UNIT);
        }
        None
    }

    /// Asks the engine, and waits for its answer.
    pub(in crate::script) fn perform(&self, operation: Operation) -> Called<Reply> {
        if self.has_stopped() {
            return Err(terminated());
        }
        let Purpose::Play { line, .. } = &self.purpose else { return Ok(Reply::GoOn) };
        let Some(line) = line.get() else { unreachable!("nothing is performed before the play begins") };
        match line.perform(operation) {
            Ok(Reply::Rest) => {
                here::rest();
                Err(terminated())
            }
            Ok(reply) => Ok(reply),
            Err(_hangup) => Err(self.halt(Stop::HungUp)),
        }
    }

    /// Whether an earlier session, an engine of an earlier version perhaps, has put this question to people.
    pub(in crate::script) fn has_asked(&self, question: &StepPath) -> bool {
        let Purpose::Play { line, .. } = &self.purpose else { return false };
        line.get().is_some_and(|line| line.has_asked(question))
    }

    /// The path of a step or phase that begins here.
    pub(in crate::script) fn enter(&self, ctx: &NativeCallContext, name: &Dynamic) -> Called<(StepPath, String)> {
        if self.has_stopped() {
            return Err(terminated());
        }
        let function = ctx.fn_name();
        let here = here::with(|here| here.clone());
        if here.importing > 0 {
            let complaint = Complaint::new(ctx, Code::StepInImport, format!("`{function}` stands at the top level of a module"));
            return complaint.help("importing a module must not do anything: put it into a function of the module").raise();
        }
        if !self.state().declared {
            let message = format!("`{function}` comes before `runbook(#{{ … }})`");
            return Complaint::new(ctx, Code::Declaration, message)
                .help("start the script with `runbook(#{ title: \"…\" });`: what it says is read without running anything")
                .raise();
        }
        if let Some(looking) = &here.looking {
            let message = format!("`{function}` stands inside the closure of \"{}\"", looking.name());
            return Complaint::new(ctx, Code::StepInsideCheck, message)
                .help("a closure only looks, and may be called many times: put the step before or behind it")
                .raise();
        }
        let name = named(ctx, name)?;
        Ok((self.numbered(here.parents.last().cloned().unwrap_or_default(), &name), name))
    }

    fn numbered(&self, parent: StepPath, name: &str) -> StepPath {
        let mut state = self.state();
        let nth = state.met.entry((parent.clone(), name.to_owned())).or_default();
        *nth += 1;
        parent.child(name, *nth)
    }

    /// Runs `body` with `parent` as the place for steps.
    pub(in crate::script) fn below<T>(&self, parent: StepPath, body: impl FnOnce() -> T) -> T {
        here::with(|here| here.parents.push(parent));
        let result = body();
        here::with(|here| here.parents.pop());
        result
    }

    /// Forgets how often each name was met: a rollback block is played again from its start.
    pub(in crate::script) fn begin_rollback(&self) {
        self.state().met.clear();
        here::begin();
    }

    /// Keeps a rollback block for [`super::Actor::roll_back`].
    pub(in crate::script) fn keep(&self, ctx: &NativeCallContext, path: &StepPath, block: FnPtr) {
        self.state().blocks.insert(path.clone(), Closure::kept(ctx, block));
    }

    /// A new unknown value.
    pub(in crate::script) fn unknown(&self, unknown: Unknown) -> Dynamic {
        let mut state = self.state();
        if !state.unknowns.contains(&unknown) {
            state.unknowns.push(unknown.clone());
            self.rehearsed.store(true, Ordering::Relaxed);
        }
        Dynamic::from(unknown)
    }

    /// Whether any unknown value was handed out.
    pub(in crate::script) fn has_unknowns(&self) -> bool {
        self.rehearsed.load(Ordering::Relaxed)
    }

    /// The unknown value whose mark stands in a text. A mark that was cut or changed counts as the latest one: in a
    /// rehearsal it is better to stop once too often than to take the wrong branch.
    pub(in crate::script) fn marked(&self, text: &str) -> Option<Unknown> {
        if !self.has_unknowns() || !text.contains(['‹', '›']) {
            return None;
        }
        let text = without_marks(text);
        if !text.contains(['‹', '›']) {
            return None;
        }
        let state = self.state();
        state.unknowns.iter().find(|unknown| text.contains(&unknown.shown)).or(state.unknowns.last()).cloned()
    }

    /// The unknown value that this is, or whose mark stands in it.
    pub(in crate::script) fn unknown_in(&self, value: &Dynamic) -> Option<Unknown> {
        if let Some(unknown) = value.read_lock::<Unknown>() {
            return Some(unknown.clone());
        }
        unknown::text(value).and_then(|text| self.marked(&text))
    }

    /// The unknown value that stands anywhere in this one.
    pub(in crate::script) fn unknown_inside(&self, value: &Dynamic) -> Option<Unknown> {
        if !self.has_unknowns() {
            return None;
        }
        let value = value.flatten_clone();
        if let Some(items) = value.read_lock::<Array>() {
            return items.iter().find_map(|item| self.unknown_inside(item));
        }
        if let Some(items) = value.read_lock::<Map>() {
            return items.values().find_map(|item| self.unknown_inside(item));
        }
        self.unknown_in(&value)
    }

    /// Stops, because `what` decides on an unknown value.
    pub(in crate::script) fn unknowable(&self, unknown: &Unknown, location: Location, what: &str) -> Box<EvalAltResult> {
        let because = &unknown.because;
        let sources = &self.script.sources;
        let mut diagnostic = Diagnostic::error(Code::Unknowable, "the rehearsal cannot go on from here")
            .at(span::at(sources, &location))
            .label(format!("{because} is not known in a rehearsal, but `{what}` depends on it"))
            .help("say what a rehearsal shall take instead with the option `assume: …` of that step");
        if let Some(span) = span::at(sources, &unknown.origin) {
            diagnostic.labels.push(Label { span, text: "withheld here".to_owned() });
        }
        self.halt(Stop::Unknowable { diagnostic: Box::new(diagnostic), because: because.clone() })
    }

    /// Stops at an error that is one only because a value is unknown: no script may take it for a failure.
    pub(in crate::script) fn unknowable_here(&self, diagnostic: Diagnostic) -> Box<EvalAltResult> {
        let because = "the result of a step that a rehearsal withholds".to_owned();
        self.halt(Stop::Unknowable { diagnostic: Box::new(diagnostic), because })
    }
}

/// The error of a performance that has been stopped.
pub(in crate::script) fn terminated() -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE))
}

/// A name as people call a step: one line of 1 to 200 characters.
fn named(ctx: &NativeCallContext, name: &Dynamic) -> Called<String> {
    let complain = |message: String| Complaint::new(ctx, Code::BadOption, message).at(place(ctx)).raise();
    let function = ctx.fn_name();
    let Some(text) = unknown::text(name) else {
        return complain(format!(
            "`{function}` wants a name as its first argument, this is {}",
            crate::script::values::json::named(name)
        ));
    };
    // A name is a path in the journal and in git: it must stay what it is, so it cannot be veiled there.
    if let Some(mark) = known::patterns().in_text(&text) {
        return complain(format!("the name of a `{function}` is written down, and the value of {mark} stands in this one"));
    }
    match text.chars().count() {
        0 => complain(format!("the name of a `{function}` may not be empty")),
        1..=200 if text.trim().is_empty() => complain(format!("the name of a `{function}` may not be blank")),
        1..=200 if !text.contains(char::is_control) => Ok(text),
        1..=200 => complain(format!("the name of a `{function}` is one line without control characters")),
        n => complain(format!("the name of a `{function}` has at most 200 characters, this has {n}")),
    }
}
