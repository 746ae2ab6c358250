//! `runbook demo`: a small deployment to try things on.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::arguments::Globals;
use crate::commands;
use crate::demo::{self, DemoFailure};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;

/// Try it on a small deployment on this machine
///
/// Sets up a directory with a service, its releases and a runbook, all of it on the loopback interface; starts the
/// service with a broken release; and rolls that back with the shipped runbook `rollback-api`, for real.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Where to set it up; new, empty, or an earlier demo
    #[arg(value_name = "DIR", default_value = "runbook-demo")]
    pub dir: PathBuf,
    /// Set it up and start the service, but leave the runbook to you
    #[arg(long)]
    pub only_deploy: bool,
    /// Stop the service of an earlier demo
    #[arg(long, conflicts_with = "only_deploy")]
    pub stop: bool,
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

/// Sets it up, and rolls the broken release back.
///
/// # Errors
/// The directory holds something else, or the service does not start.
pub fn run(demo: &Demo, globals: &Globals) -> Result<ExitCode, Failure> {
    let show = |text: &str| output::to_stderr(&format!("{text}\n"));
    if demo.stop {
        demo::Deployment::open(&demo.dir).and_then(|deployment| deployment.stop())?;
        show("the demo service is stopped");
        return Ok(ExitCode::Completed);
    }
    let exe = std::env::current_exe().map_err(|error| Failure::usage(format!("the program cannot find itself: {error}")))?;
    let deployment = demo::prepare(&demo.dir, &exe)?;
    deployment.start()?;
    let health = |deployment: &demo::Deployment| {
        let (status, body) = deployment.health()?;
        Ok::<_, Failure>(format!("GET http://{}/health  {status}  {}", deployment.address(), body.trim()))
    };
    let dir = demo.dir.display();
    show(&format!("a deployment in {dir}, with a broken release:\n  {}\n", health(&deployment)?));
    if demo.only_deploy {
        show(&format!(
            "now it is your turn:\n  cd {dir}\n  runbook exec rollback-api -p service=api --dry-run\n  runbook exec rollback-api -p service=api"
        ));
        return Ok(ExitCode::Completed);
    }
    show(&format!("$ runbook -C {dir} exec rollback-api -p service=api --yes"));
    let color = globals.color;
    let line: Vec<OsString> = ["runbook".into(), "-C".into(), demo.dir.clone().into_os_string()]
        .into_iter()
        .chain(["--color", color.word(), "exec", "rollback-api", "-p", "service=api", "--yes"].map(OsString::from))
        .collect();
    let exit = commands::perform_line(line);
    show(&format!("\nafterwards:\n  {}\n  current -> {}", health(&deployment)?, deployment.current()?));
    show(&format!("the trail:\n  git --git-dir {dir}/.runbook/audit.git log --first-parent --oneline main"));
    show(&format!("try next, in {dir}: `runbook rollback RUN` takes it back; `runbook demo --stop {dir}` ends the service"));
    Ok(exit)
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
