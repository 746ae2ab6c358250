//! `fs::read`.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use runbook_model::excerpt::Bytes;
use runbook_model::observation::Seen;
use rustix::fs::OFlags;

use crate::world::live::io_words::plain;

/// The longest file that a check may read, in bytes.
pub(super) const LONGEST: u64 = 4 * 1024 * 1024;

pub(super) fn read(path: &Path) -> Result<Seen, String> {
    // Without this flag, opening a pipe would wait for somebody to write.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|error| plain(&error))?;
    let metadata = file.metadata().map_err(|error| plain(&error))?;
    if metadata.is_dir() {
        return Err("it is a directory".to_owned());
    }
    if !metadata.is_file() {
        return Err("it is a device, a pipe or a socket; only regular files are read".to_owned());
    }
    // Files of /proc say that they are empty; so the size decides only when it is too much.
    let mut content = Vec::new();
    if metadata.len() <= LONGEST {
        file.take(LONGEST + 1).read_to_end(&mut content).map_err(|error| plain(&error))?;
    }
    let size = metadata.len().max(content.len() as u64);
    if size > LONGEST {
        return Err(format!("it has {size} bytes; a check reads files of at most {LONGEST} bytes"));
    }
    Ok(Seen::Content(Bytes(content)))
}
