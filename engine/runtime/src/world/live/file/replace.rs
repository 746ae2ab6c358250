//! Giving a name to new content, all at once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::XattrFlags;

use super::place::{Place, Standing};
use crate::world::live::io_words::plain;
use crate::world::live::processes::Key;

/// Why new content has not, or may not have, taken its place.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Everything is as it was.
    NotDone(String),
    /// The change is visible, but a power cut could still take it back.
    NotFlushed(String),
}

/// Permission bits of a file that was not there before and whose step does not say.
const NEW_FILE: u32 = 0o644;

/// Puts `content` in the place of what stands there. Owner, group, attributes and, without `mode`, permission bits
/// are taken over from it. `tag` marks the temporary file as ours. Blocks.
pub(super) fn replace(place: &Place, content: &[u8], mode: Option<u32>, tag: &str) -> Result<(), Trouble> {
    let temporary = place.directory.join(format!("{}{:08x}", prefix(tag), Key::fresh().number() >> 32));
    let written = write_beside(&temporary, place.standing.as_ref(), content, mode)
        .and_then(|()| fs::rename(&temporary, &place.path))
        .map_err(|error| Trouble::NotDone(format!("{}, in its directory `{}`", plain(&error), place.directory.display())));
    if written.is_err() {
        // Nothing else refers to it; when it cannot even be removed, `sweep` tries again after a restart.
        drop(fs::remove_file(&temporary));
        return written;
    }
    flush(place)
}

/// Removes the file of that name. Blocks.
pub(super) fn remove(place: &Place) -> Result<(), Trouble> {
    fs::remove_file(&place.path).map_err(|error| Trouble::NotDone(plain(&error)))?;
    flush(place)
}

/// Removes temporary files that an attempt with this tag left behind when it was killed. Blocks.
pub(super) fn sweep(place: &Place, tag: &str) {
    let prefix = prefix(tag);
    for entry in fs::read_dir(&place.directory).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            drop(fs::remove_file(entry.path()));
        }
    }
}

fn prefix(tag: &str) -> String {
    format!(".runbook-{tag}-")
}

fn flush(place: &Place) -> Result<(), Trouble> {
    File::open(&place.directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| Trouble::NotFlushed(format!("its directory could not be flushed to disk: {}", plain(&error))))
}

fn write_beside(temporary: &Path, standing: Option<&Standing>, content: &[u8], mode: Option<u32>) -> io::Result<()> {
    // `create_new` is O_EXCL: it neither follows a link that somebody planted nor writes into a file of theirs.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
    file.write_all(content)?;
    let mut bits = mode.unwrap_or_else(|| standing.map_or(NEW_FILE, Standing::mode));
    if let Some(standing) = standing
        && !take_over(&file, standing)
    {
        // A set-user-id program must not become one of another user.
        bits &= 0o1777;
    }
    file.set_permissions(fs::Permissions::from_mode(bits & 0o7777))?;
    file.sync_all()
}

/// Gives the new file the owner, group and attributes of the old one, as far as we are allowed to; says whether owner
/// and group are the same now.
fn take_over(file: &File, standing: &Standing) -> bool {
    let (uid, gid) = (standing.metadata.uid(), standing.metadata.gid());
    if fchown(file, Some(uid), Some(gid)).is_err() {
        // Not root: the group may still be one of ours, and keeping it keeps a service's read access.
        drop(fchown(file, None, Some(gid)));
    }
    copy_attributes(&standing.file, file);
    file.metadata().is_ok_and(|new| new.uid() == uid && new.gid() == gid)
}

/// Security labels and access lists live in extended attributes; a file system without them is no reason to fail.
fn copy_attributes(from: &File, to: &File) {
    let mut names = vec![0_u8; 64 * 1024];
    let length = rustix::fs::flistxattr(from, &mut names[..]).unwrap_or(0);
    for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0_u8; 64 * 1024];
        if let Ok(length) = rustix::fs::fgetxattr(from, name, &mut value[..]) {
            rustix::fs::fsetxattr(to, name, &value[..length], XattrFlags::empty()).ok();
        }
    }
}
