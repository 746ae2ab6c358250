//! `runbook demo`: a small deployment to try things on.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use runbook_model::change::quoted;
use runbook_model::person::From;

use crate::commands;
use crate::demo::{self, DemoFailure};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::operator::Operator;
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
        show(&format!("now it is your turn:\n  cd {dir}\n  runbook exec rollback-api --dry-run\n  runbook exec rollback-api"));
        return Ok(ExitCode::Completed);
    }
    // The runbook's own half a minute is right for production; whoever tries it has seen enough after three seconds.
    let mut words = vec!["exec", "rollback-api", "-p", "watch=3s"];
    // At a terminal the person there is asked; a script has nobody to ask.
    if Operator::here().person.from != From::Terminal {
        words.push("--yes");
    }
    show(&format!("$ runbook -C {dir} {}", words.join(" ")));
    let line: Vec<OsString> = ["runbook".into(), "-C".into(), demo.dir.clone().into_os_string()]
        .into_iter()
        .chain(["--color", globals.color.word()].into_iter().chain(words).map(OsString::from))
        .collect();
    let exit = commands::perform_line(line);
    show(&format!("\nafterwards:\n  {}\n  current -> {}\n", health(&deployment)?, deployment.current()?));
    show(&next_steps(&demo.dir, exit));
    Ok(exit)
}

/// What to type now. `cd` first: the configuration, the runs and the trail are found from there.
fn next_steps(dir: &Path, exit: ExitCode) -> String {
    let mut lines = vec![(format!("cd {}", quoted(&dir.to_string_lossy())), "")];
    let line = |command: &str, why: &'static str| (command.to_owned(), why);
    if exit == ExitCode::Completed {
        lines.extend([
            line("runbook runs", "the run, and its id"),
            line("runbook verify", "nobody edited the trail"),
            line("git --git-dir .runbook/audit.git log --first-parent --oneline main", "the same without us"),
            line("runbook rollback RUN --dry-run", "what taking it back would do"),
            line("runbook rollback RUN", "take it back"),
        ]);
    } else {
        lines.push(line("runbook resume", "go on"));
    }
    lines.push(line("runbook demo --stop .", "end the service"));
    let width = lines.iter().map(|(command, _)| command.len()).filter(|width| *width < 40).max().unwrap_or_default();
    let lines: Vec<_> = lines
        .iter()
        .map(|(command, why)| if why.is_empty() { format!("  {command}") } else { format!("  {command:width$}  # {why}") })
        .collect();
    format!("try next:\n{}", lines.join("\n"))
}

/// Serves, until it is stopped.
///
/// # Errors
/// The address is not on loopback or is taken.
pub fn serve(service: &DemoService, globals: &Globals) -> Result<(), Failure> {
    let root = globals.root.as_deref().ok_or_else(|| Failure::usage("the service of the demo needs `--root DIR`"))?;
    match demo::serve(root, service.address)? {}
}

impl std::convert::From<DemoFailure> for Failure {
    fn from(failure: DemoFailure) -> Self {
        Self::usage(failure.to_string())
    }
}
