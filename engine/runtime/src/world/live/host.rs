//! Programs on other hosts: given to a courier, which the keeper owns like any other program.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use runbook_model::answer::{ExitStatus, Exited};
use runbook_model::change::Invocation;
use runbook_model::excerpt::Excerpt;
use runbook_model::failure::Failure;
use runbook_model::manner::Manner;

use super::Site;
use super::connections::Connections;
use super::keepsakes::{Keepsakes, name};
use super::processes::{Job, Key, Processes, RunEnd, RunFound, Unwritten, Window};
use crate::hosts::{Link, NoLink, SshSettings, Task, Verdict, Work, is_variable, written};
use crate::secret::known;
use crate::world::Limits;

/// How long a courier may take beyond the grace of its command, before the keeper ends it.
const BEYOND: Duration = Duration::from_secs(25);

/// What a run needs for commands on hosts.
#[derive(Debug, Clone)]
pub struct Couriers {
    /// The program that becomes a courier, with its arguments.
    pub program: Vec<String>,
    /// A directory of the run for what couriers write; made when it is needed.
    pub dir: PathBuf,
    /// How `ssh` is called.
    pub ssh: SshSettings,
}

impl Couriers {
    /// Makes the directory. It is on the disk of the run, which is written to before each step by whoever calls this.
    fn make_room(&self) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).recursive(true).create(&self.dir)
    }
}

/// The hosts of one run.
pub(super) struct Hosts {
    couriers: Option<Couriers>,
    connections: Connections,
    keepsakes: RefCell<Keepsakes>,
    /// Who was sent a courier before, and so is likely to be sent another.
    known: RefCell<BTreeSet<String>>,
    run: String,
}

impl Hosts {
    pub(super) fn new(site: &Site) -> Self {
        let sign = site.couriers.as_ref().map(|couriers| couriers.dir.join("sockets")).unwrap_or_default();
        Self {
            couriers: site.couriers.clone(),
            connections: Connections::new(sign),
            keepsakes: RefCell::default(),
            known: RefCell::default(),
            run: site.run.to_string(),
        }
    }

    /// Looks at what would keep a command from being run on its host; connects.
    pub(super) async fn prepare(&self, site: &Site, host: &str, invocation: &Invocation) -> Result<Invocation, Failure> {
        let program = invocation.argv.first().cloned().unwrap_or_default();
        let refuse = |message: String| Failure::NotStarted { program: program.clone(), message };
        if program.is_empty() {
            return Err(refuse("the command has no program: `run` needs at least one word".to_owned()));
        }
        let texts = invocation.argv.iter().chain(&invocation.cwd).chain(invocation.env.values());
        if texts.into_iter().any(|text| text.contains('\0')) {
            return Err(refuse("an argument, a variable or the directory holds a NUL character".to_owned()));
        }
        if let Some(name) = invocation.env.keys().find(|name| !is_variable(name)) {
            let name = name.escape_debug();
            return Err(refuse(format!("a shell cannot set a variable `{name}`: use letters, digits and `_`")));
        }
        // What a rehearsal does not know yet cannot be looked for.
        // Where nothing can be written nobody is reached either: the attempt will say so, and that is no failure of the host.
        if !host.contains('‹') && self.couriers.as_ref().is_none_or(|couriers| couriers.make_room().is_ok()) {
            self.reach(site, host).await.map_err(|no| refuse(no.message))?;
        }
        Ok(invocation.clone())
    }

    /// Runs a command on a host to its end.
    pub(super) async fn run(
        &self,
        site: &Site,
        processes: &dyn Processes,
        at: At<'_>,
        limits: Limits,
        progress: &dyn Fn(bool, &[u8]),
    ) -> RunEnd {
        let work = Work::Run { invocation: Box::new(at.invocation.clone()), only_looks: at.only_looks };
        if !at.only_looks {
            self.keepsakes.borrow_mut().begun(at.key, at.host);
        }
        let end = match self.send(site, processes, &at, at.key, work, limits.clone(), progress).await {
            // One that says it is lost has asked for as long as it may.
            Ok((Some(verdict), end)) => return told(verdict, end),
            Ok((None, end)) => end,
            Err(no) => return RunEnd::NotStarted { message: no.message },
        };
        match end {
            RunEnd::NotStarted { .. } | RunEnd::Unwritten(_) => return end,
            // How the courier ended says nothing about what it went for.
            end if at.only_looks => return RunEnd::Lost { known: lost(end) },
            _ => {}
        }
        // The courier is gone without a word: the host knows more.
        match self.ask(site, processes, &at, limits, progress).await {
            RunFound::Ended(end) => end,
            RunFound::NeverBegun { evidence } => RunEnd::NotStarted { message: evidence },
            RunFound::InDoubt { known } | RunFound::Unasked { why: known, .. } => {
                RunEnd::Lost { known: format!("{}; {known}", lost(end)) }
            }
        }
    }

    /// Finds out what became of a command that an earlier process of the engine meant to run on a host.
    pub(super) async fn recover(
        &self,
        site: &Site,
        processes: &dyn Processes,
        at: At<'_>,
        boot: &str,
        limits: Limits,
        progress: &dyn Fn(bool, &[u8]),
    ) -> RunFound {
        self.keepsakes.borrow_mut().begun(at.key, at.host);
        match processes.recover(at.key, boot, limits.clone(), progress).await {
            RunFound::Ended(end) => {
                let verdict = self.couriers.as_ref().and_then(|couriers| Verdict::read(&verdict(couriers, at.key)));
                match verdict.map(|verdict| told(verdict, end)) {
                    Some(RunEnd::Lost { .. }) | None => self.ask(site, processes, &at, limits, progress).await,
                    Some(end) => RunFound::Ended(end),
                }
            }
            // That there never was a courier is certain, and then nothing can have reached the host.
            RunFound::NeverBegun { evidence } => RunFound::NeverBegun { evidence },
            RunFound::InDoubt { .. } => self.ask(site, processes, &at, limits, progress).await,
            unasked @ RunFound::Unasked { .. } => unasked,
        }
    }

    /// Asks the host what became of a command.
    async fn ask(
        &self,
        site: &Site,
        processes: &dyn Processes,
        at: &At<'_>,
        limits: Limits,
        progress: &dyn Fn(bool, &[u8]),
    ) -> RunFound {
        let asked = self.send(site, processes, at, Key::fresh(), Work::Ask, limits, progress).await;
        match asked {
            Ok((Some(Verdict::NotStarted { message }), _)) => RunFound::NeverBegun { evidence: message },
            Ok((Some(Verdict::Lost { known }), _)) => RunFound::InDoubt { known },
            Ok((Some(verdict), end)) => RunFound::Ended(told(verdict, end)),
            Ok((None, end)) => RunFound::InDoubt { known: format!("`{}` could not be asked: {}", at.host, lost(end)) },
            Err(no) => RunFound::InDoubt { known: format!("whether it was begun is not known: {}", no.message) },
        }
    }

    /// Sends a courier, under the key `courier`, for the attempt of `at`.
    #[expect(clippy::too_many_arguments, reason = "each is another thing, and there are two callers")]
    async fn send(
        &self,
        site: &Site,
        processes: &dyn Processes,
        at: &At<'_>,
        courier: Key,
        work: Work,
        limits: Limits,
        progress: &dyn Fn(bool, &[u8]),
    ) -> Result<(Option<Verdict>, RunEnd), NoLink> {
        let couriers = self.couriers()?;
        if let Err(error) = couriers.make_room() {
            // A courier that could not write down what it saw is not sent.
            return Ok((None, RunEnd::Unwritten(Unwritten::of(&couriers.dir, &error))));
        }
        let link = self.reach(site, at.host).await?;
        let file = verdict(couriers, courier);
        let asks = matches!(work, Work::Ask);
        let forget = if asks { Vec::new() } else { self.keepsakes.borrow_mut().enough(at.host) };
        let task = Task {
            link,
            run: self.run.clone(),
            key: name(at.key),
            work,
            forget: forget.clone(),
            grace: site.grace,
            reconnect: couriers.ssh.reconnect,
            verdict: file.clone(),
        };
        let (stdin, first) = written(&task).map_err(|error| NoLink { message: error.to_string() })?;
        let beginning = stdin.get(..first).unwrap_or_default().to_owned();
        let is_known = !asks && !self.known.borrow_mut().insert(at.host.to_owned());
        let only_looks = asks || at.only_looks;
        let job = Job {
            argv: couriers.program.clone(),
            // `ssh` is the user's own, and gets what it would get by hand.
            env: site
                .env
                .iter()
                .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value.to_str()?.to_owned())))
                .collect(),
            cwd: site.root.clone(),
            stdin: Some(stdin),
            grace: (Duration::from(site.grace) + BEYOND).into(),
            // The rest of the manner is about a process here, and is refused for one elsewhere.
            manner: Manner { output: at.invocation.manner.output, ..Manner::default() },
            window: Window::default(),
            env_files: BTreeMap::new(),
            redact: known::all(),
            only_looks,
            only_asks: asks,
            ahead: is_known.then_some(beginning),
        };
        let end = processes.run(courier, job, limits, progress).await;
        let verdict = Verdict::read(&file);
        if let RunEnd::Exited(exited) | RunEnd::TimedOut { exited, .. } | RunEnd::Stopped { exited, .. } = &end {
            self.keepsakes.borrow_mut().printed(at.key, exited.stdout.size + exited.stderr.size);
        }
        if !matches!(verdict, Some(Verdict::Ended { .. })) {
            self.keepsakes.borrow_mut().untold(at.host, forget);
        }
        if matches!(verdict, None | Some(Verdict::Lost { .. })) {
            self.connections.forget(at.host);
        }
        if only_looks {
            fs::remove_file(&file).unwrap_or(()); // it is read
        }
        Ok((verdict, end))
    }

    /// The end of an attempt is in the journal: its host may forget it.
    pub(super) fn recorded(&self, key: Key) {
        self.keepsakes.borrow_mut().recorded(key);
    }

    fn couriers(&self) -> Result<&Couriers, NoLink> {
        self.couriers
            .as_ref()
            .ok_or_else(|| NoLink { message: "this engine has no couriers: it reaches no other host".to_owned() })
    }

    async fn reach(&self, site: &Site, host: &str) -> Result<Link, NoLink> {
        let couriers = self.couriers()?;
        self.connections.reach(site, &couriers.ssh, host).await
    }
}

impl Drop for Hosts {
    /// What the hosts kept of attempts whose ends are in the journal is of no use any more, nor is the place of the run on one
    /// where it only looked.
    fn drop(&mut self) {
        self.connections.settle();
        let sent = self.known.borrow();
        let links = sent.iter().filter_map(|host| self.connections.reached(host));
        let hosts: Vec<_> = links.map(|link| (link.clone(), self.keepsakes.borrow_mut().rest(&link.host))).collect();
        crate::hosts::forget(&self.run, &hosts);
    }
}

/// One command on one host.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) host: &'a str,
    pub(super) key: Key,
    pub(super) invocation: &'a Invocation,
    pub(super) only_looks: bool,
}

fn verdict(couriers: &Couriers, key: Key) -> PathBuf {
    couriers.dir.join(format!("{}.json", name(key)))
}

/// The end of the courier, told as that of the command: what was printed is the command's, the rest is in the verdict.
fn told(verdict: Verdict, end: RunEnd) -> RunEnd {
    let (status, receipt, mut left_running) = match verdict {
        Verdict::Ended { status, receipt, left_running } => (status, receipt, left_running),
        Verdict::NotStarted { message } => return RunEnd::NotStarted { message },
        Verdict::Lost { known } => return RunEnd::Lost { known },
    };
    // One that was stopped has left those behind who survived.
    let receipt = receipt.map(|mut receipt| {
        left_running.retain(|process| !receipt.survived.iter().any(|survivor| survivor.pid == process.pid));
        receipt.survived.append(&mut left_running);
        receipt
    });
    // Processes that the courier leaves behind are of `ssh`; those of the command are on the host.
    let of = |exited: Exited| Exited { status, left_running: left_running.clone(), ..exited };
    match (end, receipt) {
        (RunEnd::TimedOut { after, exited, .. }, Some(receipt)) => RunEnd::TimedOut { after, receipt, exited: of(exited) },
        (RunEnd::Stopped { exited, .. }, Some(receipt)) => RunEnd::Stopped { receipt, exited: of(exited) },
        // Without a receipt it had ended by itself when it was to be stopped.
        (RunEnd::Exited(exited) | RunEnd::TimedOut { exited, .. } | RunEnd::Stopped { exited, .. }, _) => {
            RunEnd::Exited(of(exited))
        }
        // Nobody heard what it printed, but how it ended is known.
        (RunEnd::NotStarted { .. } | RunEnd::Unwritten(_) | RunEnd::Lost { .. }, _) => RunEnd::Exited(Exited {
            status,
            stdout: Excerpt::of(b""),
            stderr: Excerpt::of(b""),
            millis: 0,
            left_running,
            unkept: Vec::new(),
        }),
    }
}

/// What the end of a courier without a verdict says.
fn lost(end: RunEnd) -> String {
    match end {
        RunEnd::Lost { known } => known,
        RunEnd::NotStarted { message } => message,
        RunEnd::Unwritten(unwritten) => unwritten.to_string(),
        RunEnd::Exited(Exited { status: ExitStatus::Signal(signal), .. }) => {
            format!("the courier was killed by {}", runbook_model::failure::signal_name(signal))
        }
        RunEnd::Exited(_) => "the courier left no word".to_owned(),
        RunEnd::TimedOut { .. } | RunEnd::Stopped { .. } => "the courier was stopped, and left no word".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::world::live::processes::plain::PlainProcesses;

    /// Where nothing can be written no courier is sent: that is neither a failure of the command nor of its host.
    #[tokio::test]
    async fn without_room_for_its_word_no_courier_is_sent() {
        let place = tempfile::tempdir().unwrap();
        let full = place.path().join("full");
        fs::write(&full, "").unwrap();
        let mut site = Site::new("01J0000000000000000000000A".parse().unwrap(), place.path());
        let program = vec!["/bin/touch".to_owned(), place.path().join("sent").display().to_string()];
        site.couriers = Some(Couriers { program, dir: full.join("hosts"), ssh: SshSettings::default() });
        let invocation = Invocation { argv: vec!["true".to_owned()], ..Invocation::default() };
        for only_looks in [false, true] {
            let at = At { host: "web", key: Key::fresh(), invocation: &invocation, only_looks };
            let limits = Limits { timeout: None, stop: watch::channel(false).1 };
            let hosts = Hosts::new(&site);
            assert_eq!(hosts.prepare(&site, "web", &invocation).await.unwrap(), invocation, "nobody is asked for the way there");
            let end = hosts.run(&site, &PlainProcesses, at, limits, &|_, _| {}).await;
            let RunEnd::Unwritten(unwritten) = end else { panic!("{end:?}") };
            assert_eq!(unwritten.place, full.join("hosts"));
        }
        assert!(!place.path().join("sent").exists());
    }
}
