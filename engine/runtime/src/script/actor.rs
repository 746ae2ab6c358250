//! The thread on which a script runs.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};

use rhai::{Dynamic, Engine, Map};
use runbook_model::path::StepPath;
use runbook_model::step::Location;
use tokio::sync::oneshot;

use crate::line::Line;
use crate::prompter::Prompter;
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::Called;
use crate::script::diagnosis::diagnostic::{Diagnostic, Diagnostics};
use crate::script::engine::performing;
use crate::script::performing::blame::blame;
use crate::script::performing::depth::STACK;
use crate::script::performing::here;
use crate::script::performing::script::Script;
use crate::script::performing::stage::{Purpose, Stage, Stop};
use crate::script::values::settings;

/// How a performance ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// The script ran to its end.
    Completed,
    /// It ended with an error that it did not catch.
    Failed(Box<ScriptFailure>),
    /// The engine stopped listening.
    HungUp,
    /// A rehearsal cannot go on, because a decision hangs on a withheld change.
    Unknowable(Diagnostics),
}

/// An error that a script did not catch.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptFailure {
    /// The error as a person wants to read it.
    pub diagnostics: Diagnostics,
    /// The step that failed; absent when the script itself did.
    pub step: Option<StepPath>,
    /// Where in the sources.
    pub location: Option<Location>,
}

/// A thread that performs one script, as often as it is asked. Dropping it ends the thread: a script that is computing
/// stops at its next operation, one that waits for an answer as soon as the other end of its line is gone.
#[derive(Debug)]
pub struct Actor {
    cues: mpsc::Sender<Cue>,
    curtain: Arc<AtomicBool>,
    script: Arc<Script>,
}

/// What an actor is asked for, with the place for the ending.
#[derive(Debug)]
struct Cue {
    scene: Scene,
    ended: oneshot::Sender<Ending>,
}

#[derive(Debug)]
enum Scene {
    Play(Arc<Prompter>),
    RollBack(StepPath),
}

impl Actor {
    pub(super) fn hired(script: Arc<Script>, params: Map, line: Line) -> Self {
        let (cues, waiting) = mpsc::channel();
        let curtain = Arc::new(AtomicBool::new(false));
        let theatre =
            Theatre { script: Arc::clone(&script), params, line, curtain: Arc::clone(&curtain), next: None, last: None };
        let thread =
            std::thread::Builder::new().name("script".to_owned()).stack_size(STACK).spawn(move || theatre.open(&waiting));
        if let Err(error) = thread {
            // The receiver is gone with the closure: every performance ends with the error about a missing thread.
            tracing::error!(%error, "the thread of the script could not be started");
        }
        Self { cues, curtain, script }
    }

    /// Performs the script from the top, with a fresh engine. May be called again: that is a replay.
    ///
    /// What the prompter knows is answered on the thread of the script.
    pub fn play(&self, prompter: Arc<Prompter>) -> impl Future<Output = Ending> + use<> {
        self.cue(Scene::Play(prompter))
    }

    /// Performs the rollback block of a step that the last [`Actor::play`] has met, with the variables that it had
    /// captured then. Steps inside have paths below `path.rollback()`.
    pub fn roll_back(&self, path: StepPath) -> impl Future<Output = Ending> + use<> {
        self.cue(Scene::RollBack(path))
    }

    /// Ends what is performed at its next operation, and whatever is asked for later: it may be computing, and ask for nothing.
    pub fn hang_up(&self) {
        self.curtain.store(true, Ordering::Relaxed);
    }

    fn cue(&self, scene: Scene) -> impl Future<Output = Ending> + use<> {
        let (ended, ending) = oneshot::channel();
        let sent = self.cues.send(Cue { scene, ended });
        let script = Arc::clone(&self.script);
        async move {
            let gone = || failed(&script, Diagnostic::error(Code::Internal, "the thread of the script is gone"), None);
            match sent {
                Ok(()) => ending.await.unwrap_or_else(|_| gone()),
                Err(_) => gone(),
            }
        }
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.hang_up();
    }
}

/// The thread's side of an actor.
struct Theatre {
    script: Arc<Script>,
    params: Map,
    line: Line,
    curtain: Arc<AtomicBool>,
    /// The engine and stage of the first play, made while nobody waits for them yet.
    next: Option<(Engine, Arc<Stage>)>,
    /// Those of the last play: rollback blocks live in them.
    last: Option<(Engine, Arc<Stage>)>,
}

impl Theatre {
    fn open(mut self, cues: &mpsc::Receiver<Cue>) {
        self.next = Some(self.furnished());
        while let Ok(cue) = cues.recv() {
            let ending = match cue.scene {
                Scene::Play(prompter) => self.play(prompter),
                Scene::RollBack(path) => self.roll_back(&path),
            };
            if cue.ended.send(ending).is_err() {
                tracing::debug!("nobody waits for the ending of a script");
            }
        }
    }

    /// A stage with an engine that performs on it.
    fn furnished(&self) -> (Engine, Arc<Stage>) {
        let purpose = Purpose::Play { line: OnceLock::new(), params: self.params.clone() };
        let stage = Arc::new(Stage::new(Arc::clone(&self.script), purpose, Arc::clone(&self.curtain)));
        (performing(&stage), stage)
    }

    fn play(&mut self, prompter: Arc<Prompter>) -> Ending {
        let (engine, stage) = self.next.take().unwrap_or_else(|| self.furnished());
        stage.begin(self.line.prompted(prompter));
        here::begin();
        let script = Arc::clone(&self.script);
        let ending = self.end(&stage, || {
            let Some(ast) = script.asts.get(script.sources.entry()) else { return Ok(Dynamic::UNIT) };
            engine.run_ast_with_scope(&mut settings::scope(), ast).map(|()| Dynamic::UNIT)
        });
        self.last = Some((engine, stage));
        ending
    }

    fn roll_back(&self, path: &StepPath) -> Ending {
        let found = self.last.as_ref().and_then(|(engine, stage)| {
            let block = stage.state().blocks.get(path).cloned()?;
            Some((engine, stage, block))
        });
        let Some((engine, stage, block)) = found else {
            let message = format!("the script has no rollback block for the step `{path}`");
            let diagnostic = Diagnostic::error(Code::ScriptError, message)
                .help("the replay did not reach the step: the script differs from the one that was run");
            return failed(&self.script, diagnostic, Some(path.clone()));
        };
        stage.begin_rollback();
        self.end(stage, || stage.below(path.rollback(), || block.call(engine)))
    }

    fn end(&self, stage: &Stage, body: impl FnOnce() -> Called<Dynamic>) -> Ending {
        // A native function of Rhai that panics must not take the run with it: the journal knows what was done.
        let Ok(ended) = catch_unwind(AssertUnwindSafe(body)) else {
            stage.take_stop();
            return failed(&self.script, Diagnostic::error(Code::Internal, "the script room panicked"), None);
        };
        match (stage.take_stop(), ended) {
            (Some(Stop::HungUp | Stop::Described(_)), _) => Ending::HungUp,
            (Some(Stop::Refused(diagnostic)), ended) => failed(&self.script, with_trail(*diagnostic, ended, &self.script), None),
            (Some(Stop::Unknowable { diagnostic, .. }), ended) => {
                Ending::Unknowable(one(&self.script, with_trail(*diagnostic, ended, &self.script)))
            }
            (None, Ok(_)) => Ending::Completed,
            (None, Err(error)) => {
                let blamed = blame(error, &self.script);
                if blamed.diagnostic.code == Code::Unknowable {
                    return Ending::Unknowable(one(&self.script, blamed.diagnostic));
                }
                failed(&self.script, blamed.diagnostic, blamed.step)
            }
        }
    }
}

/// Adds the place and the calls that the error knows to what the stop says.
fn with_trail(mut diagnostic: Diagnostic, ended: Called<Dynamic>, script: &Script) -> Diagnostic {
    if let Err(error) = ended {
        let blamed = blame(error, script).diagnostic;
        let place = blamed.trail.first().map(|label| label.span.clone());
        diagnostic.span = diagnostic.span.or(blamed.span).or(place);
        diagnostic.trail = blamed.trail.into_iter().filter(|label| Some(&label.span) != diagnostic.span.as_ref()).collect();
    }
    diagnostic
}

fn one(script: &Script, diagnostic: Diagnostic) -> Diagnostics {
    Diagnostics::new(vec![diagnostic], Arc::clone(&script.sources))
}

fn failed(script: &Script, diagnostic: Diagnostic, step: Option<StepPath>) -> Ending {
    let diagnostics = one(script, diagnostic);
    let location = diagnostics.location();
    Ending::Failed(Box::new(ScriptFailure { diagnostics, step, location }))
}
