//! The conversation about one step: asked, perhaps looked at a few times, and answered.

use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};
use runbook_model::answer::{Answer, ExitStatus, Exited, Response, Said};
use runbook_model::excerpt::{Bytes, Excerpt};
use runbook_model::path::StepPath;
use runbook_model::step::{StepKind, StepSpec};
use runbook_model::{Value, change::Change};

use crate::operation::{Look, Operation, Reply};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, place};
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::performing::blame::blame;
use crate::script::performing::here;
use crate::script::performing::stage::{Stage, Stop};
use crate::script::values::answers::{Output, Reaction};
use crate::script::values::closure::Closure;
use crate::script::values::json::{self, NotRecordable};
use crate::script::values::step_error::StepError;
use crate::script::values::unknown::Unknown;

/// A step about to be asked for.
pub(super) struct Asked<'a> {
    pub(super) ctx: &'a NativeCallContext<'a>,
    pub(super) stage: &'a Stage,
    pub(super) path: StepPath,
    pub(super) spec: StepSpec,
    /// The closure of a check.
    pub(super) look: Option<Closure>,
    /// The `settled_by` closure of a command.
    pub(super) settle: Option<Closure>,
    /// Something unknown that every look would be compared with.
    pub(super) against: Option<Unknown>,
}

impl Asked<'_> {
    /// Asks, calls closures when told to, and gives the script the recorded answer, never what a closure gave.
    pub(super) fn converse(self) -> Called<Dynamic> {
        let location = place(self.ctx);
        let asked = Operation::Step { path: self.path.clone(), spec: Box::new(self.spec.clone()), location: location.clone() };
        let mut reply = self.stage.perform(asked)?;
        loop {
            let closure = match reply {
                Reply::Look => self.look.as_ref(),
                Reply::Settle => self.settle.as_ref(),
                Reply::Done(answer) => return Ok(heard(answer)),
                Reply::Nothing => return Ok(Dynamic::UNIT),
                Reply::Unknown { assumed: Some(value) } => return Ok(self.assumed(value)),
                Reply::Unknown { assumed: None } => {
                    let unknown = Unknown::of_step(self.spec.kind_word(), &self.spec.name, location);
                    return Ok(self.stage.unknown(unknown));
                }
                Reply::Failed(failure) => {
                    let failed = StepError { path: self.path, failure: *failure, location };
                    return Err(Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(failed), Position::NONE)));
                }
                Reply::GoOn | Reply::Seen(_) | Reply::Branches { .. } | Reply::Rest => None,
            };
            let Some(closure) = closure else {
                return Err(misunderstood(self.stage, &self.path.to_string()));
            };
            let look = self.looked(closure)?;
            reply = self.stage.perform(Operation::Looked { path: self.path.clone(), look })?;
        }
    }

    /// Calls a closure; only a stop of the engine is an error.
    fn looked(&self, closure: &Closure) -> Called<Look> {
        if let Some(unknown) = &self.against {
            return Ok(Look::Unknown { because: unknown.because.clone() });
        }
        here::refresh();
        here::with(|here| here.looking = Some(self.path.clone()));
        let seen = closure.call(self.ctx.engine());
        here::with(|here| here.looking = None);
        if let Some(because) = self.stage.take_unknowable() {
            return Ok(Look::Unknown { because });
        }
        // A text with the mark of an unknown in it is no more known than the unknown itself.
        if let Some(unknown) = seen.as_ref().ok().and_then(|value| self.stage.unknown_inside(value)) {
            return Ok(Look::Unknown { because: unknown.because });
        }
        match seen {
            Ok(value) => Ok(match json::recorded(&value) {
                Ok(value) => Look::Value(value),
                Err(NotRecordable::Unknown(unknown)) => Look::Unknown { because: unknown.because },
                Err(NotRecordable::Type { name, place }) => Look::Failed {
                    message: format!("{} [{}]", not_recordable(&name, &place), Code::NotRecordable.id()),
                    location: Some(crate::script::diagnosis::complaint::place(self.ctx)),
                },
            }),
            Err(error) if self.stage.has_stopped() => Err(error),
            Err(error) => {
                let blamed = blame(error, &self.stage.script).diagnostic;
                if blamed.code == Code::Unknowable {
                    return Ok(Look::Unknown { because: "the result of a withheld step".to_owned() });
                }
                let mut message = match &blamed.help {
                    Some(help) => format!("{}; {help}", blamed.message),
                    None => blamed.message.clone(),
                };
                // An error that the check itself throws explains itself; for a mistake in the script there is a page.
                if !matches!(blamed.code, Code::ScriptError | Code::StepFailed) {
                    message = format!("{message} [{}]", blamed.code.id());
                }
                Ok(Look::Failed { message, location: blamed.span.map(|span| span.location()) })
            }
        }
    }

    /// What the author wants taken in a rehearsal, in the shape that the real result would have.
    fn assumed(&self, value: Value) -> Dynamic {
        let text = || match &value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let StepKind::Command(command) = &self.spec.kind else { return json::played(&value) };
        match &command.change {
            Change::Run(_) => Dynamic::from(Output(Exited {
                status: ExitStatus::Code(0),
                stdout: Excerpt::of(text().as_bytes()),
                stderr: Excerpt::default(),
                millis: 0,
                left_running: Vec::new(),
                unkept: Vec::new(),
            })),
            Change::Http(_) => {
                Dynamic::from(Reaction(Response { status: 200, body: Bytes(text().into_bytes()), ..Response::default() }))
            }
            Change::Write(_) | Change::Restore(_) => json::played(&value),
        }
    }
}

/// Stops, because the engine gave an answer that does not fit the question.
pub(super) fn misunderstood(stage: &Stage, what: &str) -> Box<EvalAltResult> {
    let message = format!("the engine gave an answer that does not fit `{what}`");
    stage.halt(Stop::Refused(Box::new(Diagnostic::error(Code::Internal, message))))
}

/// The recorded answer as the script sees it.
fn heard(answer: Answer) -> Dynamic {
    match answer {
        Answer::Nothing | Answer::Written => Dynamic::UNIT,
        Answer::Value(value) => json::played(&value),
        Answer::Exited(exited) => Dynamic::from(Output(exited)),
        Answer::Response(response) => Dynamic::from(Reaction(response)),
        Answer::Said(Said::Yes) => true.into(),
        Answer::Said(Said::No) => false.into(),
        Answer::Said(Said::Chose(text) | Said::Entered(text)) => text.into(),
    }
}

fn not_recordable(name: &str, place: &str) -> String {
    let inside = if place.is_empty() { String::new() } else { format!(" at `{place}`") };
    format!(
        "the closure gave {name}{inside}, which cannot be recorded; return the part that matters, such as `.status` or `.stdout`"
    )
}
