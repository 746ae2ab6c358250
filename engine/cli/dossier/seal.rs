//! What the audit trail has of a run, in words.

use std::path::Path;

use runbook_model::id::RunId;
use runbook_runtime::audit::{Sight, Standing, look};

/// What the audit trail has of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seal {
    /// The operator chose that it is not sealed, and why.
    Waived(String),
    /// There is no audit trail here, or it has nothing of the run.
    Nothing,
    /// This much.
    Sealed(Sight),
    /// The journal does not hold what was sealed, or the trail cannot be read: why.
    Wrong(String),
}

impl Seal {
    /// Looks into the trail; `journal` are the whole lines of the run's journal.
    #[must_use]
    pub fn look(audit: &Path, run: RunId, journal: &[u8], waived: Option<&str>) -> Self {
        match (look(audit, run, journal), waived) {
            (Ok(Some(sight)), _) if sight.commit.is_some() => Self::Sealed(sight),
            (_, Some(why)) => Self::Waived(why.to_owned()),
            (Ok(_), None) => Self::Nothing,
            (Err(error), None) => Self::Wrong(error.to_string()),
        }
    }

    /// Whether all of the journal is sealed.
    #[must_use]
    pub fn is_level(&self) -> bool {
        matches!(self, Self::Sealed(Sight { standing: Standing::Level, .. }))
    }

    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Waived(why) => format!("not sealed, as the operator chose: {why}"),
            Self::Nothing => "not sealed: the audit trail has nothing of this run".to_owned(),
            Self::Wrong(why) => why.clone(),
            Self::Sealed(sight) => {
                let how_much = match sight.standing {
                    Standing::Level => "sealed whole".to_owned(),
                    Standing::Behind { records: 1 } => "sealed but for its last record".to_owned(),
                    Standing::Behind { records } => format!("sealed but for its last {records} records"),
                    Standing::Unsealed => "not sealed".to_owned(),
                };
                let commit: String = sight.commit.iter().flat_map(|commit| commit.chars().take(12)).collect();
                let signed = if sight.signed { ", signed" } else { ", not signed" };
                let merged = if sight.merged { ", in `main`" } else { "" };
                format!("{how_much} in commit {commit}{signed}{merged}")
            }
        }
    }
}
