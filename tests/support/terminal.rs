//! The binary at a real terminal, of which the test holds the far end, as a terminal emulator or sshd does.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use super::Place;

/// Time bounds a broken test only.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with the binary as the leader of its session.
pub(crate) struct Terminal {
    far: File,
    child: Child,
    shown: String,
    /// What of `shown` was waited for already.
    seen: usize,
    before: Termios,
}

impl Place {
    /// The command line at a terminal of 100 columns with colours.
    pub(crate) fn terminal(&self, arguments: &[&str]) -> Terminal {
        self.terminal_like(100, &[("TERM", "xterm-256color")], arguments)
    }

    pub(crate) fn terminal_like(&self, columns: u16, variables: &[(&str, &str)], arguments: &[&str]) -> Terminal {
        Terminal::of(columns, variables, &self.command(arguments))
    }
}

impl Terminal {
    /// Any program at a terminal, in the directory and with the variables of `plain`.
    pub(crate) fn of(columns: u16, variables: &[(&str, &str)], plain: &Command) -> Self {
        let (far, near) = pair();
        tcsetwinsize(&far, Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
        let before = tcgetattr(&far).expect("the modes of a terminal");
        // `setsid` (util-linux) makes a terminal the one of a session, and then becomes the binary: the same process.
        // `env` gives signals their meaning back that whoever runs the tests may ignore, as `nohup` does.
        let mut command = Command::new("setsid");
        command.args(["--ctty", "env", "--default-signal=HUP,INT,TERM"]).arg(plain.get_program()).args(plain.get_args());
        command.current_dir(plain.get_current_dir().expect("a directory")).env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("LANG", "C.UTF-8").envs(variables.iter().copied());
        let end = || File::options().read(true).write(true).open(&near).expect("the near end");
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("setsid");
        Self { far, child, shown: String::new(), seen: 0, before }
    }
}

/// Whether a process has a controlling terminal: field 7 of its `stat`, counted behind the name in parentheses.
fn has_terminal(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.split(' ').nth(4).is_some_and(|tty| tty != "0"))
}

fn pair() -> (File, PathBuf) {
    let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pseudo-terminal");
    grantpt(&far).expect("grantpt");
    unlockpt(&far).expect("unlockpt");
    let near = PathBuf::from(OsStr::from_bytes(ptsname(&far, Vec::new()).expect("its name").as_bytes()));
    (far.into(), near)
}

impl Terminal {
    /// Reads until `text` is shown behind what was waited for before.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) -> &mut Self {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.shown[self.seen..].find(text) {
                self.seen += at + text.len();
                return self;
            }
            assert!(self.read(end), "`{text}` is not shown:\n{}", self.shown);
        }
    }

    /// Types keys; `\x03` is Ctrl-C.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        self.far.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it lives");
    }

    /// Waits until the program has ended: its code, and everything that was shown. The modes of the terminal must be what
    /// they were.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        let end = Instant::now() + PATIENCE;
        while self.read(end) {}
        let status = self.child.wait().expect("it ends");
        assert_eq!(status.signal(), None, "killed:\n{}", self.shown);
        let after = tcgetattr(&self.far).expect("the modes of a terminal");
        assert_eq!(modes(&after), modes(&self.before), "the modes of the terminal were changed");
        Ended { code: status.code(), shown: std::mem::take(&mut self.shown) }
    }

    /// Kills the program, and waits until it is gone: before that it has its locks.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("ours");
        self.child.wait().expect("ours");
    }

    /// Closes the far end, as a dropped connection does, and waits until the program has ended by itself.
    #[track_caller]
    pub(crate) fn hang_up(self, then: impl FnOnce()) -> Option<i32> {
        let Self { far, mut child, .. } = self;
        drop(far);
        // A child that another test is just starting may hold a copy for a moment: only when the kernel has taken the
        // terminal away was the signal sent.
        let end = Instant::now() + PATIENCE;
        while has_terminal(child.id()) {
            assert!(Instant::now() < end, "the terminal is still there");
            std::thread::yield_now();
        }
        then();
        child.wait().expect("it ends").code()
    }

    /// Reads some more; false at the end.
    fn read(&mut self, end: Instant) -> bool {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).expect("a short time");
        let ready = poll(&mut [PollFd::new(&self.far, PollFlags::IN)], Some(&timeout)).expect("poll");
        if ready == 0 {
            self.child.kill().expect("kill -9");
            panic!("nothing happens any more after:\n{}", self.shown);
        }
        let mut bytes = [0; 4096];
        match self.far.read(&mut bytes) {
            Ok(0) => false,
            Ok(count) => {
                // Escapes and marks may be cut anywhere; what tests look for is ASCII, or comes in one write.
                self.shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
                true
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            // Nobody has the near end open any more.
            Err(_) => false,
        }
    }
}

fn modes(termios: &Termios) -> String {
    format!("{:?} {:?}", termios, termios.special_codes)
}

/// What came of a program at a terminal.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) shown: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.shown);
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(self.shown.contains(text), "`{text}` is not shown:\n{}", self.shown);
        }
        self
    }

    /// The last lines as a person sees them: what was drawn over or erased is gone.
    pub(crate) fn screen(&self) -> Vec<String> {
        let without_colours = |line: &str| {
            let mut parts = line.split("\u{1b}[");
            let mut plain = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
            }
            plain
        };
        let lines = self.shown.split('\n').map(|line| {
            let line = line.trim_end_matches('\r');
            let last = line.rsplit('\r').next().unwrap_or_default();
            // `ESC [ K` erases what stands behind it, which is nothing in a line that is read from its last start.
            without_colours(&last.replace("\u{1b}[K", ""))
        });
        lines.collect()
    }
}
