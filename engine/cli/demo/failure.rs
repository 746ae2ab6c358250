//! What can go wrong around the demo deployment.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Something is wrong with the demo deployment or its service.
#[derive(Debug, thiserror::Error)]
pub enum DemoFailure {
    /// The directory holds something else, and nothing of it is touched.
    #[error("`{}` is not empty and is no demo deployment: name a new directory, or empty this one", .0.display())]
    Occupied(PathBuf),
    /// There is no deployment.
    #[error("`{}` is no demo deployment: `runbook demo` sets one up", .0.display())]
    Absent(PathBuf),
    /// A file could not be read or written.
    #[error("cannot {action} `{}`: {source}", .path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A path that has to stand in a text file is no text.
    #[error("`{}` is not UTF-8: the demo writes its paths into text files, so put it elsewhere", .0.display())]
    NotText(PathBuf),
    /// A release's description cannot be read.
    #[error("`{}` does not describe a release: {message}", .path.display())]
    Release {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The control script failed.
    #[error("`bin/api {verb}` failed: {said}")]
    Control {
        /// What it was asked to do.
        verb: &'static str,
        /// What it said.
        said: String,
    },
    /// The service's address is not one that only this machine can reach.
    #[error("the demo service listens on loopback only, not on `{0}`: use 127.0.0.1:PORT")]
    NotLoopback(SocketAddr),
    /// The address could not be listened on.
    #[error("cannot listen on `{address}`: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// No port was free.
    #[error("none of {tries} ports of `127.0.0.1` can be listened on: may this program open sockets here?")]
    NoPort {
        /// How many were tried.
        tries: u64,
    },
    /// The service gave no answer.
    #[error("no answer from `http://{address}/health`: {source}")]
    NoAnswer {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl DemoFailure {
    /// For `map_err`: the file, and what was tried with it.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}
