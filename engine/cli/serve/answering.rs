//! What a person decides about a run that there is: an answer, to go on with it, to roll it back, to give it up. Each is done
//! by the same verb that does it at the command line.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use runbook_model::account::Decided;
use runbook_model::answer::Said;
use runbook_model::digest::Digest;
use runbook_model::id::RunId;
use runbook_model::person::{Decider, From};
use runbook_model::status::RunStatus;

use super::Desk;
use super::crowd::Place;
use super::deed::{Deed, Until, perform, refused};
use super::form::Sent;
use super::refusal::Refusal;
use super::run_page::{found, look};
use super::visitor::Visitor;

/// Who answers waits this long for whoever is at work on the run: another answer takes a moment, and there may be several before.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks at whether they are done.
const PACE: Duration = Duration::from_millis(50);
/// The longest reason for giving a run up, in bytes: an argument of a program has an end.
const LONGEST_WHY: usize = 4 * 1024;

/// Gives an answer, and lets the run go on when nothing else is asked.
///
/// # Errors
/// This visitor may not answer, or not this, or not any more.
pub(super) async fn give(
    desk: &Arc<Desk>,
    visitor: &Visitor,
    run: RunId,
    said: Said,
    note: Option<&str>,
    shown: Option<Digest>,
) -> Result<(), Refusal> {
    if !visitor.roles.approves {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "you may look, and not answer: `approvers` of [serve] may"));
    }
    let _turn = turn(desk, run).await?;
    // The run may ask several things at a time; the digest says which of them this is about.
    let asked = look(desk, run).await?.questions.iter().find(|question| Some(question.shown) == shown).cloned();
    let Some(question) = asked else { return Err(passed()) };
    let mut line = vec!["answer".to_owned()];
    line.push(match said {
        Said::Yes => "--yes".to_owned(),
        Said::No => "--no".to_owned(),
        Said::Chose(choice) => format!("--choose={choice}"),
        Said::Entered(text) => format!("--text={text}"),
    });
    line.extend(note.filter(|note| !note.is_empty()).map(|note| format!("--note={note}")));
    line.extend(["--".to_owned(), run.to_string(), question.path]);
    let came = perform(desk, Deed { shown, ..Deed::by(&visitor.name, line, Until::Ended) }).await?;
    if came.code != Some(0) {
        return Err(refused(&came));
    }
    desk.counted.answered.fetch_add(1, Ordering::Relaxed);
    // Not when more people have to agree. Where another branch asks, this one goes on.
    if !look(desk, run).await?.questions.iter().any(|question| Some(question.shown) == shown) {
        go_on(desk, visitor, run).await?;
    }
    Ok(())
}

/// Refuses an answer to what is not asked.
fn passed() -> Refusal {
    let message = "this is not what was shown, or not asked any more: the run has gone on since; nothing was recorded";
    Refusal::new(StatusCode::CONFLICT, message)
}

/// Whether this person has said this to what they were shown, on the page.
async fn has_said(desk: &Arc<Desk>, visitor: &Visitor, run: RunId, said: &Said, shown: Option<Digest>) -> Result<bool, Refusal> {
    let looked = look(desk, run).await?;
    let is_theirs =
        |by: &Decider| matches!(by, Decider::Person(person) if person.name == visitor.name && person.from == From::Web);
    let is_this =
        |what: &Decided| matches!(what, Decided::Answered { said: was, shown: to } if was == said && Some(*to) == shown);
    Ok(looked.dossier.account.decisions.iter().any(|decision| is_theirs(&decision.by) && is_this(&decision.what)))
}

/// Waits until nobody works on a run, and sees to it that nobody else answers here meanwhile: one run has one writer, and of two people
/// who answer two of its questions at the same moment both are heard.
async fn turn(desk: &Arc<Desk>, run: RunId) -> Result<Place<RunId>, Refusal> {
    let began = Instant::now();
    loop {
        if let Some(place) = desk.answering.admit(run)
            && look(desk, run).await?.dossier.at_work.is_none()
        {
            return Ok(place);
        }
        if began.elapsed() > PATIENCE {
            let message = "the run goes on at the moment, and takes an answer when it does nothing else; nothing was recorded";
            return Err(Refusal::new(StatusCode::CONFLICT, message).hint("load the page of the run again in a while"));
        }
        tokio::time::sleep(PACE).await;
    }
}

async fn go_on(desk: &Desk, visitor: &Visitor, run: RunId) -> Result<(), Refusal> {
    let line = vec!["resume".to_owned(), run.to_string()];
    let came = perform(desk, Deed::by(&visitor.name, line, Until::Begun)).await?;
    if came.run.is_none() && came.code.is_some_and(|code| code == 2 || code >= 10) { Err(refused(&came)) } else { Ok(()) }
}

fn back(run: RunId) -> Response {
    Redirect::to(&format!("/runs/{run}")).into_response()
}

fn may_operate(visitor: &Visitor) -> Result<(), Refusal> {
    if visitor.roles.operates {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::FORBIDDEN, "you may look, and not run: `operators` of [serve] may"))
}

/// `POST /runs/RUN/answer`.
pub(super) async fn answer(State(desk): State<Arc<Desk>>, Path(run): Path<String>, sent: Sent) -> Result<Response, Refusal> {
    let run = found(&desk, &run).await?;
    let said = match sent.field("said") {
        "yes" => Said::Yes,
        "no" => Said::No,
        "choice" if !sent.field("choice").is_empty() => Said::Chose(sent.field("choice").to_owned()),
        "text" => Said::Entered(sent.field("text").to_owned()),
        _ => return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "what is the answer?")),
    };
    let shown = sent.field("shown").parse().ok();
    let given = give(&desk, &sent.visitor, run, said.clone(), Some(sent.field("note")), shown).await;
    // Pressed twice, or sent again because nobody heard what came of it: it is recorded, and not to be called anything else.
    if given != Err(passed()) || !has_said(&desk, &sent.visitor, run, &said, shown).await? {
        given?;
    }
    Ok(back(run))
}

/// `POST /runs/RUN/resume`.
pub(super) async fn resume(State(desk): State<Arc<Desk>>, Path(run): Path<String>, sent: Sent) -> Result<Response, Refusal> {
    may_operate(&sent.visitor)?;
    let run = found(&desk, &run).await?;
    if let Err(refusal) = go_on(&desk, &sent.visitor, run).await {
        // Somebody was faster, or pressed twice: it goes on, as was asked for.
        if look(&desk, run).await?.dossier.at_work.is_none() {
            return Err(refusal);
        }
    }
    Ok(back(run))
}

/// `POST /runs/RUN/rollback`.
pub(super) async fn rollback(State(desk): State<Arc<Desk>>, Path(run): Path<String>, sent: Sent) -> Result<Response, Refusal> {
    may_operate(&sent.visitor)?;
    let run = found(&desk, &run).await?;
    if sent.field("sure") != "yes" {
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "tick the box to roll back for real; nothing was done"));
    }
    let line = vec!["rollback".to_owned(), run.to_string()];
    let came = perform(&desk, Deed::by(&sent.visitor.name, line, Until::Begun)).await?;
    if came.run.is_none() && came.code.is_some_and(|code| code == 2 || code >= 10) {
        // As with a run that is resumed twice; what goes on has to be a rollback.
        let dossier = &look(&desk, run).await?.dossier;
        if dossier.at_work.is_none() || dossier.account.state != RunStatus::RollingBack {
            return Err(refused(&came));
        }
    }
    Ok(back(run))
}

/// `POST /runs/RUN/abandon`.
pub(super) async fn abandon(State(desk): State<Arc<Desk>>, Path(run): Path<String>, sent: Sent) -> Result<Response, Refusal> {
    may_operate(&sent.visitor)?;
    let run = found(&desk, &run).await?;
    let why = sent.field("why").trim();
    let unfit = match why {
        _ if sent.field("sure") != "yes" => Some("tick the box to give it up for good; nothing was done"),
        "" => Some("a reason is wanted, for the record; nothing was done"),
        why if why.len() > LONGEST_WHY => Some("the reason is longer than 4 KiB; nothing was done"),
        why if why.contains('\0') => Some("the reason holds a NUL character; nothing was done"),
        _ => None,
    };
    if let Some(unfit) = unfit {
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, unfit));
    }
    let line = vec!["abandon".to_owned(), format!("--why={why}"), "--".to_owned(), run.to_string()];
    let came = perform(&desk, Deed::by(&sent.visitor.name, line, Until::Ended)).await?;
    if came.code != Some(0) {
        return Err(refused(&came));
    }
    Ok(back(run))
}
