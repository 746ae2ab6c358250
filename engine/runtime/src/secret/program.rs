//! Runs a program of the user's that gives a secret.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::fetch::MOST;
use super::known;

/// How often it is looked whether the program has ended.
const TICK: Duration = Duration::from_millis(5);

/// How long its pipes may be open behind its end, held by something that it left behind.
const BEHIND: Duration = Duration::from_secs(1);

/// What a program prints, at most one byte more than a secret may have. Blocks.
///
/// It runs as the operator would run it: with the engine's whole environment (`VAULT_TOKEN`, `GPG_TTY`, …), in its process group
/// and at its terminal, where a passphrase may be asked for; outside the journal and outside the keeper, whose files would
/// hold what it prints.
///
/// # Errors
/// Why there is nothing, as the end of a sentence about the secret.
pub(super) fn output(
    argv: &[String],
    root: &Path,
    env: &[(OsString, OsString)],
    timeout: Duration,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let (program, arguments) = argv.split_first().ok_or("its command is empty")?;
    let mut child = Command::new(if program.contains('/') { root.join(program).into() } else { OsString::from(program) })
        .args(arguments)
        .env_clear()
        .envs(env.iter().map(|(name, value)| (name, value)))
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("`{program}` cannot be started: {error}"))?;
    let (printed, said) = (drained(child.stdout.take()), drained(child.stderr.take()));
    let deadline = Instant::now() + timeout;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() >= deadline => {
                // It may have ended meanwhile: then there is nothing to kill.
                child.kill().and_then(|()| child.wait()).map(drop).unwrap_or(());
                return Err(format!("`{program}` gave no answer within {} s and was stopped", timeout.as_secs()));
            }
            Ok(None) => thread::sleep(TICK),
            Err(error) => return Err(format!("`{program}` cannot be waited for: {error}")),
        }
    };
    let printed = printed.recv_timeout(BEHIND).map_err(|_| format!("something that `{program}` left behind still prints"))?;
    if status.success() {
        return Ok(printed);
    }
    let said = said.recv_timeout(BEHIND).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    // Before anything is cut off or left out: half of a value would not be recognised.
    let said = known::veiled(&said);
    let reason = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing");
    let reason: String = reason.chars().filter(|c| !c.is_control()).take(200).collect();
    Err(format!("`{program}` ended with {status}: {reason}"))
}

/// Reads to the end on a thread of its own, and keeps the first bytes: a program that prints more must not block.
fn drained(pipe: Option<impl Read + Send + 'static>) -> Receiver<Zeroizing<Vec<u8>>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut kept = Zeroizing::new(Vec::with_capacity(MOST + 1));
        if let Some(mut pipe) = pipe {
            let whole = pipe.by_ref().take(MOST as u64 + 1).read_to_end(&mut kept);
            if whole.is_ok() {
                std::io::copy(&mut pipe, &mut std::io::sink()).ok();
            }
        }
        sender.send(kept).ok()
    });
    receiver
}
