//! Turns an error of Rhai into a diagnostic: which file, which line, through which calls.

use rhai::{EvalAltResult, Position};
use runbook_model::parameter::nearest;
use runbook_model::path::StepPath;

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::Complaint;
use crate::script::diagnosis::diagnostic::{Diagnostic, Label};
use crate::script::diagnosis::span::{at, grown};
use crate::script::performing::script::Script;
use crate::script::reading::engine_functions::engine_functions;
use crate::script::reading::properties::properties;
use crate::script::values::branches_failed::BranchesFailed;
use crate::script::values::step_error::StepError;
use crate::script::values::unknown;

/// An error with the step that failed, if one did.
#[derive(Debug)]
pub(in crate::script) struct Blamed {
    pub(in crate::script) diagnostic: Diagnostic,
    pub(in crate::script) step: Option<StepPath>,
}

/// Reads an error of Rhai from the outermost call to the place where it arose.
pub(in crate::script) fn blame(error: Box<EvalAltResult>, script: &Script) -> Blamed {
    blame_from(script.sources.entry().to_owned(), error, script)
}

/// The same of an error whose outermost call stands in `file`.
#[allow(clippy::boxed_local, reason = "every error of Rhai comes in a box")]
pub(in crate::script) fn blame_from(mut file: String, error: Box<EvalAltResult>, script: &Script) -> Blamed {
    let sources = &script.sources;
    let mut trail = Vec::new();
    let mut error = *error;
    loop {
        error = match error {
            // `position` lies in the file of the caller, `source` names the file of the callee.
            EvalAltResult::ErrorInFunctionCall(name, source, inner, position) => {
                let text = if name.starts_with("anon$") {
                    "in this call of a closure".to_owned()
                } else {
                    format!("in this call of `{name}`")
                };
                trail.extend(grown(sources, &file, position).map(|span| Label { span, text }));
                if !source.is_empty() {
                    file = source;
                }
                *inner
            }
            EvalAltResult::ErrorInModule(name, inner, position) => {
                trail.extend(grown(sources, &file, position).map(|span| Label { span, text: "in this import".to_owned() }));
                if !name.is_empty() {
                    file = name;
                }
                *inner
            }
            innermost => {
                error = innermost;
                break;
            }
        };
    }
    trail.reverse();
    let position = error.position();
    let (mut diagnostic, step) = leaf(error, script);
    if diagnostic.span.is_none() {
        diagnostic.span = grown(sources, &file, position);
    }
    // The call that a native function reports about itself is already underlined.
    trail.retain(|label| Some(&label.span) != diagnostic.span.as_ref());
    trail.dedup();
    diagnostic.trail = trail;
    Blamed { diagnostic, step }
}

fn leaf(mut error: EvalAltResult, script: &Script) -> (Diagnostic, Option<StepPath>) {
    let sources = &script.sources;
    error.set_position(Position::NONE);
    match error {
        EvalAltResult::ErrorRuntime(thrown, _) => {
            if let Some(failed) = thrown.read_lock::<StepError>() {
                let diagnostic =
                    Diagnostic::error(Code::StepFailed, format!("\"{}\" failed: {}", failed.path.name(), failed.failure.line()))
                        .at(at(sources, &failed.location));
                return (diagnostic, Some(failed.path.clone()));
            }
            if let Some(failed) = thrown.read_lock::<BranchesFailed>() {
                let diagnostic = Diagnostic::error(Code::StepFailed, failed.line()).at(at(sources, &failed.location));
                return (diagnostic, failed.step.clone());
            }
            if let Some(complaint) = thrown.read_lock::<Complaint>() {
                let mut diagnostic =
                    Diagnostic::error(complaint.code, complaint.message.clone()).at(at(sources, &complaint.location));
                diagnostic.help.clone_from(&complaint.help);
                return (diagnostic, None);
            }
            let message = match unknown::text(&thrown) {
                Some(text) => text,
                None if thrown.is_unit() => "the script threw an error".to_owned(),
                None => thrown.to_string(),
            };
            (Diagnostic::error(Code::ScriptError, message), None)
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => (not_found(&signature), None),
        EvalAltResult::ErrorParsing(kind, _) => (Diagnostic::error(Code::Syntax, kind.to_string()), None),
        EvalAltResult::ErrorTooManyOperations(_)
        | EvalAltResult::ErrorStackOverflow(_)
        | EvalAltResult::ErrorDataTooLarge(..)
        | EvalAltResult::ErrorTooManyVariables(_)
        | EvalAltResult::ErrorTooManyModules(_) => {
            let message = match &error {
                EvalAltResult::ErrorStackOverflow(_) => "functions call each other more than 48 deep".to_owned(),
                other => other.to_string(),
            };
            (Diagnostic::error(Code::Limit, message).help("look for a recursion or a loop that never ends"), None)
        }
        EvalAltResult::ErrorVariableNotFound(name, _) if name == "global::settings" => (
            Diagnostic::error(Code::ScriptError, "there is no `global::settings`")
                .help("write `settings`: it is seen everywhere"),
            None,
        ),
        EvalAltResult::ErrorPropertyNotFound(name, _) => (no_property(name.trim_matches('"'), "", script), None),
        // "Unknown property 'x' - a getter is not registered for type 'y'".
        EvalAltResult::ErrorDotExpr(message, _) if message.starts_with("Unknown property '") && !mentions_unknown(&message) => {
            let mut quoted = message.split('\'').skip(1).step_by(2);
            let (name, of) = (quoted.next().unwrap_or_default(), quoted.next().unwrap_or_default());
            (no_property(name, of, script), None)
        }
        EvalAltResult::ErrorAssignmentToConstant(name, _) => (
            Diagnostic::error(Code::Branches, format!("`{name}` cannot be changed here"))
                .label("a constant, or a variable from outside this branch of a `parallel`")
                .help("let the closure give a value: `parallel` returns what each branch gave"),
            None,
        ),
        EvalAltResult::ErrorNonPureMethodCallOnConstant(name, _) => (
            Diagnostic::error(Code::Branches, format!("`{name}` would change what cannot be changed here"))
                .label("a constant, or a variable from outside this branch of a `parallel`")
                .help("work on a copy: `let copy = …;`; to hand something out, let the closure give it"),
            None,
        ),
        other => {
            let message = other.to_string();
            if mentions_unknown(&message) {
                return (unknowable(), None);
            }
            (Diagnostic::error(Code::ScriptError, message), None)
        }
    }
}

/// The properties of the results of steps and looks; those of maps are found in the text.
const PROPERTIES: [&str; 17] = [
    "body", "code", "duration", "error", "head", "headers", "lines", "message", "millis", "ok", "path", "reason", "size",
    "status", "stderr", "stdout", "tail",
];

/// What the result of a command has.
const OF_COMMANDS: [&str; 9] = ["body", "duration", "head", "headers", "lines", "status", "stderr", "stdout", "tail"];

/// What the error of a step has.
const OF_ERRORS: [&str; 6] = ["code", "items", "message", "path", "reason", "step"];

fn no_property(name: &str, of: &str, script: &Script) -> Diagnostic {
    let message = match of {
        "" => format!("there is no property `{name}` here"),
        of => format!("{of} has no property `{name}`"),
    };
    let diagnostic = Diagnostic::error(Code::UnknownProperty, message);
    match of {
        "()" if OF_COMMANDS.contains(&name) => {
            return diagnostic.help(format!(
                "a command that was skipped, or of which only the effect is known (settled, resolved), gives `()`; so does `x?.{name}` then"
            ));
        }
        "()" if OF_ERRORS.contains(&name) => return diagnostic.help("the `error` of what went well is `()`: ask `.ok` first"),
        "string" if OF_ERRORS.contains(&name) => {
            return diagnostic.help("what the script throws is no error of a step: `${error}` reads every error");
        }
        _ => {}
    }
    let used = properties(&script.asts);
    // The name itself stands in the text, too: that is where it was used.
    let settings = script.settings.keys().map(|key| key.as_str());
    let known = used.iter().map(String::as_str).chain(PROPERTIES).chain(settings).filter(|known| *known != name);
    match nearest(name, known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("`x?.name` gives `()` when it is not there, and `\"name\" in x` says whether it is"),
    }
}

fn not_found(signature: &str) -> Diagnostic {
    let name = signature.split([' ', '(']).next().unwrap_or_default();
    if name.contains("anon$") {
        return Diagnostic::error(Code::ScriptError, "a closure that was made by a module cannot be called outside it")
            .help("let the module give a function that does the call, or write the closure here");
    }
    if mentions_unknown(signature) {
        return unknowable();
    }
    // Rhai's lists say so what they cannot sort.
    if !signature.contains('(') && signature.contains(' ') {
        return Diagnostic::error(Code::ScriptError, signature);
    }
    let own = engine_functions();
    let diagnostic = if own.contains_key(name) {
        return Diagnostic::error(Code::ScriptError, format!("`{name}` cannot be used with these values: {signature}"));
    } else {
        Diagnostic::error(Code::UnknownFunction, format!("there is no function `{signature}`"))
    };
    match nearest(name, own.keys().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

/// Whether Rhai complains about the type of an unknown value.
fn mentions_unknown(message: &str) -> bool {
    message.split(|c: char| !c.is_alphanumeric()).any(|word| word == unknown::TYPE)
}

fn unknowable() -> Diagnostic {
    Diagnostic::error(Code::Unknowable, "the rehearsal cannot go on from here")
        .label("this depends on the result of a step that a rehearsal withholds")
        .help("say what a rehearsal shall take instead with the option `assume: …` of that step")
}
