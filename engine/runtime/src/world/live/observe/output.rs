//! `exec::output`: what a program prints that only looks.

use std::time::Duration;

use runbook_model::change::Invocation;
use runbook_model::length::Length;
use runbook_model::observation::{NotSeen, Seen};
use tokio::sync::watch;

use super::not_seen;
use crate::world::Limits;
use crate::world::live::blocking::off_thread;
use crate::world::live::processes::{Job, Key, Processes, RunEnd};
use crate::world::live::{Site, command};

const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn look(
    site: &Site,
    processes: &dyn Processes,
    invocation: &Invocation,
    timeout: Option<Length>,
) -> Result<Seen, NotSeen> {
    let line = format!("`{}`", invocation.line());
    let (place, wanted) = (site.clone(), invocation.clone());
    let prepared =
        off_thread(move || command::prepare(&place, &wanted)).await.map_err(|failure| NotSeen { message: failure.line() })?;
    let key = Key::fresh();
    let (_never, stop) = watch::channel(false);
    let limits = Limits { timeout: Some(timeout.unwrap_or_else(|| TIMEOUT.into())), stop };
    let job = Job { only_looks: true, ..command::job(site, &prepared) };
    let end = processes.run(key, job, limits, &|_, _| {}).await;
    match end {
        RunEnd::Exited(exited) => Ok(Seen::Exited(exited)),
        RunEnd::NotStarted { message } => Err(not_seen(&line, format_args!("it was not started: {message}"))),
        RunEnd::TimedOut { after, .. } => Err(not_seen(&line, format_args!("it still ran after {after} and was stopped"))),
        RunEnd::Stopped { .. } => Err(not_seen(&line, "it was stopped")),
        RunEnd::Lost { known } => Err(not_seen(&line, known)),
    }
}
