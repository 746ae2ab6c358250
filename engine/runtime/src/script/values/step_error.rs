//! The error that a script can catch when a step fails.

use rhai::Dynamic;
use runbook_model::Value;
use runbook_model::answer::ExitStatus;
use runbook_model::failure::Failure;
use runbook_model::path::StepPath;
use runbook_model::step::Location;

use crate::script::language::common::Common;

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
pub(in crate::script) fn teach(common: &mut Common) {
    common.named::<StepError>("StepError");
    common.property("step", |error: &mut StepError| error.path.name().to_owned());
    common.property("path", |error: &mut StepError| error.path.to_string());
    common.property("reason", |error: &mut StepError| error.reason());
    common.property("code", |error: &mut StepError| error.code());
    common.property("message", |error: &mut StepError| error.failure.line());
    common.function("to_string", |error: StepError| format!("\"{}\" failed: {}", error.path.name(), error.failure.line()));
    common.function("to_debug", |error: StepError| format!("\"{}\" failed: {}", error.path.name(), error.failure.line()));
    common.named::<crate::script::diagnosis::complaint::Complaint>("Mistake");
    common.property("message", |complaint: &mut crate::script::diagnosis::complaint::Complaint| complaint.message.clone());
    common.property("code", |complaint: &mut crate::script::diagnosis::complaint::Complaint| complaint.code.id().to_owned());
    common.function("to_string", |complaint: crate::script::diagnosis::complaint::Complaint| complaint.message);
    common.function("to_debug", |complaint: crate::script::diagnosis::complaint::Complaint| complaint.message);
}
