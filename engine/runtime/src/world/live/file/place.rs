//! What stands where a file is to be written.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use runbook_model::change::FileBefore;
use runbook_model::digest::Digest;
use runbook_model::excerpt::Bytes;
use rustix::fs::OFlags;

use super::BEFORE_LIMIT;
use crate::world::live::io_words::plain;

/// The kernel gives up at 40 links as well.
const MOST_LINKS: usize = 40;

/// A path with its symbolic links followed, and what was found there.
#[derive(Debug)]
pub(super) struct Place {
    /// The file itself: where a link pointed, so that writing keeps the link.
    pub(super) path: PathBuf,
    /// The directory that holds it.
    pub(super) directory: PathBuf,
    /// The file, when there is one.
    pub(super) standing: Option<Standing>,
}

/// A regular file that stands at a place.
#[derive(Debug)]
pub(super) struct Standing {
    /// The open file, whose owner and attributes a new one takes over.
    pub(super) file: File,
    pub(super) metadata: Metadata,
    pub(super) content: Vec<u8>,
}

impl Standing {
    pub(super) fn mode(&self) -> u32 {
        self.metadata.mode() & 0o7777
    }
}

impl Place {
    /// Looks at a path. Blocks.
    ///
    /// # Errors
    /// Why nothing may be written there, as the end of a sentence about the path.
    pub(super) fn look(named: &Path) -> Result<Self, String> {
        let path = follow(named)?;
        let directory = match path.parent() {
            Some(parent) if path.file_name().is_some() => parent.to_owned(),
            _ => return Err("it does not name a file".to_owned()),
        };
        let standing = match fs::symlink_metadata(&path) {
            Ok(metadata) => {
                acceptable(&metadata)?;
                Some(read(&path)?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if !directory.is_dir() {
                    return Err(format!("its directory `{}` does not exist: create it in a step before", directory.display()));
                }
                None
            }
            Err(error) => return Err(plain(&error)),
        };
        Ok(Self { path, directory, standing })
    }

    pub(super) fn content(&self) -> Option<&[u8]> {
        self.standing.as_ref().map(|standing| standing.content.as_slice())
    }

    /// What the journal keeps of it.
    pub(super) fn before(&self) -> FileBefore {
        match &self.standing {
            None => FileBefore::Absent,
            Some(standing) => FileBefore::Present {
                digest: Digest::of(&standing.content),
                mode: standing.mode(),
                content: Bytes(standing.content.clone()),
            },
        }
    }

    /// Whether it is as it was then: content and permission bits.
    pub(super) fn is_as(&self, before: &FileBefore) -> bool {
        match (before, &self.standing) {
            (FileBefore::Absent, None) => true,
            (FileBefore::Present { mode, content, .. }, Some(standing)) => {
                standing.mode() == *mode && standing.content == content.0
            }
            _ => false,
        }
    }

    /// What stands there, in a few words for people.
    pub(super) fn words(&self) -> String {
        match &self.standing {
            None => "is not there".to_owned(),
            Some(standing) => {
                format!("holds {} bytes with digest {}", standing.content.len(), Digest::of(&standing.content).short())
            }
        }
    }
}

/// Follows links of the last component; the kernel follows those of the directories.
fn follow(named: &Path) -> Result<PathBuf, String> {
    let mut path = named.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("/")).join(target),
            // Not a link, or nothing there: both are where we wanted to get.
            Err(_) => return Ok(path),
        }
    }
    Err("too many symbolic links, one after the other".to_owned())
}

fn acceptable(metadata: &Metadata) -> Result<(), String> {
    if metadata.is_dir() {
        return Err("it is a directory".to_owned());
    }
    if !metadata.is_file() {
        return Err("it is a device, a pipe or a socket; only regular files are written".to_owned());
    }
    if metadata.nlink() > 1 {
        // The new file takes over one name only; the others would silently keep the old content.
        return Err(format!("the file has {} names (hard links), and writing would part them", metadata.nlink()));
    }
    if metadata.len() > BEFORE_LIMIT {
        return Err(format!(
            "it has {} bytes, and its content before must be kept for the rollback (at most {BEFORE_LIMIT} bytes): \
             change it with a `run` command and its own rollback",
            metadata.len()
        ));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Standing, String> {
    let words = |error: io::Error| plain(&error);
    // What was a file a moment ago may be a pipe or a link now: neither wait for it nor follow it.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(words)?;
    let metadata = file.metadata().map_err(words)?;
    acceptable(&metadata)?;
    let mut content = Vec::new();
    (&file).take(BEFORE_LIMIT + 1).read_to_end(&mut content).map_err(words)?;
    if content.len() as u64 > BEFORE_LIMIT {
        return Err("it grows while it is read".to_owned());
    }
    Ok(Standing { file, metadata, content })
}
