//! What there is to tell about a run.

use jiff::Timestamp;
use runbook_model::account::{Account, Standing, StepAccount};
use runbook_model::id::RunId;
use runbook_runtime::journal::Damaged;

use super::Seal;
use crate::failure::Failure;
use crate::history::History;

/// What there is to tell about a run: its account, and what was seen around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dossier {
    /// The account of the run.
    pub account: Account,
    /// When it was looked at.
    pub seen: Timestamp,
    /// Who works on it at that moment.
    pub at_work: Option<String>,
    /// What keeps the account from being whole.
    pub trouble: Option<Trouble>,
    /// What the audit trail has of it.
    pub seal: Seal,
    /// Where the audit trail is.
    pub audit: String,
}

/// What keeps an account from being whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The journal is damaged, and the account ends there.
    Damaged(Damaged),
    /// The journal holds a record that may not follow those before it, and the account ends there.
    Illegal(String),
    /// Nobody is at work on the run, and its process has not let go of it.
    Died,
    /// The journal's last record broke off while it was written.
    Torn,
}

impl Dossier {
    /// Looks at a run, without taking it and without writing anything.
    ///
    /// # Errors
    /// It was never begun, or not even its first record can be read.
    pub fn of(history: &History, run: RunId) -> Result<Self, Failure> {
        // Before the journal is read: what is written in between is then told and not taken for a death.
        let held = history.held(run);
        let (reading, damaged) = history.read(run)?;
        let Some(account) = Account::of(&reading.records) else {
            let why = damaged.map_or_else(|| format!("run {run} has no beginning"), |damaged| damaged.to_string());
            return Err(Failure::new(crate::exit_code::ExitCode::Damaged, why));
        };
        let trouble = match (damaged, &account.flaw) {
            (Some(damaged), _) => Some(Trouble::Damaged(damaged)),
            (None, Some(illegal)) => Some(Trouble::Illegal(illegal.to_string())),
            (None, None) if held.is_none() && account.open_session().is_some() => Some(Trouble::Died),
            (None, None) => reading.cut_tail.filter(|_| held.is_none()).map(|_| Trouble::Torn),
        };
        let journal = std::fs::read(history.dir(run).journal()).unwrap_or_default();
        let sound = &journal[..usize::try_from(reading.bytes).map_or(journal.len(), |bytes| bytes.min(journal.len()))];
        Ok(Self {
            seal: Seal::look(&history.audit(), run, sound, account.started.unsealed.as_deref()),
            at_work: held.map(|held| held.holder.map_or_else(|| "another process".to_owned(), |holder| holder.to_string())),
            audit: history.audit().display().to_string(),
            seen: Timestamp::now(),
            account,
            trouble,
        })
    }

    /// Whether the account has all that the run wrote down.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !matches!(self.trouble, Some(Trouble::Damaged(_) | Trouble::Illegal(_)))
    }

    /// What became of a step, in words that know whether anybody is at work on the run.
    #[must_use]
    pub fn standing(&self, step: &StepAccount) -> &'static str {
        match step.standing {
            _ if step.rolled_back.is_some() => step.word(),
            Standing::InFlight if self.at_work.is_some() => "running",
            Standing::InFlight if step.kind == "check" => "broke off",
            Standing::InFlight => "end unknown",
            _ => step.word(),
        }
    }

    /// The steps that go forward, and those of the rollback.
    #[must_use]
    pub fn ways(&self) -> (Vec<&StepAccount>, Vec<&StepAccount>) {
        self.account.steps.iter().partition(|step| !step.path.is_rollback())
    }

    /// Where the picture ends: now for a run that goes on, else its last record.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        if self.at_work.is_some() { self.seen.max(self.account.last_at) } else { self.account.last_at }
    }
}
