//! A mount namespace of its own: what is mounted there is seen by nobody else, and gone with the test, however it ends.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::{Place, Ran};

/// A namespace that lives as long as this value: a process waits in it for the end of its input.
pub(crate) struct Namespace {
    holder: Child,
}

impl Namespace {
    /// `None`, said loudly, where it takes rights that the test does not have.
    pub(crate) fn open(test: &str) -> Option<Self> {
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "--propagation", "private", "sh", "-c", "echo; exec cat"]);
        let started = unshare.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut holder = match started {
            Ok(holder) => holder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return skipped(test, "there is no `unshare`"),
            Err(error) => panic!("unshare: {error}"),
        };
        let mut ready = [0];
        let is_ready = io::Read::read(holder.stdout.as_mut().expect("piped"), &mut ready).expect("a pipe") == 1;
        let namespace = Self { holder };
        if is_ready { Some(namespace) } else { skipped(test, "this user may not make a mount namespace") }
    }

    /// The shell in there, in the directory of the place.
    pub(crate) fn shell(&self, place: &Place, script: &str) -> Ran {
        Ran::of(self.inside(place.command(&[]), "sh", &["-ec", script]))
    }

    /// The binary in there.
    #[track_caller]
    pub(crate) fn expect(&self, place: &Place, code: i32, arguments: &[&str]) -> Ran {
        let ran = Ran::of(self.program(place, arguments));
        assert_eq!(ran.code, Some(code), "runbook {}\n{ran}", arguments.join(" "));
        ran
    }

    /// The binary in there, to be started.
    pub(crate) fn program(&self, place: &Place, arguments: &[&str]) -> Command {
        self.inside(place.command(&[]), env!("CARGO_BIN_EXE_runbook"), arguments)
    }

    fn inside(&self, like: Command, program: &str, arguments: &[&str]) -> Command {
        let directory = like.get_current_dir().unwrap_or(Path::new("/"));
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--target"]).arg(self.holder.id().to_string());
        // Entering another namespace moves to its root.
        command.args(["--", "sh", "-c", "cd \"$0\" && exec \"$@\""]).arg(directory).arg(program).args(arguments);
        command.env_clear().envs(like.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
        command.process_group(0);
        command
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        self.holder.wait().ok();
    }
}

/// Says that a test was not run here.
pub(crate) fn skipped<T>(test: &str, why: &str) -> Option<T> {
    tell(&format!("SKIPPED: {test}: {why}"));
    None
}

/// Says a line that is seen although the test passes: the test runner hides only what is printed by macros.
pub(crate) fn tell(line: &str) {
    io::Write::write_all(&mut io::stderr(), format!("{line}\n").as_bytes()).expect("standard error");
}
