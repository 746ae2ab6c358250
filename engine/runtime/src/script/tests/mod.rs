//! The script room against an engine that answers from a script.

mod hosts;
mod looking;
mod mistakes;
mod performing;
mod unknowns;

use std::collections::BTreeMap;
use std::sync::Arc;

use runbook_model::Value;
use runbook_model::answer::{Answer, ExitStatus, Exited, Response, Said};
use runbook_model::change::{Change, Invocation};
use runbook_model::declaration::Declaration;
use runbook_model::excerpt::{Bytes, Excerpt, KEPT};
use runbook_model::failure::Failure;
use runbook_model::observation::{NotSeen, Observation, Seen};
use runbook_model::path::StepPath;
use runbook_model::step::{OnFailure, RollbackPlan, StepKind, StepSpec};
use tokio::sync::mpsc;

use crate::line::{Call, Line};
use crate::operation::{Look, Operation, Reply};
use crate::prompter::Prompter;
use crate::script::{Code, Diagnostics, Ending, Pinned, Program};

const HEAD: &str = "let p = runbook(#{ title: \"t\" });\n";

fn files(texts: &[(&str, &str)]) -> Pinned {
    Pinned(texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
}

fn program(body: &str) -> Program {
    // Not judged before it runs: here it is what happens while it runs that counts.
    Program::load_pinned(&files(&[("main.rhai", &format!("{HEAD}{body}"))]), "main.rhai")
        .unwrap_or_else(|error| panic!("{error}"))
}

fn refused(body: &str) -> Diagnostics {
    Program::load(&files(&[("main.rhai", body)]), "main.rhai").expect_err("a mistake")
}

fn settings() -> serde_json::Map<String, Value> {
    serde_json::Map::from_iter([("root".to_owned(), Value::from("/srv"))])
}

fn printed(text: &str) -> Answer {
    Answer::Exited(Exited {
        status: ExitStatus::Code(0),
        stdout: Excerpt::of(text.as_bytes()),
        stderr: Excerpt::default(),
        millis: 7,
        left_running: Vec::new(),
        unkept: Vec::new(),
    })
}

/// Answers until the performance ends; gives what was asked, and the ending.
fn attend(
    ending: impl Future<Output = Ending>,
    listener: &mut mpsc::UnboundedReceiver<Call>,
    answer: &mut dyn FnMut(&Operation) -> Option<Reply>,
) -> (Vec<Operation>, Ending) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        tokio::pin!(ending);
        let mut asked = Vec::new();
        loop {
            tokio::select! {
                biased;
                call = listener.recv() => {
                    let call = call.expect("the actor holds the line");
                    let reply = answer(&call.operation);
                    asked.push(call.operation);
                    if let Some(reply) = reply {
                        call.reply.send(reply).expect("the script waits");
                    }
                }
                ending = &mut ending => return (asked, ending),
            }
        }
    })
}

pub(super) fn play(program: &Program, answer: &mut dyn FnMut(&Operation) -> Option<Reply>) -> (Vec<Operation>, Ending) {
    play_after(Prompter::default(), program, answer)
}

/// The same, of a run in which this is recorded.
pub(super) fn play_after(
    recorded: Prompter,
    program: &Program,
    answer: &mut dyn FnMut(&Operation) -> Option<Reply>,
) -> (Vec<Operation>, Ending) {
    let (line, mut listener) = Line::new();
    let actor = program.cast(&BTreeMap::from([("service".to_owned(), Value::from("api"))]), &settings(), None, line);
    attend(actor.play(Arc::new(recorded)), &mut listener, answer)
}

/// Does every step: commands print their name, checks look once and pass.
pub(super) fn willing(operation: &Operation) -> Option<Reply> {
    Some(match operation {
        Operation::Step { spec, .. } => match &spec.kind {
            StepKind::Check(_) => Reply::Look,
            StepKind::Command(_) => Reply::Done(printed(&format!("{}\n", spec.name))),
            StepKind::Confirm(_) => Reply::Done(Answer::Said(Said::Yes)),
            StepKind::Rollback(_) => Reply::Done(Answer::Nothing),
        },
        Operation::Looked { look: Look::Value(value), .. } => Reply::Done(Answer::Value(value.clone())),
        Operation::Looked { look: Look::Unknown { .. }, .. } => Reply::Unknown { assumed: None },
        Operation::Looked { look: Look::Failed { message, location }, .. } => {
            Reply::Failed(Box::new(Failure::LookFailed { message: message.clone(), at: location.clone() }))
        }
        Operation::Observe { .. } => Reply::Seen(Err(NotSeen { message: "nothing to see".to_owned() })),
        _ => Reply::GoOn,
    })
}

/// A rehearsal: commands are withheld.
fn rehearsing(operation: &Operation) -> Option<Reply> {
    match operation {
        Operation::Step { spec, .. } => match &spec.kind {
            StepKind::Command(command) => Some(Reply::Unknown { assumed: command.assume.clone() }),
            _ => willing(operation),
        },
        _ => willing(operation),
    }
}

fn specs(asked: &[Operation]) -> Vec<(String, StepSpec)> {
    asked
        .iter()
        .filter_map(|operation| match operation {
            Operation::Step { path, spec, .. } => Some((path.to_string(), (**spec).clone())),
            _ => None,
        })
        .collect()
}

fn paths(asked: &[Operation]) -> Vec<String> {
    specs(asked).into_iter().map(|(path, _)| path).collect()
}

fn notes(asked: &[Operation]) -> Vec<String> {
    asked
        .iter()
        .filter_map(|operation| match operation {
            Operation::Note { text, .. } => Some(text.clone()),
            _ => None,
        })
        .collect()
}

fn argv_of(change: &Change) -> &[String] {
    match change {
        Change::Run(Invocation { argv, .. }) => argv,
        other => panic!("{other:?}"),
    }
}

fn says(body: &str) -> Vec<String> {
    let (asked, ending) = play(&program(body), &mut willing);
    assert_eq!(ending, Ending::Completed, "{}", shown(&ending));
    notes(&asked)
}

fn shown(ending: &Ending) -> String {
    match ending {
        Ending::Failed(failure) => failure.diagnostics.to_string(),
        Ending::Unknowable(diagnostics) => diagnostics.to_string(),
        other => format!("{other:?}"),
    }
}

fn fails(body: &str) -> Diagnostics {
    match play(&program(body), &mut willing).1 {
        Ending::Failed(failure) => failure.diagnostics,
        other => panic!("{}", shown(&other)),
    }
}

fn unknowable(body: &str) -> Diagnostics {
    match play(&program(body), &mut rehearsing).1 {
        Ending::Unknowable(diagnostics) => diagnostics,
        other => panic!("{}: {body}", shown(&other)),
    }
}
