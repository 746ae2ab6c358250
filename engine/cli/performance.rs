//! A session in this process: the reporters, the person, the signals, the world, and the end.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::Path;
use std::rc::Rc;

use runbook_model::change::quoted;
use runbook_model::entry::{Entry, Record};
use runbook_model::estimate::Estimate;
use runbook_model::id::RunId;
use runbook_model::path::StepPath;
use runbook_model::person::{From, Person};
use runbook_model::status::RunStatus;
use runbook_runtime::anchor::{Anchor, Remote};
use runbook_runtime::audit::Archivist;
use runbook_runtime::confinement::{self, Confinement};
use runbook_runtime::dispatcher::{Finished, Halt, Interrupts, NoLock, Opening, Refused, Sealing};
use runbook_runtime::hosts::SshSettings;
use runbook_runtime::journal::{CreateError, OpenError, ReadError, RunDir, StateDir};
use runbook_runtime::report::{Progress, Reporter};
use runbook_runtime::script::Program;
use runbook_runtime::signing::Signing;
use runbook_runtime::world::live::processes::Kept;
use runbook_runtime::world::live::{Couriers, Site};
use runbook_runtime::world::{Choice, Chosen, DryRunWorld, Lent, LiveWorld, People, Question, Reaction, Task, World};

use crate::anchoring;
use crate::commands::{confined, courier, keeper, seal};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output;
use crate::output::reporters::{self, Teller, Telling};
use crate::people::AtTerminal;
use crate::signals;
use crate::workplace::{Workplace, boot};

/// How a session is performed.
pub struct Performance<'a> {
    /// Where.
    pub workplace: &'a Workplace<'a>,
    /// On which run.
    pub dir: RunDir,
    /// By whom.
    pub operator: Operator,
    /// Who started the run, for confirms that want somebody else.
    pub runner: Person,
    /// The audit trail.
    pub archivist: Option<Archivist>,
    /// What the operator signs with.
    pub signing: Signing,
    /// What pushes the run.
    pub anchor: Option<Anchor>,
    /// From which machine the run was taken without its consent, and why.
    pub taken_over: Option<String>,
    /// Whether changes are withheld.
    pub dry_run: bool,
    /// Whether yes-or-no confirms are answered with yes.
    pub yes: bool,
    /// Whether output of steps that succeed is shown.
    pub verbose: bool,
    /// What happened in earlier sessions.
    pub before: Vec<Record>,
    /// How the sources that are adopted differ from the ones before, as a unified diff.
    pub edit: String,
    /// How long each step took before.
    pub likely: BTreeMap<StepPath, Estimate>,
}

impl<'a> Performance<'a> {
    /// A session on a run that there is already.
    ///
    /// # Errors
    /// Its journal cannot be read, or is not the one that the audit trail remembers.
    pub fn of_run(workplace: &'a Workplace<'a>, state: &StateDir, run: RunId, operator: Operator) -> Result<Self, Failure> {
        Self::taking_over(workplace, state, run, operator, None)
    }

    /// The same of a run that another machine may have: it is taken over when somebody says how they know that it is dead.
    ///
    /// # Errors
    /// As [`Performance::of_run`].
    pub fn taking_over(
        workplace: &'a Workplace<'a>,
        state: &StateDir,
        run: RunId,
        operator: Operator,
        take_over: Option<&str>,
    ) -> Result<Self, Failure> {
        let dir = state.run(run);
        if let Some(held) = dir.held().map_err(|error| Failure::usage(error.to_string()))? {
            return Err(Failure::new(ExitCode::Refused, held.to_string()));
        }
        let remote = workplace.remote(state, Some(&dir));
        if let Some(remote) = remote.as_ref().filter(|_| state.audit().exists()) {
            workplace.claim(state, run, remote, take_over)?;
        }
        let (reading, folded) = workplace.journal(&dir)?;
        let taken_over = anchoring::taken_over(&dir, &reading.records);
        let signing = workplace.signing(folded.started().env.as_deref())?;
        let remote = remote.filter(|_| folded.started().unsealed.is_none());
        let anchor = start(remote.as_ref(), run, &operator)?;
        let archivist = match folded.started().unsealed {
            Some(_) => None,
            None => Some(workplace.archive(state, &operator, Some(&dir), &signing, anchor.as_ref().map(Anchor::nudge))?),
        };
        let runner = folded.session_operator().unwrap_or_else(|| operator.person.clone());
        let before = reading.records;
        let operator = operator.in_groups(&folded.started().groups);
        Ok(Self {
            workplace,
            dir,
            operator,
            runner,
            archivist,
            signing,
            anchor,
            taken_over,
            dry_run: false,
            yes: false,
            verbose: false,
            before,
            edit: String::new(),
            likely: BTreeMap::new(),
        })
    }

    /// How a program differs from the sources that the run has now.
    ///
    /// # Errors
    /// Those sources are not what the journal says.
    pub fn edit(&self, program: &Program) -> Result<String, Failure> {
        let damaged = |error: &dyn std::fmt::Display| Failure::new(ExitCode::Damaged, error.to_string());
        let latest = self.before.iter().rev().find_map(|record| match &record.entry {
            Entry::RunStarted(started) => Some(&started.sources),
            Entry::Adopted { sources, .. } => Some(sources),
            _ => None,
        });
        let mut old = BTreeMap::new();
        for source in latest.into_iter().flatten() {
            old.insert(source.name.clone(), self.dir.pinned(source).map_err(|error| damaged(&error))?);
        }
        let new: BTreeMap<_, _> = program.sources().into_iter().collect();
        let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        let diff = |name: &&String| {
            let text = |texts: &BTreeMap<String, String>| texts.get(*name).cloned().unwrap_or_default();
            let (old, new) = (text(&old), text(&new));
            let diff = similar::TextDiff::from_lines(&old, &new);
            diff.unified_diff().header(&format!("{name} (pinned)"), &format!("{name} (edited)")).to_string()
        };
        Ok(names.iter().map(diff).collect())
    }

    /// The file of the runbook that the run is of.
    #[must_use]
    pub fn entry(&self) -> String {
        match self.before.first().map(|record| &record.entry) {
            Some(Entry::RunStarted(started)) => started.sources.first().map(|source| source.name.clone()).unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// The environment that the run was started in.
    #[must_use]
    pub fn env(&self) -> Option<String> {
        match self.before.first().map(|record| &record.entry) {
            Some(Entry::RunStarted(started)) => started.env.clone(),
            _ => None,
        }
    }

    /// Performs a session, and says how the program ends.
    ///
    /// # Errors
    /// The session could not begin; nothing was run.
    pub fn perform<F>(self, session: impl FnOnce(Opening) -> F) -> Result<ExitCode, Failure>
    where
        F: Future<Output = Result<Finished, Refused>>,
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(ExitCode::Refused, format!("the engine cannot start: {error}")))?;
        let local = tokio::task::LocalSet::new();
        let exit = local.block_on(&runtime, self.performed(session));
        // A look that hangs in the kernel (a dead network file system) must not keep the program from ending.
        runtime.shutdown_background();
        exit
    }

    async fn performed<F>(mut self, session: impl FnOnce(Opening) -> F) -> Result<ExitCode, Failure>
    where
        F: Future<Output = Result<Finished, Refused>>,
    {
        let trail_shown = self.trail();
        let trail = self.archivist.is_some().then(|| trail_shown.clone());
        let trail = trail.map(|trail| if self.signing.signer.is_some() { trail } else { format!("{trail}  (unsigned)") });
        let mut teller = reporters::choose(
            self.workplace.globals.output,
            self.workplace.screen(),
            Telling {
                verbose: self.verbose,
                trail,
                flags: self.workplace.globals.flags(),
                likely: self.likely.clone(),
                ..Telling::default()
            },
        );
        teller.catch_up(&self.before);
        // Read again under the lock: nobody needs what was read before it any more.
        self.before = Vec::new();
        let view = View(Rc::new(RefCell::new(teller)));
        let interrupts = Interrupts::default();
        signals::listen(&interrupts, &view, self.dir.run())?;
        let world = self.world(&view);
        let opening = Opening {
            dir: self.dir.clone(),
            operator: self.operator.person.clone(),
            boot: boot()?,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            world,
            reporters: vec![Box::new(view.clone())],
            archivist: self.archivist,
            interrupts,
            signing: self.signing,
            fence: self.anchor.as_ref().map(Anchor::fence).unwrap_or_default(),
            taken_over: self.taken_over,
            brought: anchoring::brought(&self.dir),
        };
        let finished = session(opening).await;
        // A journal that was lost is no run that somebody may go on with unasked.
        let held = matches!(&finished, Ok(Finished { halt: Some(Halt::Lost(_) | Halt::Illegal(_) | Halt::Fenced(_)), .. }));
        let anchored = self.anchor.map(|anchor| anchor.finish(held));
        let finished = match finished {
            Ok(finished) => finished,
            Err(Refused::Final { run, status, verb }) => return already(self.workplace, &self.dir, run, &status, verb),
            Err(other) => return Err(refused(other, &trail_shown)),
        };
        if self.dry_run {
            // What checks have put aside, and the directory of all such when it was the last. Left behind, it harms nobody.
            let scratch = self.dir.scratch();
            std::fs::remove_dir_all(&scratch).ok();
            scratch.parent().map(std::fs::remove_dir);
        }
        let exit = ended(self.workplace, &finished, &self.edit);
        Ok(anchored.map_or(exit, |anchored| anchoring::told(&anchored, exit, self.workplace)))
    }

    fn world(&self, view: &View) -> Rc<dyn World> {
        let mut site = Site::new(self.dir.run(), &self.workplace.root());
        let unconfined = if self.dry_run { self.confine(&mut site).err() } else { None };
        site.extra_env.clone_from(&self.workplace.place.configuration.pass_env.value);
        site.couriers = Some(self.couriers());
        let at_terminal = self.operator.person.from == From::Terminal;
        let palette = self.workplace.screen().palette;
        let people = Present {
            yes: self.yes.then(|| runbook_runtime::world::Agreeing::new("--yes")),
            terminal: at_terminal.then(|| AtTerminal::new(self.operator.clone(), self.runner.clone(), palette)),
        };
        let sink = view.clone();
        let processes = Kept::new(Path::new("/proc/self/exe"), &[keeper::VERB], &self.dir.keeper());
        let live = LiveWorld::new(site, Box::new(processes), Box::new(people))
            .with_sink(Box::new(move |progress| sink.0.borrow_mut().progress(&progress)));
        if self.dry_run {
            return Rc::new(DryRunWorld::new(live, unconfined));
        }
        Rc::new(live)
    }

    /// Keeps the programs of checks from writing.
    fn confine(&self, site: &mut Site) -> Result<(), String> {
        if !self.workplace.place.configuration.confine.value {
            return Err("the configuration says `confine = false`".to_owned());
        }
        confinement::supported().map_err(|not| not.to_string())?;
        let scratch = self.dir.scratch();
        std::fs::create_dir_all(&scratch).map_err(|error| format!("`{}`: {error}", scratch.display()))?;
        let wrapper = vec!["/proc/self/exe".to_owned(), confined::VERB.to_owned()];
        site.confinement = Some(Confinement { wrapper, scratch });
        Ok(())
    }

    fn couriers(&self) -> Couriers {
        let configuration = &self.workplace.place.configuration;
        let usual = SshSettings::default();
        Couriers {
            program: ["/proc/self/exe", courier::VERB].map(str::to_owned).to_vec(),
            dir: self.dir.hosts(),
            ssh: SshSettings {
                config: configuration.ssh_config.as_ref().map(|file| file.value.clone()),
                reconnect: configuration.ssh_reconnect.as_ref().map_or(usual.reconnect, |reconnect| reconnect.value),
            },
        }
    }

    /// The audit trail, as one would type it.
    fn trail(&self) -> String {
        let audit = self.workplace.place.configuration.state_dir.value.join("audit.git");
        let shown = std::env::current_dir().ok().and_then(|cwd| audit.strip_prefix(cwd).ok().map(Path::to_path_buf));
        shown.unwrap_or(audit).display().to_string()
    }
}

/// Starts what pushes a run to its remote, if it has one.
///
/// # Errors
/// The system has no thread left.
pub fn start(remote: Option<&Remote>, run: RunId, operator: &Operator) -> Result<Option<Anchor>, Failure> {
    let started = remote.map(|remote| Anchor::start(remote, run, &operator.person.name)).transpose();
    started.map_err(|error| Failure::new(ExitCode::Refused, format!("no thread to push the audit trail: {error}")))
}

/// A reporter that the ledger and the world share.
#[derive(Clone)]
pub(crate) struct View(Rc<RefCell<Box<dyn Teller>>>);

impl Reporter for View {
    fn fact(&mut self, record: &Record) {
        self.0.borrow_mut().fact(record);
    }

    fn progress(&mut self, progress: &Progress) {
        self.0.borrow_mut().progress(progress);
    }
}

/// Who can be asked: a flag that speaks in advance, then the person at the terminal.
struct Present {
    yes: Option<runbook_runtime::world::Agreeing>,
    terminal: Option<AtTerminal>,
}

impl People for Present {
    fn ask<'a>(&'a self, question: &'a Question) -> Task<'a, Reaction> {
        Box::pin(async move {
            if let Some(yes) = &self.yes
                && let reaction @ Reaction::Answered { .. } = yes.ask(question).await
            {
                return reaction;
            }
            match &self.terminal {
                Some(terminal) => terminal.ask(question).await,
                None => Reaction::Nobody,
            }
        })
    }

    fn choose<'a>(&'a self, choice: &'a Choice) -> Task<'a, Option<Chosen>> {
        Box::pin(async move {
            match &self.terminal {
                Some(terminal) => terminal.choose(choice).await,
                None => None,
            }
        })
    }

    fn has_terminal(&self) -> bool {
        self.terminal.as_ref().is_some_and(AtTerminal::is_there)
    }

    fn lend(&self) -> Task<'_, Option<Box<dyn Lent + '_>>> {
        Box::pin(async move { self.terminal.as_ref()?.lend().await })
    }
}

/// How the program ends when there was nothing left to do: with what became of the run. A process that died between the last
/// record and the last commit left it unsealed, and whoever resumes it wants all of it done.
fn already(workplace: &Workplace<'_>, dir: &RunDir, run: RunId, status: &RunStatus, verb: &str) -> Result<ExitCode, Failure> {
    let why = if *status == RunStatus::RolledBack && verb == "roll back" { "nothing is owed: " } else { "" };
    output::to_stderr(&format!("{why}run {run} is {} already; there is nothing to {verb}\n", status.word()));
    let unsealed = matches!(workplace.begun(dir)?, Some((_, state)) if state.started().unsealed.is_some());
    if !unsealed {
        seal::catch_up(workplace, &workplace.state()?, dir)?;
    }
    Ok(ExitCode::of(status))
}

/// How the program ends after a session, having said what the reporters could not know.
fn ended(workplace: &Workplace<'_>, finished: &Finished, edit: &str) -> ExitCode {
    let palette = workplace.screen().palette;
    let flags = workplace.globals.flags();
    let exit = match (&finished.status, &finished.halt) {
        // Neither leaves a record behind that a reporter could show.
        (_, Some(halt @ (Halt::Lost(_) | Halt::Illegal(_)))) => {
            output::to_stderr(&Failure::new(ExitCode::StepFailed, halt.to_string()).found_by(&flags).rendered(palette));
            ExitCode::StepFailed
        }
        // The end of the anchor says it, with the way out.
        (_, Some(Halt::Fenced(_))) => ExitCode::Refused,
        (RunStatus::Mismatch { .. }, Some(halt)) => {
            let failure = mismatch(halt, edit);
            output::to_stderr(&failure.rendered(palette));
            failure.exit()
        }
        // At a terminal it was shown with the question.
        (status, Some(Halt::InDoubt { known, .. })) => {
            output::to_stderr(&format!("what is known of it: {}\n", output::safe::line(known)));
            ExitCode::of(status)
        }
        // To give a run up is what was asked for.
        (RunStatus::Abandoned { .. }, _) => ExitCode::Completed,
        (_, Some(Halt::Locked(no))) => {
            output::to_stderr(&locked(no).found_by(&flags).rendered(palette));
            ExitCode::Refused
        }
        // A script that is wrong before its first step has run nothing.
        (RunStatus::Failed { at: None, .. }, _) if !finished.begun => ExitCode::NothingRun,
        (status, _) => ExitCode::of(status),
    };
    match &finished.sealing {
        // The loss of the journal was said already, and it has its own way out.
        Sealing::Behind { .. } if matches!(finished.halt, Some(Halt::Lost(_) | Halt::Illegal(_) | Halt::Fenced(_))) => exit,
        Sealing::Behind { why } => {
            let failure = Failure::new(ExitCode::Unsealed, format!("the run is not in the audit trail: {why}"))
                .hint(format!("runbook seal {}", finished.run));
            output::to_stderr(&failure.found_by(&flags).rendered(palette));
            if exit == ExitCode::Completed { ExitCode::Unsealed } else { exit }
        }
        Sealing::Sealed { unsigned: Some(why), .. } => {
            let notice = format!("the end of the run is not signed: {}\n", output::safe::line(why));
            output::to_stderr(&notice);
            exit
        }
        Sealing::Sealed { .. } | Sealing::Waived => exit,
    }
}

/// A script that asks for other steps than the ones that were recorded, with both sides.
fn mismatch(halt: &Halt, edit: &str) -> Failure {
    use runbook_model::decide::Refusal;
    let mut failure = Failure::new(ExitCode::Refused, format!("journal mismatch, nothing was run: {halt}"));
    if let Halt::Mismatch(Refusal::OtherStep { recorded, asked, .. }) = halt {
        let shown = |spec: &runbook_model::step::StepSpec| serde_json::to_string_pretty(spec).unwrap_or_default();
        let (old, new) = (recorded.as_deref().map(shown).unwrap_or_default(), shown(asked));
        let diff = similar::TextDiff::from_lines(&old, &new);
        failure = failure.detail(diff.unified_diff().header("recorded", "asked for now").to_string());
    }
    if !edit.is_empty() {
        failure = failure.detail(edit);
    }
    failure.hint("go on with the source that the run was started with: `runbook resume` without `--adopt`")
}

/// A lock that is not to be had, and what to do about it.
fn locked(no: &NoLock) -> Failure {
    match no {
        NoLock::Kept { claim, .. } => {
            let run = claim.run;
            Failure::new(ExitCode::Refused, no.to_string())
                .hint(format!("runbook show {run}"))
                .hint(format!("runbook resume {run}, or runbook rollback {run}, or runbook abandon {run} --why '…'"))
        }
        NoLock::Crossed { .. } => Failure::new(ExitCode::Refused, no.to_string())
            .hint("roll this run back, or give it up: the other one can go on then")
            .hint("let both runbooks take these locks in the same order, best in `runbook(#{ lock: [\u{2026}] })`"),
        NoLock::Interrupted { .. } => Failure::new(ExitCode::Interrupted, format!("{no}; nothing was run")),
        NoLock::TimedOut { .. } | NoLock::Unusable { .. } => Failure::new(ExitCode::Refused, no.to_string()),
    }
}

/// Why a session could not begin.
fn refused(refused: Refused, trail: &str) -> Failure {
    let held = |text: String| Failure::new(ExitCode::Refused, text);
    match &refused {
        Refused::Open(OpenError::Held(_)) | Refused::Create(CreateError::Held(_)) => held(refused.to_string()),
        Refused::Open(OpenError::Read(ReadError::Damaged(_))) | Refused::Illegal { .. } | Refused::Source(_) => {
            Failure::new(ExitCode::Damaged, refused.to_string())
        }
        Refused::Diverged { .. } => {
            let git = format!("git --git-dir {} show ", quoted(trail));
            Failure::new(ExitCode::Damaged, refused.to_string().replace("git show ", &git))
        }
        Refused::Unsealable { .. } => Failure::new(ExitCode::Damaged, refused.to_string())
            .hint("`--unsealed REASON` runs without the audit trail, and records why"),
        Refused::NotAllowed(_) | Refused::Unsigned(_) | Refused::Uncharted(_) | Refused::TooLate { .. } => {
            held(refused.to_string())
        }
        Refused::Step { run, .. } => {
            Failure::usage(refused.to_string()).hint(format!("runbook show {run}  names the step that is in doubt, if any"))
        }
        Refused::Locked(no) => locked(no),
        Refused::Halt(Halt::Interrupted) => Failure::new(ExitCode::Interrupted, refused.to_string()),
        Refused::Halt(_) => Failure::new(ExitCode::StepFailed, refused.to_string()),
        Refused::Script { diagnostics, .. } => Failure::usage(refused.to_string()).detail(diagnostics.render(false)),
        _ => Failure::usage(refused.to_string()),
    }
}
