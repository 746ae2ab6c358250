//! `runbook demo`: a small deployment to try things on.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Try it on a small deployment on this machine
///
/// Sets up a directory with a service, its releases and runbooks, all of it on the loopback interface.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Where to set it up; must be new or empty
    #[arg(value_name = "DIR", default_value = "runbook-demo")]
    pub dir: PathBuf,
}

/// The service of the demo
///
/// Its directory is the global `--root`. The control script of the demo starts it; people never do.
#[derive(Debug, clap::Args)]
pub struct DemoService {
    /// Where it listens: loopback
    #[arg(long, value_name = "HOST:PORT")]
    pub address: SocketAddr,
}
