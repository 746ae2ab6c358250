//! The courier: the process that has one command run on a host, and brings back what came of it.

use std::io;
use std::os::fd::AsFd as _;
use std::process::ExitCode;
use std::time::Duration;

use runbook_model::answer::{ExitStatus, Process};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep, sleep_until};

use super::ahead::{self, Ahead};
use super::contact::{Contact, Heard, Request};
use super::delivery::Delivery;
use super::fragment::fragment;
use super::stop::{Halted, Stopper, note};
use super::task::{Task, Verdict, Work};
use super::words::{in_a_line, never_got_in};

/// How long the far half may take to speak when it is only asked.
const FIRST_WORD: Duration = Duration::from_secs(20);

/// How long the end of a command that was stopped may take to come.
const LAST_WORD: Duration = Duration::from_secs(5);

const PAUSE: Duration = Duration::from_millis(500);

/// Acts as a courier: reads a [`Task`] from standard input, prints what the command prints, and writes its [`Verdict`].
///
/// The exit code is for people who look: that of the command where there is one, 255 otherwise.
#[must_use]
pub fn serve() -> ExitCode {
    // It was started as `/proc/self/exe`, and would stand as `exe` in `ps`.
    rustix::thread::set_name(c"runbook-courier").unwrap_or(());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let carried = runtime.and_then(|runtime| runtime.block_on(carry()));
    let (task, verdict) = match carried {
        Ok(Some(carried)) => carried,
        Ok(None) => return ExitCode::SUCCESS,
        Err(_) => return ExitCode::from(255),
    };
    // Without the file, whoever waits for it asks the host.
    match (verdict.write(&task.verdict), verdict) {
        (Ok(()), Verdict::Ended { status: ExitStatus::Code(code), .. }) => ExitCode::from(u8::try_from(code).unwrap_or(255)),
        (Ok(()), Verdict::Ended { status: ExitStatus::Signal(signal), .. }) => {
            ExitCode::from(u8::try_from(128 + signal).unwrap_or(255))
        }
        _ => ExitCode::from(255),
    }
}

/// Does what it is told; `None` when there was nothing to do, or nobody waits for it any more.
async fn carry() -> io::Result<Option<(Task, Verdict)>> {
    // First, so that a stop is heard from the beginning.
    let mut stop = signal(SignalKind::terminate())?;
    let Some((task, ahead)) = ahead::read(io::stdin().as_fd().try_clone_to_owned()?, &mut stop).await? else { return Ok(None) };
    let mut courier = Courier {
        task: &task,
        stopper: Stopper::new(stop, &task),
        delivery: Delivery::default(),
        begun: false,
        ended: [false; 2],
        end: None,
        left_running: Vec::new(),
        never: None,
    };
    let verdict = match &task.work {
        Work::Run { .. } => Some(courier.carry(ahead).await),
        Work::Ask => {
            let mut left_alone = signal(SignalKind::hangup())?;
            tokio::select! {
                verdict = courier.carry(ahead) => Some(verdict),
                // Whoever asked is gone. That is no word about the command: it goes on, and the next one asks again.
                _ = left_alone.recv() => None,
            }
        }
    };
    drop(courier);
    Ok(verdict.map(|verdict| (task, verdict)))
}

struct Courier<'a> {
    task: &'a Task,
    stopper: Stopper,
    delivery: Delivery,
    /// The far half has said that the command begins.
    begun: bool,
    /// Which of the two streams have come to their end.
    ended: [bool; 2],
    end: Option<String>,
    /// Who lives on behind it.
    left_running: Vec<Process>,
    /// Why it was not begun, when the first session broke.
    never: Option<String>,
}

/// How a session came to its end.
enum Turn {
    Verdict(Verdict),
    /// The command was to be begun before: the host has to be asked.
    Ask,
    Broken {
        words: String,
        in_touch: bool,
    },
}

impl Courier<'_> {
    async fn carry(&mut self, mut ahead: Option<Ahead>) -> Verdict {
        let mut asking = matches!(self.task.work, Work::Ask);
        let (mut direct, mut lost_at) = (false, Instant::now());
        loop {
            let log = self.task.verdict.with_extension("ssh");
            let was_ahead = ahead.is_some();
            let opened = Contact::open(&self.task.link, direct, ahead.take(), &self.request(asking), &log).await;
            let turn = match opened {
                Ok(contact) => self.follow(contact, asking).await,
                Err(error) if !asking => {
                    return Verdict::NotStarted { message: format!("`{}` could not be started: {error}", self.task.link.ssh) };
                }
                Err(error) => Turn::Broken { words: error.to_string(), in_touch: false },
            };
            let (words, in_touch) = match turn {
                Turn::Verdict(verdict) => return verdict,
                Turn::Ask => {
                    asking = true;
                    continue;
                }
                Turn::Broken { words, in_touch } => (words, in_touch),
            };
            if was_ahead && !asking && !in_touch && !self.begun && !self.stopper.is_called() {
                // It was lost while it waited, and that was not known here yet. Should it have heard all the same, the host begins
                // the command once, and has the other one ask.
                continue;
            }
            if !asking && !self.begun && never_got_in(&words) {
                return Verdict::NotStarted { message: self.task.link.unreachable(&words) };
            }
            if in_touch || !asking {
                lost_at = Instant::now();
                let (line, reconnect) = (in_a_line(&words), self.task.reconnect);
                self.never.get_or_insert_with(|| line.clone());
                self.delivery.remark(&format!(
                    "lost the connection to `{}`: {line}; it is asked again for {reconnect}",
                    self.task.link.host
                ));
            }
            if lost_at.elapsed() >= self.task.reconnect.into() {
                return Verdict::Lost { known: self.given_up(&words) };
            }
            (asking, direct) = (true, true);
            tokio::select! {
                () = sleep(PAUSE) => {}
                halted = self.stopper.halted() => {
                    if let Some(verdict) = self.after(halted) {
                        return verdict;
                    }
                }
            }
        }
    }

    fn request(&self, asking: bool) -> Request<'_> {
        let Task { run, key, forget, .. } = self.task;
        let details = |details: String| [details].into_iter().chain(forget.iter().cloned()).collect::<Vec<_>>().join(" ");
        match &self.task.work {
            Work::Run { invocation, only_looks } if !asking => {
                let input = invocation.stdin.as_deref();
                let size = input.map_or_else(|| "-".to_owned(), |input| input.len().to_string());
                let kept = u8::from(!only_looks);
                // The third word is for `ask` alone; it keeps the place of the list.
                let details = details(format!("{kept} {size} -"));
                Request { verb: "run", run, key, details, command: Some((fragment(invocation), input)) }
            }
            Work::Run { .. } | Work::Ask => {
                let claim = u8::from(!self.begun);
                let [out, err] = self.delivery.sent.map(|sent| sent + 1);
                Request { verb: "ask", run, key, details: format!("{claim} {out} {err}"), command: None }
            }
        }
    }

    async fn follow(&mut self, mut contact: Contact, asking: bool) -> Turn {
        let mut in_touch = false;
        let mut deadline = asking.then(|| Instant::now() + FIRST_WORD);
        let turn = loop {
            tokio::select! {
                heard = contact.next() => {
                    if let Heard::Over { words } = heard {
                        break Turn::Broken { words, in_touch };
                    }
                    if !in_touch {
                        in_touch = true;
                        deadline = None;
                    }
                    if let Some(turn) = self.hear(heard, asking).await {
                        break turn;
                    }
                }
                halted = self.stopper.halted() => {
                    if let Some(verdict) = self.after(halted) {
                        break Turn::Verdict(verdict);
                    }
                    deadline = Some(Instant::now() + LAST_WORD);
                }
                () = reached(deadline) => {
                    break Turn::Broken { words: "it did not answer in time".to_owned(), in_touch: false };
                }
            }
        };
        contact.finish().await;
        turn
    }

    async fn hear(&mut self, heard: Heard, asking: bool) -> Option<Turn> {
        let host = &self.task.link.host;
        let (stderr, word, rest) = match heard {
            Heard::Data { stderr, bytes } => {
                self.delivery.pass(stderr, &bytes);
                return None;
            }
            Heard::Said { stderr, word, rest } => (stderr, word, rest),
            Heard::Over { .. } => return None,
        };
        let not_started = |message: String| Some(Turn::Verdict(Verdict::NotStarted { message }));
        let lost = |known: String| Some(Turn::Verdict(Verdict::Lost { known }));
        match word.as_str() {
            "data" => {
                if asking && !stderr && self.begun {
                    let whole = if self.delivery.is_whole() { "" } else { "; some of what it printed meanwhile is missing here" };
                    self.delivery.remark(&format!("`{host}` answers again{whole}"));
                }
                self.begun = true;
                None
            }
            "left" => {
                note(&rest, &mut self.left_running);
                None
            }
            "ended" => {
                self.ended[usize::from(stderr)] = true;
                self.end.get_or_insert(rest);
                if self.ended == [true; 2] { self.concluded().await.map(Turn::Verdict) } else { None }
            }
            "refused" => not_started(self.refused(&rest)),
            "again" => Some(Turn::Ask),
            "never" => {
                let why = self.never.take().map_or_else(String::new, |words| format!(": {words}"));
                not_started(format!("the connection to `{host}` was lost before it was begun there, and it will not be{why}"))
            }
            "missing" => lost(format!("it was begun on `{host}`, and its traces there are gone")),
            "rebooted" => lost(format!("`{host}` was restarted since it was begun there{}", process(&rest))),
            "gone" => lost(format!(
                "it was begun on `{host}`{}, does not live there any more, and left no word of how it ended",
                process(&rest)
            )),
            _ => None,
        }
    }

    /// Both streams have come to their end. Whoever stops it in this moment is waited for, because the receipt says what else
    /// was stopped.
    async fn concluded(&mut self) -> Option<Verdict> {
        let end = self.end.as_deref().unwrap_or_default();
        let Ok(number) = end.parse::<i32>() else {
            return Some(Verdict::Lost { known: format!("`{}` says about its end: {end}", self.task.link.host) });
        };
        if self.stopper.is_at_work() {
            self.stopper.halted().await;
        }
        let (receipt, left_running) = (self.stopper.receipt.take(), std::mem::take(&mut self.left_running));
        Some(Verdict::Ended { status: status(number), receipt, left_running })
    }

    fn after(&self, halted: Halted) -> Option<Verdict> {
        match halted {
            Halted::Stopped(_) | Halted::Over => None,
            Halted::Never => Some(Verdict::NotStarted { message: "it was stopped before it was begun".to_owned() }),
            Halted::Unclear(known) => Some(Verdict::Lost { known }),
        }
    }

    fn given_up(&self, words: &str) -> String {
        let Task { link, reconnect, .. } = self.task;
        let begun = if self.begun { "it was begun on" } else { "whether it was begun is not known on" };
        format!("{begun} `{}`, which cannot be reached since {reconnect}: {}", link.host, in_a_line(words))
    }

    /// Why the far half did not begin it.
    fn refused(&self, why: &str) -> String {
        let host = &self.task.link.host;
        let invocation = match &self.task.work {
            Work::Run { invocation, .. } => Some(invocation),
            Work::Ask => None,
        };
        match why.split_once(' ').unwrap_or((why, "")) {
            ("program", path) => match invocation.and_then(|invocation| invocation.argv.first()) {
                Some(program) if program.contains('/') => format!("`{host}` has no executable file of this path"),
                _ => format!("it is in none of the directories of PATH on `{host}` ({path})"),
            },
            ("cwd", _) => {
                let cwd = invocation.and_then(|invocation| invocation.cwd.as_deref()).unwrap_or_default();
                format!("its working directory `{cwd}` does not exist on `{host}`")
            }
            ("setsid", _) => format!("`{host}` has no `setsid` (util-linux, busybox): what runs there could not be stopped"),
            ("tee", _) => format!("`{host}` has no `tee`: what is printed there could not be kept"),
            ("place", path) => format!("`{path}` on `{host}` is not a directory of ours that can be written to"),
            _ => format!("the shell of `{host}` could not start it"),
        }
    }
}

fn process(pid: &str) -> String {
    if pid.is_empty() { String::new() } else { format!(" as process {pid}") }
}

/// A shell says 128 + n for signal n. A program can end with such a code by itself; the more careful reading is taken.
fn status(number: i32) -> ExitStatus {
    match number - 128 {
        signal @ 1..=64 => ExitStatus::Signal(signal),
        _ => ExitStatus::Code(number),
    }
}

async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_never_taken_for_a_code() {
        assert_eq!(status(0), ExitStatus::Code(0));
        assert_eq!(status(255), ExitStatus::Code(255));
        assert_eq!(status(137), ExitStatus::Signal(9));
        assert_eq!(status(128), ExitStatus::Code(128));
    }
}
