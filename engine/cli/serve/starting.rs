//! Starts processes that do what a person asked for. They are no children to be waited for: the server can go away under them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use runbook_alerts::proposal::Proposal;
use runbook_model::digest::Digest;
use runbook_model::id::RunId;
use runbook_model::parameter::Origin;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use super::form::Sent;
use super::refusal::Refusal;
use super::visitor::Visitor;
use super::{Desk, open_page, token};
use crate::behalf::Request;
use crate::itself;

/// A process that has nothing to say yet after this is given up on; it goes on.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at what it wrote. It is a file, so that its writer does not need us.
const PACE: Duration = Duration::from_millis(20);

/// What came of a process.
pub(super) struct Came {
    /// Its exit code; `None` when it goes on.
    pub(super) code: Option<i32>,
    /// The run that it works on.
    pub(super) run: Option<RunId>,
    /// What it told people.
    pub(super) said: String,
}

/// Whether to wait for the end of a process, or for its first record only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Until it has ended.
    Ended,
    /// Until it has begun.
    Begun,
}

/// Does what a visitor asked for: a command line of this program, in a process of its own.
///
/// # Errors
/// No process can be started.
pub(super) async fn on_behalf(
    desk: &Desk,
    visitor: &Visitor,
    line: Vec<String>,
    origins: BTreeMap<String, Origin>,
    shown: Option<Digest>,
    until: Until,
) -> Result<Came, Refusal> {
    let configuration = &desk.place.configuration;
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let mut whole =
        vec!["-C".to_owned(), path(&configuration.root.value), "--state-dir".to_owned(), path(&configuration.state_dir.value)];
    whole.extend(["--color", "never", "--output", "json"].map(str::to_owned));
    whole.extend(desk.globals.offline.then(|| "--offline".to_owned()));
    whole.extend(line);
    let request = Request { person: visitor.name.clone(), line: whole, origins, shown };
    let request = serde_json::to_vec(&request).map_err(|error| broken(&error))?;
    let told = desk.home().join("started").join(token::fresh()?);
    let (out, err) = (told.with_extension("out"), told.with_extension("err"));
    let file = |path: &Path| std::fs::File::create(path).map_err(|error| broken(&error));
    let child = Command::new("/proc/self/exe")
        .arg(itself::BEHALF)
        .current_dir(&desk.place.surroundings.cwd)
        .stdin(Stdio::piped())
        .stdout(file(&out)?)
        .stderr(file(&err)?)
        .spawn();
    let mut child = child.map_err(|error| broken(&error))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&request).await.map_err(|error| broken(&error))?;
    }
    let came = watched(&mut child, &out, &err, until).await;
    tokio::spawn(async move {
        child.wait().await.ok();
        // What it said is in the journal; these were for us only.
        std::fs::remove_file(out).ok();
        std::fs::remove_file(err).ok();
    });
    Ok(came)
}

async fn watched(child: &mut Child, out: &Path, err: &Path, until: Until) -> Came {
    let began = Instant::now();
    loop {
        let code = child.try_wait().ok().flatten().map(|status| status.code().unwrap_or(-1));
        let text = start_of(out);
        let run = text.split(|byte| *byte == b'\n').next().filter(|_| text.contains(&b'\n')).and_then(run_of);
        let begun = until == Until::Begun && run.is_some();
        if code.is_some() || begun || began.elapsed() > PATIENCE {
            let said = start_of(err);
            return Came { code, run, said: String::from_utf8_lossy(&said).into_owned() };
        }
        tokio::time::sleep(PACE).await;
    }
}

/// What a process wrote first: a run that goes on writes more than anybody needs here.
fn start_of(path: &Path) -> Vec<u8> {
    use std::io::Read as _;
    let mut text = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        file.take(256 * 1024).read_to_end(&mut text).ok();
    }
    text
}

fn run_of(line: &[u8]) -> Option<RunId> {
    serde_json::from_slice::<serde_json::Value>(line).ok()?.get("run")?.as_str()?.parse().ok()
}

fn broken(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("no process could be started: {error}"))
}

/// What a process that did not do it told people, as a page.
pub(super) fn refused(came: &Came) -> Refusal {
    let mut lines = came.said.lines().filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("it ended without a word");
    let refusal = Refusal::new(StatusCode::CONFLICT, first.strip_prefix("error: ").unwrap_or(first));
    lines.fold(refusal, |refusal, line| match line.strip_prefix("next: ") {
        Some(hint) => refusal.hint(format!("`{hint}`")),
        None => refusal.detail(line),
    })
}

/// What somebody wants to start.
pub(super) struct Wanted {
    pub(super) runbook: String,
    pub(super) live: bool,
    pub(super) env: Option<String>,
    pub(super) without_rehearsal: Option<String>,
    /// Each with where it comes from.
    pub(super) params: Vec<(String, String, Origin)>,
    pub(super) shown: Option<Digest>,
}

/// Starts a run or a rehearsal.
///
/// # Errors
/// This visitor may not, or the process that was started did not begin a run.
pub(super) async fn begin(desk: &Desk, visitor: &Visitor, wanted: Wanted) -> Result<RunId, Refusal> {
    if !visitor.roles.operates {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "you may look, and not run: `operators` of [serve] may"));
    }
    let mut line = vec!["exec".to_owned()];
    line.extend((!wanted.live).then(|| "--dry-run".to_owned()));
    line.extend(wanted.env.map(|env| format!("--env={env}")));
    line.extend(wanted.without_rehearsal.filter(|_| wanted.live).map(|why| format!("--without-rehearsal={why}")));
    let mut origins = BTreeMap::new();
    for (name, value, origin) in wanted.params {
        line.push(format!("--param={name}={value}"));
        origins.insert(name, origin);
    }
    // Nothing behind this is an option, whatever it is called.
    line.extend(["--".to_owned(), wanted.runbook]);
    let came = on_behalf(desk, visitor, line, origins, wanted.shown, Until::Begun).await?;
    match came.run {
        Some(run) => {
            desk.counted.started.fetch_add(1, Ordering::Relaxed);
            Ok(run)
        }
        None => Err(refused(&came)),
    }
}

/// `POST /runs`: the form of a runbook's page.
pub(super) async fn start(State(desk): State<Arc<Desk>>, sent: Sent) -> Result<Response, Refusal> {
    let book = open_page::book(&desk, sent.field("runbook")).await?;
    let shown = sent.field("shown").parse::<Digest>().ok();
    if shown != Some(Digest::of_json(&book.program.pinned())) {
        let message = "the runbook has changed since this page was made (RB0048); nothing was run";
        return Err(Refusal::new(StatusCode::CONFLICT, message).hint("go back, load the page again, and read it once more"));
    }
    let live = sent.field("mode") == "live";
    let carried = desk.forgery.opened(&sent.visitor.key, sent.field("proposed")).unwrap_or_default();
    let (mut params, mut again) = (Vec::new(), Vec::new());
    for (name, value) in sent.with("p.") {
        let fallback = book.declaration.params.get(name).and_then(|parameter| parameter.fallback.as_ref());
        if fallback.is_some_and(|fallback| open_page::as_text(fallback) == value) || (fallback.is_none() && value.is_empty()) {
            continue;
        }
        let origin = Proposal::origin(&carried, name, value);
        // A link proposes; whoever changes the world says what with their own hands.
        if live && origin == Origin::Link && sent.field(&format!("again.{name}")) != value {
            again.push(name.to_owned());
        }
        params.push((name.to_owned(), value.to_owned(), origin));
    }
    let resolved = runbook_model::parameter::resolve(&book.declaration.params, &params);
    if !again.is_empty() || resolved.is_err() {
        let mut wrong: Vec<String> = resolved.err().unwrap_or_default().iter().map(ToString::to_string).collect();
        wrong.extend(again.iter().map(|name| format!("`{name}` comes from a link: type it again to run for real")));
        return Ok(open_page::again(&desk, &sent, &book, &params, &carried, &wrong));
    }
    let text = |field: &str| Some(sent.field(field).trim().to_owned()).filter(|text| !text.is_empty());
    let wanted =
        Wanted { runbook: book.title.name.clone(), live, env: text("env"), without_rehearsal: text("without"), params, shown };
    let run = begin(&desk, &sent.visitor, wanted).await?;
    Ok(Redirect::to(&format!("/runs/{run}")).into_response())
}
