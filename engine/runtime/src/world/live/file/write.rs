//! A file with the content that it shall have.

use runbook_model::answer::Answer;
use runbook_model::change::{FileBefore, FileWrite};
use runbook_model::failure::Failure;

use super::failure;
use super::place::Place;
use super::replace::{Trouble, replace, sweep};
use crate::world::live::Site;
use crate::world::{Performed, Recovered};

/// Reads what stands there, for the intent. Blocks.
///
/// A write that brings what an earlier attempt found keeps it when that attempt's content stands there now: else the
/// second attempt would take our own content for what was there before, and the rollback would put back nothing.
pub(crate) fn prepare(site: &Site, write: &FileWrite) -> Result<FileWrite, Box<Failure>> {
    let refuse = |message: String| Box::new(failure(&write.path, message));
    if write.path.is_empty() || write.path.contains('\0') {
        return Err(refuse("this cannot be the path of a file".to_owned()));
    }
    if let Some(mode) = write.mode.filter(|mode| *mode > 0o7777) {
        return Err(refuse(format!("its mode {mode:#o} is more than 0o7777")));
    }
    let path = site.absolute(&write.path);
    let place = Place::look(&path).map_err(refuse)?;
    let path = path.into_os_string().into_string().map_err(|_| refuse("its path is not UTF-8".to_owned()))?;
    let before = match &write.before {
        Some(found) if is_done(&place, write) => found.clone(),
        _ => place.before(),
    };
    Ok(FileWrite { path, before: Some(before), ..write.clone() })
}

/// Writes it, unless it is so already. Blocks.
pub(crate) fn perform(write: &FileWrite, tag: &str) -> Performed {
    let place = match Place::look(write.path.as_ref()) {
        Ok(place) => place,
        Err(message) => return Performed::Failed(failure(&write.path, message)),
    };
    if is_done(&place, write) {
        return Performed::Done(Answer::Written);
    }
    if let Some(before) = &write.before
        && !place.is_as(before)
    {
        // The journal holds what would be put back; writing now would lose what somebody else just wrote.
        let message = "somebody changed it after this step had looked at it; nothing was written: try the step again";
        return Performed::Failed(failure(&write.path, message));
    }
    match replace(&place, write.content.as_bytes(), write.mode, tag) {
        Ok(()) => Performed::Done(Answer::Written),
        Err(Trouble::NotDone(message)) => Performed::Failed(failure(&write.path, message)),
        Err(Trouble::NotFlushed(known)) => {
            Performed::InDoubt { known: format!("`{}` has its new content, but {known}", write.path) }
        }
    }
}

/// Reads from the file what became of the write. Blocks.
pub(crate) fn recover(write: &FileWrite, tag: &str) -> Recovered {
    let place = match Place::look(write.path.as_ref()) {
        Ok(place) => place,
        Err(message) => return Recovered::InDoubt { known: format!("`{}`: {message}", write.path) },
    };
    sweep(&place, tag);
    if is_done(&place, write) {
        return Recovered::Ended(Performed::Done(Answer::Written));
    }
    match &write.before {
        Some(before) if place.is_as(before) => {
            Recovered::NeverBegun { evidence: format!("`{}` is as it was before the step", write.path) }
        }
        _ => Recovered::InDoubt {
            known: format!("`{}` {}: neither what stood there before the step nor what it writes", write.path, place.words()),
        },
    }
}

/// Whether nothing is left to do: the content is there, with the mode that the step asks for or that was there before.
fn is_done(place: &Place, write: &FileWrite) -> bool {
    let kept = match &write.before {
        Some(FileBefore::Present { mode, .. } | FileBefore::Sealed { mode, .. }) => Some(*mode),
        Some(FileBefore::Absent) | None => None,
    };
    let mode_fits = |standing: u32| write.mode.or(kept).is_none_or(|mode| mode == standing);
    place.standing.as_ref().is_some_and(|standing| standing.content == write.content.as_bytes() && mode_fits(standing.mode()))
}
