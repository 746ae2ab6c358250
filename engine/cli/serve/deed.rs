//! Processes that do what somebody asked for. They are no children to be waited for: the server can go away under them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use runbook_model::digest::Digest;
use runbook_model::entry::Alert;
use runbook_model::id::RunId;
use runbook_model::parameter::Origin;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use super::refusal::Refusal;
use super::{Desk, token};
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
    /// Until it has ended, which it has to within this time: then it is asked to, and at last made to.
    Within(Duration),
}

/// What a bare process has of our environment.
const BARE: [&str; 8] = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR"];
/// Whoever was asked to end has this long for it. What is bounded like this changes nothing, and can be killed.
const GRACE: Duration = Duration::from_secs(5);

/// Something to be done in somebody's name: a command line of this program, in a process of its own.
pub(super) struct Deed<'a> {
    pub(super) person: &'a str,
    pub(super) line: Vec<String>,
    /// Where the values of parameters come from, when nobody typed them.
    pub(super) origins: BTreeMap<String, Origin>,
    /// The digest of what the person was shown.
    pub(super) shown: Option<Digest>,
    /// The alert from whose page they asked for it.
    pub(super) alert: Option<Alert>,
    pub(super) until: Until,
    /// With nothing of the server's own environment but the way to programs and the home: nobody looks at what comes of it first.
    pub(super) bare: bool,
}

impl<'a> Deed<'a> {
    /// What a person asked for, who typed all of it.
    pub(super) fn by(person: &'a str, line: Vec<String>, until: Until) -> Self {
        Self { person, line, origins: BTreeMap::new(), shown: None, alert: None, until, bare: false }
    }
}

/// Has it done.
///
/// # Errors
/// No process can be started.
pub(super) async fn perform(desk: &Desk, deed: Deed<'_>) -> Result<Came, Refusal> {
    let configuration = &desk.place.configuration;
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let mut whole =
        vec!["-C".to_owned(), path(&configuration.root.value), "--state-dir".to_owned(), path(&configuration.state_dir.value)];
    whole.extend(["--color", "never", "--output", "json"].map(str::to_owned));
    whole.extend(desk.globals.offline.then(|| "--offline".to_owned()));
    whole.extend(deed.line);
    let Deed { origins, shown, alert, .. } = deed;
    let request = Request { person: deed.person.to_owned(), line: whole, origins, shown, alert };
    let request = serde_json::to_vec(&request).map_err(|error| broken(&error))?;
    let told = desk.home().join("started").join(token::fresh()?);
    let (out, err) = (told.with_extension("out"), told.with_extension("err"));
    let file = |path: &Path| std::fs::File::create(path).map_err(|error| broken(&error));
    let mut command = Command::new("/proc/self/exe");
    command.arg(itself::BEHALF).current_dir(&desk.place.surroundings.cwd).stdin(Stdio::piped());
    command.stdout(file(&out)?).stderr(file(&err)?);
    if deed.bare {
        command.env_clear().envs(BARE.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    }
    let mut child = command.spawn().map_err(|error| broken(&error))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&request).await.map_err(|error| broken(&error))?;
    }
    let came = watched(&mut child, &out, &err, deed.until).await;
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
    let patience = if let Until::Within(within) = until { within } else { PATIENCE };
    let mut asked = false;
    loop {
        let code = child.try_wait().ok().flatten().map(|status| status.code().unwrap_or(-1));
        let text = start_of(out);
        let run = text.split(|byte| *byte == b'\n').next().filter(|_| text.contains(&b'\n')).and_then(itself::run_of);
        let begun = until == Until::Begun && run.is_some();
        let late = began.elapsed() > patience;
        if late && matches!(until, Until::Within(_)) && code.is_none() {
            if began.elapsed() > patience + GRACE {
                child.start_kill().ok();
            } else if !asked {
                // The engine stops its command, writes down how far it came, and ends.
                asked = true;
                let pid = child.id().and_then(|pid| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?));
                pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
            }
        } else if code.is_some() || begun || late {
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

fn broken(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("no process could be started: {error}"))
}

/// What a process that did not do it told people, as a page.
pub(super) fn refused(came: &Came) -> Refusal {
    if came.code.is_none() {
        let message = "it has not begun yet, and still wants to: it may wait for a lock that another run holds";
        let refusal =
            Refusal::new(StatusCode::CONFLICT, message).hint("look among the runs in a while, and do not start it again");
        return came.said.lines().filter(|line| !line.is_empty()).fold(refusal.going_on(), Refusal::detail);
    }
    let mut lines = came.said.lines().filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("it ended without a word");
    let refusal = Refusal::new(StatusCode::CONFLICT, first.strip_prefix("error: ").unwrap_or(first));
    lines.fold(refusal, |refusal, line| match line.strip_prefix("next: ") {
        Some(hint) => refusal.hint(format!("`{hint}`")),
        None => refusal.detail(line),
    })
}
