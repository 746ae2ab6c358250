//! The whole output of a command: in pieces on a page, which grow while it runs, and as a file to take away.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tokio::sync::mpsc;

use super::Desk;
use super::output_file::{Output, Wanted};
use super::refusal::Refusal;
use super::run_page::{blocking, found};
use super::shell::{self, Seen};
use super::stream::Events;
use super::visitor::Viewer;
use crate::dossier::html::escape;
use crate::output::safe::{self, Colours};

/// So many bytes are in a piece.
const PIECE: usize = 64 * 1024;

type Fields = Vec<(String, String)>;

fn from(query: &Fields) -> u64 {
    query.iter().find(|(name, _)| name == "from").and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
}

fn unreadable(error: &std::io::Error) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the output cannot be read: {error}"))
}

/// `GET /runs/RUN/steps/N/output/ATTEMPT/STREAM?from=BYTE`.
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    Path(wanted): Path<Wanted>,
    Query(query): Query<Fields>,
) -> Result<Response, Refusal> {
    let run = found(&desk, &wanted.run).await?;
    let output = Output::find(&desk, run, &wanted).await?;
    let from = from(&query);
    let (output, piece) = blocking(move || {
        let piece = output.piece(from, PIECE).map_err(|error| unreadable(&error))?;
        Ok((output, piece))
    })
    .await?;
    let here = format!("/runs/{run}/steps/{}/output/{}/{}", wanted.step, wanted.attempt, wanted.stream);
    let to = piece.from + piece.bytes.len() as u64;
    let turn = |at: u64, word: &str| format!("<a class=\"button quiet\" href=\"{here}?from={at}\">{word}</a>\n");
    let mut turns = String::new();
    if piece.from > 0 {
        turns.push_str(&turn(0, "First"));
        turns.push_str(&turn(piece.from.saturating_sub(PIECE as u64), "Before"));
    }
    if !piece.is_last {
        turns.push_str(&turn(to, "Next"));
        turns.push_str(&turn(piece.size.saturating_sub(PIECE as u64), "Last"));
    }
    let name = if wanted.stream == "stdout" { "standard output" } else { "standard error" };
    let follows =
        if output.grows && piece.is_last { format!(" data-follow=\"{here}/piece\" data-at=\"{to}\"") } else { String::new() };
    let body = format!(
        "<p class=\"aside\">{name}, attempt {} · <span id=\"span\">bytes {} to {to} of {}</span>{} · <a href=\"/runs/{run}/steps/{}\">back to the step</a></p>\n\
         <div class=\"acts\">{turns}<a class=\"button quiet\" href=\"{here}/raw\">All of it, as a file</a></div>\n\
         <pre id=\"output\" tabindex=\"0\" aria-label=\"{name}\"{follows}>{}</pre>\n<div class=\"acts\">{turns}</div>\n",
        wanted.attempt,
        piece.from,
        piece.size,
        if output.grows { " · <strong>it runs</strong>" } else { "" },
        wanted.step,
        escape::block(&piece.bytes),
    );
    Ok(shell::page(Some(&Seen::by(&visitor, &desk)), &output.step, &body).into_response())
}

/// `GET …/piece?from=BYTE`: what has come since, for a page that follows. The text is safe to show, and is no HTML.
pub(super) async fn piece(
    State(desk): State<Arc<Desk>>,
    _: Viewer,
    Path(wanted): Path<Wanted>,
    Query(query): Query<Fields>,
) -> Result<Response, Refusal> {
    let run = found(&desk, &wanted.run).await?;
    let output = Output::find(&desk, run, &wanted).await?;
    let from = from(&query);
    blocking(move || {
        let piece = output.piece(from, PIECE).map_err(|error| unreadable(&error))?;
        let to = piece.from + piece.bytes.len() as u64;
        let text = safe::block(&piece.bytes, Colours::Dropped);
        Ok(Json(json!({ "v": 1, "from": piece.from, "to": to, "size": piece.size, "text": text, "grows": output.grows }))
            .into_response())
    })
    .await
}

/// `GET …/raw`: every byte as it is kept, to be saved and never to be shown by a browser; a part of it with `Range`.
pub(super) async fn raw(
    State(desk): State<Arc<Desk>>,
    _: Viewer,
    Path(wanted): Path<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let run = found(&desk, &wanted.run).await?;
    let output = Output::find(&desk, run, &wanted).await?;
    let opened = blocking(move || output.open().map_err(|error| unreadable(&error))).await?;
    let Some(file) = opened else { return Err(Refusal::nothing()) };
    let size = file.metadata().map_err(|error| unreadable(&error))?.len();
    let asked = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let (status, start, end) = match asked.map(|range| part(range, size)) {
        None | Some(Part::Whole) => (StatusCode::OK, 0, size),
        Some(Part::Of(start, end)) => (StatusCode::PARTIAL_CONTENT, start, end),
        Some(Part::Beyond) => {
            let told = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, told).into_response());
        }
    };
    let (sender, pieces) = mpsc::channel::<Bytes>(2);
    tokio::spawn(send(Arc::new(file), start, end, sender));
    let mut response = (status, Body::new(Events::of(pieces))).into_response();
    let name = format!("{run}-{}-{}.{}.txt", wanted.step, wanted.attempt, wanted.stream);
    let mut set =
        |name, value: String| HeaderValue::from_str(&value).ok().map(|value| response.headers_mut().insert(name, value));
    set(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned());
    set(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned());
    set(header::ACCEPT_RANGES, "bytes".to_owned());
    set(header::CONTENT_LENGTH, (end - start).to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        set(header::CONTENT_RANGE, format!("bytes {start}-{}/{size}", end.saturating_sub(1)));
    }
    Ok(response)
}

/// Sends a part of a file, as fast as it is read at the other end, and holds no thread while it waits for that: a few who read slowly
/// would have all of them. A file that became shorter ends the connection: half of it must not look like all of it.
async fn send(file: Arc<File>, mut at: u64, end: u64, sender: mpsc::Sender<Bytes>) {
    while at < end {
        let (there, wanted) = (file.clone(), usize::try_from(end - at).unwrap_or(PIECE).min(PIECE));
        let piece = tokio::task::spawn_blocking(move || {
            let mut buffer = vec![0; wanted];
            let read = there.read_at(&mut buffer, at).unwrap_or(0);
            buffer.truncate(read);
            buffer
        });
        let Ok(piece) = piece.await else { return };
        at += piece.len() as u64;
        if piece.is_empty() || sender.send(piece.into()).await.is_err() {
            return;
        }
    }
}

/// What a `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Something that we do not do: then the whole is the answer.
    Whole,
    /// From a byte to the one before another.
    Of(u64, u64),
    Beyond,
}

fn part(range: &str, size: u64) -> Part {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else { return Part::Whole };
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), _) if first >= size => Part::Beyond,
        (Ok(first), Ok(last)) if last >= first => Part::Of(first, last.saturating_add(1).min(size)),
        (Ok(first), Err(_)) if last.is_empty() => Part::Of(first, size),
        (Err(_), Ok(0)) if first.is_empty() => Part::Beyond,
        (Err(_), Ok(count)) if first.is_empty() && size > 0 => Part::Of(size.saturating_sub(count), size),
        (Err(_), Ok(_)) if first.is_empty() => Part::Beyond,
        _ => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_reads_slowly_holds_no_thread() {
        let dir = tempfile::tempdir().unwrap();
        let (path, size) = (dir.path().join("1.stdout"), 10 * PIECE + 1);
        std::fs::write(&path, vec![b'x'; size]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let (sender, mut pieces) = mpsc::channel(2);
            tokio::spawn(send(Arc::new(File::open(&path).unwrap()), 0, size as u64, sender));
            let mut read = pieces.recv().await.unwrap().len();
            // Soon it waits for us, and others go on reading.
            for _ in 0..20 {
                let other = tokio::time::timeout(std::time::Duration::from_secs(60), tokio::task::spawn_blocking(|| "read"));
                assert_eq!(other.await.expect("the only thread is held").unwrap(), "read");
            }
            while let Some(piece) = pieces.recv().await {
                read += piece.len();
            }
            assert_eq!(read, size);
        });
    }

    #[test]
    fn a_range_is_a_part_or_beyond_or_not_understood() {
        for (range, wanted) in [
            ("bytes=0-", Part::Of(0, 10)),
            ("bytes=2-4", Part::Of(2, 5)),
            ("bytes=9-99", Part::Of(9, 10)),
            ("bytes=-3", Part::Of(7, 10)),
            ("bytes=-99", Part::Of(0, 10)),
            ("bytes=10-", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=5-4", Part::Whole),
            ("bytes=1-2,4-5", Part::Whole),
            ("lines=1-2", Part::Whole),
            ("bytes=18446744073709551615-18446744073709551615", Part::Beyond),
            ("bytes=0-18446744073709551615", Part::Of(0, 10)),
        ] {
            assert_eq!(part(range, 10), wanted, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Part::Beyond);
    }
}
