//! The error that a script can catch when a step fails.

use rhai::{Dynamic, Engine};
use runbook_model::Value;
use runbook_model::answer::ExitStatus;
use runbook_model::failure::Failure;
use runbook_model::path::StepPath;
use runbook_model::step::Location;

/// A failed step. It keeps its place when a script throws it again.
#[derive(Debug, Clone)]
pub(in crate::script) struct StepError {
    pub(in crate::script) path: StepPath,
    pub(in crate::script) failure: Failure,
    pub(in crate::script) location: Location,
}

impl StepError {
    /// One word for the reason, as the journal writes it.
    fn reason(&self) -> String {
        let json = serde_json::to_value(&self.failure).unwrap_or_default();
        json.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The exit code, or the status of an HTTP answer.
    fn code(&self) -> Dynamic {
        match &self.failure {
            Failure::Exited(exited) => match exited.status {
                ExitStatus::Code(code) => i64::from(code).into(),
                ExitStatus::Signal(signal) => (128 + i64::from(signal)).into(),
            },
            Failure::Response(response) => i64::from(response.status).into(),
            _ => Dynamic::UNIT,
        }
    }
}

/// Teaches an engine the properties of a failed step.
pub(in crate::script) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<StepError>("StepError");
    engine.register_get("step", |error: &mut StepError| error.path.name().to_owned());
    engine.register_get("path", |error: &mut StepError| error.path.to_string());
    engine.register_get("reason", |error: &mut StepError| error.reason());
    engine.register_get("code", |error: &mut StepError| error.code());
    engine.register_get("message", |error: &mut StepError| error.failure.line());
    engine.register_fn("to_string", |error: StepError| format!("\"{}\" failed: {}", error.path.name(), error.failure.line()));
    engine.register_fn("to_debug", |error: StepError| format!("\"{}\" failed: {}", error.path.name(), error.failure.line()));
    engine.register_type_with_name::<crate::script::diagnosis::complaint::Complaint>("Mistake");
    engine.register_get("message", |complaint: &mut crate::script::diagnosis::complaint::Complaint| complaint.message.clone());
    engine.register_get("code", |complaint: &mut crate::script::diagnosis::complaint::Complaint| complaint.code.id().to_owned());
    engine.register_fn("to_string", |complaint: crate::script::diagnosis::complaint::Complaint| complaint.message);
    engine.register_fn("to_debug", |complaint: crate::script::diagnosis::complaint::Complaint| complaint.message);
}
