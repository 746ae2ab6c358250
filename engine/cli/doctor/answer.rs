//! What a program says when it is asked something small.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// So long a program may take to say its version. One that hangs (a dead mount, a bus that nobody answers) must not make the
/// examination hang.
const PATIENCE: Duration = Duration::from_secs(5);
/// No more of an answer is read, in bytes.
const LONGEST: u64 = 4096;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Silent {
    /// There is no such program.
    NotThere,
    /// It is there, and does not do what it should.
    Useless(String),
}

/// The first line that a program prints, on either stream.
pub(super) fn first_line(program: &str, arguments: &[&str]) -> Result<String, Silent> {
    let (mut reader, writer) = std::io::pipe().map_err(|error| Silent::Useless(error.to_string()))?;
    let errors = writer.try_clone().map_err(|error| Silent::Useless(error.to_string()))?;
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).stdout(writer).stderr(errors);
    let child = command.spawn();
    // The command holds the writing ends, too: as long as it lives the reader would wait.
    drop(command);
    let mut child = child.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Silent::NotThere,
        _ => Silent::Useless(error.to_string()),
    })?;
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read until it broke is the answer; and whoever asked may have gone.
        reader.by_ref().take(LONGEST).read_to_end(&mut bytes).ok();
        told.send(bytes).ok();
    });
    let Ok(bytes) = heard.recv_timeout(PATIENCE) else {
        // It may have ended by itself just now.
        child.kill().ok();
        child.wait().ok();
        return Err(Silent::Useless(format!("`{program}` does not answer within {} s", PATIENCE.as_secs())));
    };
    let status = child.wait().map_err(|error| Silent::Useless(error.to_string()))?;
    let text = String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().trim().to_owned();
    if status.success() { Ok(text) } else { Err(Silent::Useless(format!("`{program}` ends with {status}: {text}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_answers_fails_or_is_not_there() {
        assert_eq!(first_line("sh", &["-c", "echo one >&2; echo two"]), Ok("one".to_owned()));
        assert_eq!(first_line("no-such-program-here", &[]), Err(Silent::NotThere));
        let failed = first_line("sh", &["-c", "echo broken; exit 3"]);
        assert!(matches!(&failed, Err(Silent::Useless(why)) if why.contains("broken")), "{failed:?}");
    }
}
