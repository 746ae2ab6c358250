//! The error that a script can catch when a step fails.

use rhai::Dynamic;
use runbook_model::Value;
use runbook_model::answer::ExitStatus;
use runbook_model::failure::Failure;
use runbook_model::path::StepPath;
use runbook_model::step::Location;

use crate::script::language::shared_functions::SharedFunctions;

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

/// Teaches all engines the properties of a failed step.
pub(in crate::script) fn teach(shared: &mut SharedFunctions) {
    shared.named::<StepError>("StepError");
    shared.property("step", |error: &mut StepError| error.path.name().to_owned());
    shared.property("path", |error: &mut StepError| error.path.to_string());
    shared.property("reason", |error: &mut StepError| error.reason());
    shared.property("code", |error: &mut StepError| error.code());
    shared.property("message", |error: &mut StepError| error.failure.line());
    shared.function("to_string", |error: StepError| format!("\"{}\" failed: {}", error.path.name(), error.failure.line()));
    shared.function("to_debug", |error: StepError| format!("\"{}\" failed: {}", error.path.name(), error.failure.line()));
    shared.named::<crate::script::diagnosis::complaint::Complaint>("Mistake");
    shared.property("message", |complaint: &mut crate::script::diagnosis::complaint::Complaint| complaint.message.clone());
    shared.property("code", |complaint: &mut crate::script::diagnosis::complaint::Complaint| complaint.code.id().to_owned());
    shared.function("to_string", |complaint: crate::script::diagnosis::complaint::Complaint| complaint.message);
    shared.function("to_debug", |complaint: crate::script::diagnosis::complaint::Complaint| complaint.message);
}
