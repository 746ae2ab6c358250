//! One server for a state directory.
//!
//! What it knows of alerts and rehearsals is in its memory, and on disk for the next one; what the second of two servers took
//! would be lost with the first file that is written anew.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use runbook_runtime::journal::StateDir;
use rustix::fs::{FlockOperation, flock};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::safe;
use crate::place::Place;

/// The claim of the one server, for as long as this is there. The system takes it back when the process ends, however it does.
#[derive(Debug)]
pub struct Sole {
    lock: File,
    home: PathBuf,
}

impl Sole {
    /// Claims the state directory of a place, before anything is listened at, and removes what an earlier server left when it was
    /// killed.
    ///
    /// # Errors
    /// Another server has it, or the directory cannot be used.
    pub fn of(place: &Place) -> Result<Self, Failure> {
        let state = StateDir::open(&place.configuration.state_dir.value)?;
        let home = state.path().join("serve");
        fs::create_dir_all(home.join("started"))
            .map_err(|error| Failure::usage(format!("`{}` cannot be made: {error}", home.display())))?;
        Self::claim(&home)
    }

    fn claim(home: &Path) -> Result<Self, Failure> {
        let path = home.join("lock");
        let unusable = |error: io::Error| Failure::usage(format!("`{}` cannot be used: {error}", path.display()));
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut lock = open.map_err(unusable)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(taken(home, &mut lock)),
            Err(error) => return Err(unusable(error.into())),
        }
        clear(&home.join("started"));
        let mut sole = Self { lock, home: home.to_owned() };
        sole.introduce("");
        Ok(sole)
    }

    /// Where what the server keeps lies.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// Says in the file where the server listens.
    pub(super) fn listens(&mut self, at: SocketAddr) {
        self.introduce(&format!(", at {at}"));
    }

    fn introduce(&mut self, more: &str) {
        let text = format!("pid {}{more}\n", std::process::id());
        // Only for people: it is the lock that counts.
        if let Err(error) = self.lock.set_len(0).and_then(|()| self.lock.write_all_at(text.as_bytes(), 0)) {
            tracing::warn!(%error, "who serves was not written down");
        }
    }
}

fn taken(home: &Path, lock: &mut File) -> Failure {
    let mut by = String::new();
    let known = lock.take(200).read_to_string(&mut by).is_ok() && !by.trim().is_empty();
    let by = if known { format!(" ({})", safe::line(by.trim())) } else { String::new() };
    let state = home.parent().unwrap_or(home).display();
    Failure::new(ExitCode::Refused, format!("another `runbook serve` works on `{state}`{by}"))
        .hint("end that one first; or give this one a state directory of its own: `--state-dir DIR`")
}

/// What processes that were started said, to a server that is gone.
fn clear(started: &Path) {
    for file in fs::read_dir(started).into_iter().flatten().flatten() {
        if let Err(error) = fs::remove_file(file.path()) {
            tracing::warn!(file = %file.path().display(), %error, "what an earlier server left cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_told_who_is_there_and_what_was_left_is_removed() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("started")).unwrap();
        let left = home.path().join("started/7.out");
        fs::write(&left, "x").unwrap();
        let mut first = Sole::claim(home.path()).unwrap();
        first.listens("127.0.0.1:7".parse().unwrap());
        assert!(!left.exists());
        fs::write(&left, "x").unwrap();
        let told = Sole::claim(home.path()).unwrap_err().to_string();
        assert!(told.contains(&format!("pid {}, at 127.0.0.1:7", std::process::id())), "{told}");
        assert!(left.exists(), "it is the first one's");
        drop(first);
        Sole::claim(home.path()).unwrap();
    }
}
