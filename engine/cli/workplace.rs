//! What most verbs start from: the configuration, the state directory, the runbooks, the person.

use std::path::PathBuf;

use jiff::Timestamp;
use runbook_model::declaration::Declaration;
use runbook_model::entry::Mode;
use runbook_model::id::RunId;
use runbook_model::state::RunState;
use runbook_runtime::audit::{Archive, Archivist, Founding, Told};
use runbook_runtime::boot::boot_id;
use runbook_runtime::journal::{Journal, ReadError, Reading, RunDir, StateDir};
use runbook_runtime::script::{Program, at_depth_beside};
use runbook_runtime::secret::{Sources, Vault};
use runbook_runtime::signing::Signing;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::library::{Title, broken};
use crate::operator::Operator;
use crate::output::screen::Screen;
use crate::output::screen::on_stderr;
use crate::place::Place;
use crate::typed::RunPrefix;

/// What the verbs that take a run start from.
pub struct Workplace<'a> {
    /// The options of every verb.
    pub globals: &'a Globals,
    /// The surroundings, and the configuration that applies there.
    pub place: Place,
}

impl Workplace<'_> {
    /// What standard error can show.
    #[must_use]
    pub fn screen(&self) -> Screen {
        on_stderr(self.globals.color)
    }

    /// The root of the runbook repository.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.place.configuration.root.value.clone()
    }

    /// The state directory, made if it is not there.
    ///
    /// # Errors
    /// It cannot be used, and why.
    pub fn state(&self) -> Result<StateDir, Failure> {
        Ok(StateDir::open(&self.place.configuration.state_dir.value)?)
    }

    /// The secrets of a run, of which everything is known already that can be known without asking anybody.
    #[must_use]
    pub fn vault(&self, sources: Sources, dir: &RunDir) -> Vault {
        let vault = Vault::new(sources, &self.root(), std::env::vars_os().collect(), dir.secret_key());
        vault.look_around(&self.place.configuration.pass_env.value);
        vault
    }

    /// The state directory as it is, to look at: nothing is made in it, and it may belong to somebody else or be read-only.
    ///
    /// # Errors
    /// It is no directory, or cannot be found.
    pub fn seen(&self) -> Result<Option<StateDir>, Failure> {
        Ok(StateDir::look(&self.place.configuration.state_dir.value)?)
    }

    /// The runbook that a person named, and what it says about itself.
    ///
    /// # Errors
    /// There is none of that name, it does not load, or it names a secret that has no source.
    pub fn program(&self, named: &str) -> Result<(Title, Program, Declaration), Failure> {
        self.program_beside(named, |_| ()).map(|(title, program, declaration, ())| (title, program, declaration))
    }

    /// The same, and does `beside` while the runbook is read: two things that take about the same time, and know nothing of
    /// each other.
    ///
    /// # Errors
    /// As [`Workplace::program`].
    pub fn program_beside<T>(
        &self,
        named: &str,
        beside: impl FnOnce(&Title) -> T,
    ) -> Result<(Title, Program, Declaration, T), Failure> {
        let library = self.place.library();
        let title = library.find(named)?;
        let (read, beside) = at_depth_beside(|| library.read(&title), || beside(&title));
        match read {
            Ok((program, declaration)) => match program.without_source(&|name| self.place.configuration.has_source(name)) {
                None => Ok((title, program, declaration, beside)),
                Some(orphans) => Err(broken(&title, &orphans, self.screen().palette)),
            },
            Err(diagnostics) => Err(broken(&title, &diagnostics, self.screen().palette)),
        }
    }

    /// The audit trail, begun with the first run. It must not know more of `run` than its journal does.
    ///
    /// # Errors
    /// It cannot be used, or the journal was cut or edited since it was sealed.
    pub fn archive(
        &self,
        state: &StateDir,
        operator: &Operator,
        run: Option<&RunDir>,
        signing: &Signing,
        told: Option<Told>,
    ) -> Result<Archivist, Failure> {
        let founding = Founding { at: Timestamp::now(), host: operator.person.host.clone() };
        let archive = Archive::open(&state.audit(), Some(&founding)).map_err(|unusable| {
            if unusable.is_for_want_of_room() {
                return no_room(format!("nothing was run: {unusable}"));
            }
            let failure = Failure::new(ExitCode::Damaged, format!("the run cannot be sealed, so nothing was run: {unusable}"));
            // Whoever goes on with a run must not be led to start it anew.
            if run.is_some() {
                return failure;
            }
            failure.hint("`runbook exec --unsealed REASON` runs without the audit trail, and records why")
        })?;
        if let Some(dir) = run {
            let damaged = |why: String| {
                let run = dir.run();
                Failure::new(ExitCode::Damaged, format!("{why}; nothing was run")).hint(format!("runbook verify {run}"))
            };
            let content = std::fs::read(dir.journal()).map_err(|error| damaged(error.to_string()))?;
            archive.compare(dir.run(), &content).map_err(|error| damaged(error.to_string()))?;
        }
        let archive = archive.signed_by(signing.clone());
        let archive = match told {
            Some(told) => archive.telling(told),
            None => archive,
        };
        Archivist::start(archive)
            .map_err(|error| Failure::new(ExitCode::Refused, format!("no thread for the audit trail: {error}")))
    }

    /// Makes sure that there is an audit trail: what is fetched has to go somewhere.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn begin_archive(&self, state: &StateDir) -> Result<(), Failure> {
        let founding = Founding { at: Timestamp::now(), host: Operator::here().person.host };
        let opened = Archive::open(&state.audit(), Some(&founding));
        opened.map(drop).map_err(|unusable| match unusable.is_for_want_of_room() {
            true => no_room(unusable.to_string()),
            false => Failure::new(ExitCode::Damaged, unusable.to_string()),
        })
    }

    /// The run that a person named.
    ///
    /// # Errors
    /// There is none, or several begin like that.
    pub fn run(&self, state: &StateDir, prefix: &RunPrefix) -> Result<RunId, Failure> {
        state.find(&prefix.0).map_err(|error| Failure::usage(error.to_string()).hint("runbook runs"))
    }

    /// The journal of a run, read without holding it, and the state that it folds to.
    ///
    /// # Errors
    /// It cannot be read, or is damaged.
    pub fn journal(&self, dir: &RunDir) -> Result<(Reading, RunState), Failure> {
        let never_began = || {
            Failure::usage(format!(
                "run {} never began: its process died before the first record, and nothing was run",
                dir.run()
            ))
        };
        self.begun(dir)?.ok_or_else(never_began)
    }

    /// The same of a run whose process may have died before it wrote anything down: `None` then.
    ///
    /// # Errors
    /// It cannot be read, or is damaged.
    pub fn begun(&self, dir: &RunDir) -> Result<Option<(Reading, RunState)>, Failure> {
        let damaged = |why: String| Failure::new(ExitCode::Damaged, why);
        let reading = match Journal::read(dir) {
            Err(ReadError::Missing { .. }) => return Ok(None),
            read => read.map_err(|error| damaged(error.to_string()))?,
        };
        let state = RunState::fold(&reading.records).map_err(|illegal| damaged(illegal.to_string()))?;
        Ok(state.map(|state| (reading, state)))
    }

    /// The newest run, when it can be gone on with. Older ones have to be named: whoever means the run that they have just seen,
    /// and which somebody else has finished, must not bring one of last month back to life.
    ///
    /// # Errors
    /// It has ended, or there is none.
    pub fn unfinished(&self, state: &StateDir) -> Result<RunId, Failure> {
        let runs = state.runs().map_err(|error| Failure::usage(error.to_string()))?;
        let mut newest = None;
        let mut older = Vec::new();
        for run in runs.into_iter().take(LOOKED_AT) {
            match self.journal(&state.run(run)) {
                Ok((_, folded)) if folded.started().mode != Mode::Live => {}
                Ok((_, folded)) => match (folded.over(), &newest) {
                    (None, None) => return Ok(run),
                    (None, Some(_)) => older.push(format!("runbook resume {run}  ({})", folded.started().runbook)),
                    (Some(end), None) => newest = Some(format!("{run} ({}), is {}", folded.started().runbook, end.word())),
                    (Some(_), Some(_)) => {}
                },
                // One that never began has nothing to go on with; a damaged one must not be passed over in silence.
                Err(failure) if failure.exit() == ExitCode::Damaged && newest.is_none() => return Err(failure),
                Err(_) => {}
            }
            if older.len() == OLDER {
                break;
            }
        }
        let Some(newest) = newest.filter(|_| !older.is_empty()) else {
            return Err(Failure::usage("there is nothing to resume: every run has ended").hint("runbook runs"));
        };
        let failure = Failure::usage(format!("which run? The newest one, {newest}"));
        Err(older.into_iter().fold(failure, Failure::hint))
    }
}

/// How many runs are read to find one that can be gone on with: the whole journal of each.
const LOOKED_AT: usize = 1_000;

/// How many older runs are named to somebody who has named none.
const OLDER: usize = 3;

/// The disk is full: nothing is damaged, and the engine does not begin what it cannot write down.
pub(crate) fn no_room(what: String) -> Failure {
    Failure::new(ExitCode::Refused, what)
        .hint("free some space where the state directory is, or name another one with `--state-dir DIR`")
}

/// In which boot of this machine the program runs.
///
/// # Errors
/// The kernel does not say.
pub fn boot() -> Result<String, Failure> {
    boot_id().map_err(|error| Failure::new(ExitCode::Refused, format!("the kernel does not say which boot this is: {error}")))
}
