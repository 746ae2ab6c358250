//! One step in full. What it printed comes in pages: a phone must not choke on a long output.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use runbook_model::account::AttemptAccount;
use runbook_model::answer::{Answer, Exited, Stream};
use runbook_model::failure::Failure;
use runbook_model::id::RunId;
use runbook_model::outcome::Outcome;

use super::refusal::Refusal;
use super::run_page::{found, look};
use super::shell::{self, Seen};
use super::visitor::Viewer;
use super::{Desk, output_file};
use crate::dossier::html::escape;
use crate::dossier::piece::{self, Piece};
use crate::output::elapsed;

/// So many bytes are on a page.
const PAGE: usize = 16 * 1024;

/// `GET /runs/RUN/steps/N?from=BYTE`.
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    Path((run, nth)): Path<(String, usize)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let run = found(&desk, &run).await?;
    let looked = look(&desk, run).await?;
    let dossier = &looked.dossier;
    let step = dossier.account.steps.get(nth).ok_or_else(Refusal::nothing)?;
    let from = query.iter().find(|(name, _)| name == "from").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = format!(
        "<p class=\"aside\">{} · {} · <a href=\"/runs/{run}\">back to the run</a></p>\n",
        step.kind,
        dossier.standing(step),
    );
    let path = step.path.told();
    if path != step.name {
        body.push_str(&format!("<p><code>{}</code></p>\n", escape::line(&path)));
    }
    for attempt in step.attempts.iter().rev() {
        let took = attempt.took().map_or_else(|| "no end recorded".to_owned(), elapsed::short);
        body.push_str(&format!(
            "<h2>Attempt {}</h2>\n<p>{} · {took} · {}</p>\n",
            attempt.intent.attempt.0,
            shell::moment(attempt.began),
            escape::line(&piece::ending(attempt))
        ));
        body.push_str(&kept(&desk, run, nth, attempt));
        for piece in piece::asked(attempt).iter().chain(&piece::came_of(attempt)) {
            body.push_str(&shown(piece, from));
        }
    }
    let seen = Seen::by(&visitor, &desk);
    Ok(shell::page(Some(&seen), &step.name, &body).into_response())
}

/// Links to the outputs that are kept in whole.
fn kept(desk: &Desk, run: RunId, nth: usize, attempt: &AttemptAccount) -> String {
    let intent = &attempt.intent;
    let link = |stream: Stream| {
        let lost =
            attempt.outcome.as_ref().and_then(exited).is_some_and(|exited| exited.unkept.iter().any(|lost| lost.of == stream));
        let (word, name) = (if lost { "What is kept of" } else { "Whole" }, stream);
        let stream = stream.file();
        let path = output_file::path(desk, run, &intent.path, intent.attempt, stream)?;
        let size = std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_file)?.len();
        let there = format!("/runs/{run}/steps/{nth}/output/{}/{stream}", intent.attempt.0);
        Some(format!("<a class=\"button quiet\" href=\"{there}\">{word} {name}: {size} bytes</a>\n"))
    };
    let links: String = [Stream::Stdout, Stream::Stderr].into_iter().filter_map(link).collect();
    if links.is_empty() { links } else { format!("<div class=\"acts\">{links}</div>\n") }
}

/// How the program of an attempt ended.
fn exited(outcome: &Outcome) -> Option<&Exited> {
    match outcome {
        Outcome::Succeeded(Answer::Exited(exited)) => Some(exited),
        Outcome::Failed(Failure::Exited(exited) | Failure::TimedOut { exited, .. } | Failure::Stopped { exited, .. }) => {
            Some(exited)
        }
        _ => None,
    }
}

fn shown(piece: &Piece, from: usize) -> String {
    match piece {
        Piece::Fact(name, text) if text.contains('\n') => {
            format!("<h3>{name}</h3>\n<pre>{}</pre>\n", escape::block(text.as_bytes()))
        }
        // What a program or a shell reads is told apart from what a person wrote.
        Piece::Fact(name @ ("runs" | "in" | "with" | "writes" | "sends" | "header" | "rollback" | "stands at"), text) => {
            format!("<p><span class=\"from\">{name}</span> <code>{}</code></p>\n", escape::line(text))
        }
        Piece::Fact(name, text) => format!("<p><span class=\"from\">{name}</span> {}</p>\n", escape::line(text)),
        Piece::Output { name, size, head, tail } => {
            let mut all = head.clone();
            if let Some((dropped, tail)) = tail {
                all.extend_from_slice(format!("\n… {dropped} bytes are not kept here …\n").as_bytes());
                all.extend_from_slice(tail);
            }
            let from = from.min(all.len().saturating_sub(1));
            let to = (from + PAGE).min(all.len());
            let turn = |at: usize, word: &str| format!(" <a href=\"?from={at}\">{word}</a>");
            let before = if from > 0 { turn(from.saturating_sub(PAGE), "before") } else { String::new() };
            let after = if to < all.len() { turn(to, "more") } else { String::new() };
            format!("<h3>{name}, {size} bytes{before}{after}</h3>\n<pre tabindex=\"0\">{}</pre>\n", escape::block(&all[from..to]))
        }
        Piece::Diff(name, lines) => {
            let lines: String = lines.iter().map(|(sign, line)| format!("{sign} {}\n", escape::line(line))).collect();
            format!("<h3>{name}</h3>\n<pre>{lines}</pre>\n")
        }
    }
}
