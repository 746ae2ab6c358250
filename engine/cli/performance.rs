//! A session in this process: the reporters, the person, the signals, the world, and the end.

mod ahead;
mod ending;
mod file_system;
mod lost;
mod present;
mod refused;
mod signals;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::Path;
use std::rc::Rc;

use runbook_model::entry::{Entry, Record};
use runbook_model::estimate::Estimate;
use runbook_model::id::RunId;
use runbook_model::path::StepPath;
use runbook_model::person::{From, Person};
use runbook_runtime::anchor::{Anchor, Remote};
use runbook_runtime::audit::Archivist;
use runbook_runtime::confinement::{self, Confinement};
use runbook_runtime::dispatcher::{Finished, Halt, Interrupts, Opening, Refused};
use runbook_runtime::hosts::SshSettings;
use runbook_runtime::journal::{Known, OpenError, RunDir, StateDir};
use runbook_runtime::script::Program;
use runbook_runtime::secret::Sources;
use runbook_runtime::signing::Signing;
use runbook_runtime::world::live::processes::Kept;
use runbook_runtime::world::live::{Couriers, Site};
use runbook_runtime::world::{Agreeing, DryRunWorld, LiveWorld, World};

use crate::anchoring;
use crate::claim::Claim;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::itself;
use crate::operator::Operator;
use crate::output::Format;
use crate::output::reporters::{self, Telling};
use crate::people::AtTerminal;

use crate::workplace::{Workplace, boot};

use ending::{already, ended};
use present::Present;
pub(crate) use present::View;
use refused::refused;

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
    /// What is given back when the session does not begin.
    pub(crate) claim: Option<Claim>,
    /// From which machine the run was taken without its consent, and why.
    pub taken_over: Option<String>,
    /// Whether changes are withheld.
    pub dry_run: bool,
    /// Whether yes-or-no confirms are answered with yes.
    pub yes: bool,
    /// Whether output of steps that succeed is shown.
    pub verbose: bool,
    /// Whether the place of the run is gone when it has ended.
    pub fleeting: bool,
    /// For whom it is told.
    pub format: Format,
    /// What happened in earlier sessions.
    pub before: Vec<Record>,
    /// The same, as the journal says it: compared with it under its lock, and read again only when it differs.
    pub known: Option<Known>,
    /// Where its secrets come from.
    pub sources: Sources,
    /// The secrets that earlier sessions have used.
    pub used: Vec<String>,
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
        let claim = match remote.as_ref().filter(|_| state.audit().exists()) {
            Some(remote) => workplace.claim(state, run, remote, take_over)?,
            None => None,
        };
        let (reading, folded) = match workplace.journal(&dir) {
            Ok(read) => read,
            // Another process came to it since, and what it writes may have been read in the middle.
            Err(failure) => {
                return Err(match dir.held() {
                    Ok(Some(held)) => Failure::new(ExitCode::Refused, held.to_string()),
                    _ => failure.detail("nothing was done"),
                });
            }
        };
        let taken_over = anchoring::taken_over(&dir, &reading.records);
        let signing = workplace.signing(folded.started().env.as_deref())?;
        let remote = remote.filter(|_| folded.started().unsealed.is_none());
        let anchor = start(remote.as_ref(), run, &operator)?;
        let archivist = match folded.started().unsealed {
            Some(_) => None,
            None => Some(workplace.archive(state, &operator, Some(&dir), &signing, anchor.as_ref().map(Anchor::nudge))?),
        };
        let runner = folded.session_operator().unwrap_or_else(|| operator.person.clone());
        let sources = workplace.place.configuration.sources(folded.started().env.as_deref());
        let operator = operator.in_groups(&folded.started().groups);
        let used = folded.secrets().keys().cloned().collect();
        let known = Known::of(&reading, folded);
        let before = reading.records;
        Ok(Self {
            workplace,
            dir,
            operator,
            runner,
            archivist,
            signing,
            anchor,
            claim,
            taken_over,
            dry_run: false,
            yes: false,
            verbose: false,
            fleeting: false,
            format: workplace.globals.output,
            before,
            known,
            sources,
            used,
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
        runbook_runtime::file_limit::fails_writes();
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
        let trail = self.archivist.is_some().then(|| self.trail());
        let trail = trail.map(|trail| if self.signing.signer.is_some() { trail } else { format!("{trail}  (unsigned)") });
        let mut teller = reporters::choose(
            self.format,
            self.workplace.screen(),
            Telling {
                verbose: self.verbose,
                trail,
                flags: self.workplace.globals.flags(),
                likely: self.likely.clone(),
                fleeting: self.fleeting,
                ..Telling::default()
            },
        );
        teller.catch_up(&self.before);
        let (first, taken_over) = (self.before.is_empty(), self.taken_over.is_some());
        // Nobody needs the records any more.
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
            known: self.known,
            brought: anchoring::brought(&self.dir),
        };
        // That it was taken over is only noted here until a session writes it down.
        let only_noted = (taken_over && !first).then(|| length(&self.dir));
        if let Some(claim) = self.claim.take() {
            claim.keep();
        }
        let finished = session(opening).await;
        let lets_go = match &finished {
            // A journal that was lost is no run that somebody may go on with unasked.
            Ok(Finished { halt: Some(Halt::Lost(_) | Halt::Illegal(_) | Halt::Fenced(_)), .. }) => false,
            Ok(_) => true,
            // Refused, or ended with a refusal: then the session before it counts.
            Err(_) => first || anchoring::ended(&self.dir) && only_noted.is_none_or(|before| length(&self.dir) > before),
        };
        // The lease of a run that another process here works on is not ours to let go of.
        let others = matches!(&finished, Err(Refused::Open(OpenError::Held(_))));
        let anchored = self.anchor.filter(|_| !others).map(|anchor| anchor.finish(!lets_go));
        let finished = match finished {
            Ok(finished) => finished,
            Err(Refused::Final { run, status, verb }) => return already(self.workplace, &self.dir, run, &status, verb),
            Err(other) => return Err(refused(other)),
        };
        if self.dry_run {
            // What checks have put aside, and the directory of all such when it was the last. Left behind, it harms nobody.
            let scratch = self.dir.scratch();
            std::fs::remove_dir_all(&scratch).ok();
            scratch.parent().map(std::fs::remove_dir);
        }
        let exit = ended(self.workplace, &self.dir, &finished, &self.edit);
        Ok(anchored.map_or(exit, |anchored| anchoring::told(&anchored, exit, self.workplace)))
    }

    fn world(&self, view: &View) -> Rc<dyn World> {
        let mut site = Site::new(self.dir.run(), &self.workplace.root());
        let unconfined = if self.dry_run { self.confine(&mut site).err() } else { None };
        site.extra_env.clone_from(&self.workplace.place.configuration.pass_env.value);
        site.couriers = Some(self.couriers());
        let vault = self.workplace.vault(self.sources.clone(), &self.dir).with_used(self.used.clone());
        let at_terminal = self.operator.person.from == From::Terminal;
        let palette = self.workplace.screen().palette;
        let people = Present {
            yes: self.yes.then(|| Agreeing::new("--yes")),
            terminal: at_terminal.then(|| AtTerminal::new(self.operator.clone(), self.runner.clone(), palette)),
        };
        let sink = view.clone();
        let processes = Kept::new(Path::new("/proc/self/exe"), &[itself::KEEPER], &self.dir.keeper());
        let live = LiveWorld::new(site, Box::new(processes), Box::new(people))
            .with_vault(vault)
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
        let wrapper = vec!["/proc/self/exe".to_owned(), itself::CONFINED.to_owned()];
        site.confinement = Some(Confinement { wrapper, scratch });
        Ok(())
    }

    fn couriers(&self) -> Couriers {
        let configuration = &self.workplace.place.configuration;
        let usual = SshSettings::default();
        Couriers {
            program: ["/proc/self/exe", itself::COURIER].map(str::to_owned).to_vec(),
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

/// How long the journal of a run is.
fn length(dir: &RunDir) -> u64 {
    std::fs::metadata(dir.journal()).map_or(0, |journal| journal.len())
}

/// Starts what pushes a run to its remote, if it has one.
///
/// # Errors
/// The system has no thread left.
pub fn start(remote: Option<&Remote>, run: RunId, operator: &Operator) -> Result<Option<Anchor>, Failure> {
    let started = remote.map(|remote| Anchor::start(remote, run, &operator.person.name)).transpose();
    started.map_err(|error| Failure::new(ExitCode::Refused, format!("no thread to push the audit trail: {error}")))
}
