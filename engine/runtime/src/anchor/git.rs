//! The user's own `git`, as a child process.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// More of what git complains of is not kept.
const COMPLAINTS: u64 = 64 * 1024;

/// More than this is no answer: some 800,000 references.
const ANSWER: u64 = 64 * 1024 * 1024;

/// How long git may take to put its things in order when it is asked to stop.
const GRACE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(10);

/// What git did.
pub(super) struct Done {
    pub success: bool,
    pub out: String,
    pub err: String,
}

/// Who is there while git works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// A person at a terminal, whom ssh may ask for a passphrase.
    Person,
    /// Nobody: a question counts as an error, and git is stopped after this time.
    Nobody(Duration),
}

/// Runs git on a repository. Hooks of that repository are not run.
pub(super) fn run(repository: &Path, asking: Asking, arguments: &[&str]) -> Result<Done, String> {
    let mut git = Command::new("git");
    git.arg("--git-dir").arg(repository).args([
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "gc.auto=0",
        "-c",
        "maintenance.auto=false",
    ]);
    git.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).env("LC_ALL", "C");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"] {
        git.env_remove(name);
    }
    if let Asking::Nobody(_) = asking {
        // The terminal belongs to the run: whoever would ask there gets a no instead.
        git.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "/bin/false");
        git.env("SSH_ASKPASS", "/bin/false").env("SSH_ASKPASS_REQUIRE", "force");
        // And Ctrl-C is meant for the run.
        std::os::unix::process::CommandExt::process_group(&mut git, 0);
    }
    let mut child = git.spawn().map_err(|error| format!("`git` cannot be started: {error}"))?;
    let (out, err) = (drained(child.stdout.take(), ANSWER + 1), drained(child.stderr.take(), COMPLAINTS));
    let status = waited(&mut child, asking)?;
    let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
    let (out, err) = (text(out), text(err));
    if out.len() as u64 > ANSWER {
        return Err(format!("git says more than {} MiB", ANSWER >> 20));
    }
    Ok(Done { success: status, out, err })
}

fn waited(child: &mut Child, asking: Asking) -> Result<bool, String> {
    let Asking::Nobody(patience) = asking else {
        return child.wait().map(|status| status.success()).map_err(|error| error.to_string());
    };
    let deadline = Instant::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if Instant::now() < deadline => thread::sleep(LOOK),
            Ok(None) => {
                stop(child);
                return Err(format!("no answer within {} s", patience.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Ends git with its whole group: ssh is a child of it. A remote that is a directory here is written by a child as well, which
/// must get the time to remove its locks, or they would be in everybody's way there.
fn stop(child: &mut Child) {
    if let Some(group) = Pid::from_raw(child.id().cast_signed()) {
        let _asked = kill_process_group(group, Signal::TERM);
        let began = Instant::now();
        // Only looked at: while it is not waited for, its number is the group's and nobody else's.
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while began.elapsed() < GRACE && matches!(waitid(WaitId::Pid(group), look), Ok(None)) {
            thread::sleep(LOOK);
        }
        let _gone = kill_process_group(group, Signal::KILL);
    }
    let _reaped = child.wait();
}

/// Reads all of a pipe and keeps its beginning, so that git never waits for a reader.
fn drained(pipe: Option<impl Read + Send + 'static>, most: u64) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(mut pipe) = pipe {
            let _partly = (&mut pipe).take(most).read_to_end(&mut said);
            let _dropped = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        String::from_utf8_lossy(&said).into_owned()
    })
}

/// What git complains of, in one line: the first that names a cause, else the last that says anything.
pub(super) fn complaint(err: &str) -> String {
    let useful = |line: &&str| !line.is_empty() && !line.starts_with("hint:") && !line.starts_with("Please make sure");
    let causes = ["fatal:", "ssh:", "remote: error:", "remote: fatal:"];
    let cause = |line: &&str| causes.iter().any(|cause| line.starts_with(cause));
    let line = err.lines().map(str::trim).filter(useful).find(cause);
    let line = line.or_else(|| err.lines().map(str::trim).rfind(useful)).unwrap_or("git says nothing");
    line.chars().filter(|c| !c.is_control()).take(300).collect()
}
