//! `runbook demo`: a small deployment to try things on.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::arguments::Globals;
use crate::configuration::Surroundings;
use crate::demo::{self, DemoFailure};
use crate::failure::Failure;
use crate::output::{self, safe};

/// Try it on a small deployment on this machine
///
/// Sets up a directory with a service, two releases of it, one of them broken, and a runbook, all on the loopback interface.
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

/// Sets the deployment up, and starts its service with the broken release.
///
/// # Errors
/// The directory holds something else, or the service does not start.
pub fn run(demo: &Demo) -> Result<(), Failure> {
    let cwd = Surroundings::here()?.cwd;
    let exe = std::env::current_exe().map_err(|error| Failure::usage(format!("this program cannot find itself: {error}")))?;
    let deployment = demo::prepare(&cwd.join(&demo.dir), &exe)?;
    deployment.start()?;
    let (status, _) = deployment.health()?;
    let dir = safe::line(&demo.dir.to_string_lossy());
    output::to_stdout(&format!(
        "A service listens on {}, and its health says {status}: the release that it serves is broken.\n\n  cd {}\n  runbook exec rollback-api --dry-run\n",
        deployment.address(),
        runbook_model::change::quoted(&dir),
    ))
}

/// Serves, until it is stopped.
///
/// # Errors
/// The address is not on loopback or is taken.
pub fn serve(service: &DemoService, globals: &Globals) -> Result<(), Failure> {
    let root = globals.root.as_deref().ok_or_else(|| Failure::usage("the service of the demo needs `--root DIR`"))?;
    match demo::serve(root, service.address)? {}
}

impl From<DemoFailure> for Failure {
    fn from(failure: DemoFailure) -> Self {
        Self::usage(failure.to_string())
    }
}
