//! A file as it was before a step wrote it.

use runbook_model::answer::Answer;
use runbook_model::change::{FileBefore, FileRestore};
use runbook_model::digest::Digest;
use runbook_model::failure::Failure;

use super::failure;
use super::place::Place;
use super::replace::{Trouble, remove, replace, sweep};
use crate::world::live::Site;
use crate::world::{Performed, Recovered};

/// Refuses a file that somebody wrote after us. Blocks.
pub(crate) fn prepare(site: &Site, restore: &FileRestore) -> Result<FileRestore, Box<Failure>> {
    let path = site.absolute(&restore.path);
    let refuse = |message: String| Box::new(failure(&restore.path, message));
    let place = Place::look(&path).map_err(refuse)?;
    still_ours(&place, restore).map_err(refuse)?;
    let path = path.into_os_string().into_string().map_err(|_| refuse("its path is not UTF-8".to_owned()))?;
    Ok(FileRestore { path, ..restore.clone() })
}

/// Puts it back, unless it is so already. Blocks.
pub(crate) fn perform(restore: &FileRestore, tag: &str) -> Performed {
    let refuse = |message: String| Performed::Failed(failure(&restore.path, message));
    let place = match Place::look(restore.path.as_ref()) {
        Ok(place) => place,
        Err(message) => return refuse(message),
    };
    if place.is_as(&restore.before) {
        return Performed::Done(Answer::Written);
    }
    if let Err(message) = still_ours(&place, restore) {
        return refuse(message);
    }
    let put_back = match &restore.before {
        FileBefore::Absent => remove(&place),
        FileBefore::Sealed { .. } => return refuse("its content before is still sealed".to_owned()),
        FileBefore::Present { mode, content, .. } => replace(&place, &content.0, Some(*mode), tag),
    };
    match put_back {
        Ok(()) => Performed::Done(Answer::Written),
        Err(Trouble::NotDone(message)) => refuse(message),
        Err(Trouble::NotFlushed(known)) => Performed::InDoubt { known: format!("`{}` is put back, but {known}", restore.path) },
    }
}

/// Reads from the file what became of putting it back. Blocks.
pub(crate) fn recover(restore: &FileRestore, tag: &str) -> Recovered {
    let place = match Place::look(restore.path.as_ref()) {
        Ok(place) => place,
        Err(message) => return Recovered::InDoubt { known: format!("`{}`: {message}", restore.path) },
    };
    sweep(&place, tag);
    if place.is_as(&restore.before) {
        return Recovered::Ended(Performed::Done(Answer::Written));
    }
    if place.content().map(Digest::of) == Some(restore.written) {
        return Recovered::NeverBegun { evidence: format!("`{}` still has the content that is to be rolled back", restore.path) };
    }
    let known = format!("`{}` {}: neither what the run wrote nor what stood there before", restore.path, place.words());
    Recovered::InDoubt { known }
}

fn still_ours(place: &Place, restore: &FileRestore) -> Result<(), String> {
    if place.is_as(&restore.before) || place.content().map(Digest::of) == Some(restore.written) {
        return Ok(());
    }
    let did = if place.standing.is_some() { "changed" } else { "removed" };
    Err(format!("somebody {did} it since this run wrote it; it {}, and nothing was overwritten", place.words()))
}
