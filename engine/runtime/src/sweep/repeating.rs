//! Every command in turn took effect and nobody knows: what may be repeated is, and nothing else.

use runbook_model::status::RunStatus;

use super::crashing::{Then, forwards};
use super::death::Death;
use super::{Baseline, Subject, Swept};
use crate::world::scripted::Recovery;

/// Kills the engine right behind each effect, with nobody who knows of it. A command that is declared idempotent runs a
/// second time, and everything behind it goes on as if it had run once; any other is settled, by its `settled_by` or by a
/// person, and never runs again.
///
/// That the second time changes nothing is the author's word: a scripted world cannot check it.
///
/// # Errors
/// The runs cannot be kept.
pub fn repeat_each_step(subject: &Subject, baseline: &Baseline) -> Result<Swept, std::io::Error> {
    let mut swept = Swept::default();
    for call in &baseline.extent.performs {
        let death = Death::AfterEffect(*call);
        swept += forwards(subject, baseline, death, Recovery::InDoubt, Then::Resume)?;
        if baseline.status == RunStatus::Completed {
            swept += forwards(subject, baseline, death, Recovery::InDoubt, Then::RollBack)?;
        }
    }
    Ok(swept)
}
