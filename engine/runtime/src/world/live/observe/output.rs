//! `exec::output`: what a program prints that only looks.

use std::sync::Arc;
use std::time::Duration;

use runbook_model::change::Invocation;
use runbook_model::length::Length;
use runbook_model::observation::{NotSeen, Seen};
use tokio::sync::watch;

use super::not_seen;
use crate::secret::Vault;
use crate::world::Limits;
use crate::world::live::blocking::off_thread;
use crate::world::live::processes::{Key, Processes, RunEnd};
use crate::world::live::{Site, command, secrets};

const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn look(
    site: &Site,
    vault: &Arc<Vault>,
    processes: &dyn Processes,
    invocation: &Invocation,
    timeout: Option<Length>,
) -> Result<Seen, NotSeen> {
    let line = format!("`{}`", invocation.line());
    let (place, vault, wanted) = (site.clone(), Arc::clone(vault), invocation.clone());
    let prepared = off_thread(move || {
        let mut opened = secrets::open_run(&vault, &wanted)?;
        let found = command::prepare(&place, &opened).map_err(|failure| failure.line())?;
        opened.found(found);
        Ok(opened)
    });
    let prepared = prepared.await.map_err(|message: String| NotSeen { message })?;
    let key = Key::fresh();
    let (_never, stop) = watch::channel(false);
    let limits = Limits { timeout: Some(timeout.unwrap_or_else(|| TIMEOUT.into())), stop };
    let job = command::job(site, &prepared, true);
    let end = processes.run(key, job, limits, &|_, _| {}).await;
    match end {
        RunEnd::Exited(exited) => Ok(Seen::Exited(exited)),
        RunEnd::NotStarted { message } => Err(not_seen(&line, format_args!("it was not started: {message}"))),
        RunEnd::TimedOut { after, .. } => Err(not_seen(&line, format_args!("it still ran after {after} and was stopped"))),
        RunEnd::Stopped { .. } => Err(not_seen(&line, "it was stopped")),
        RunEnd::Lost { known } => Err(not_seen(&line, known)),
    }
}
