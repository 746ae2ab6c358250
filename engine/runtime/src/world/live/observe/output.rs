//! `exec::output`: what a program prints that only looks.

use std::time::Duration;

use runbook_model::change::Invocation;
use runbook_model::length::Length;
use runbook_model::observation::{NotSeen, Seen};
use tokio::sync::watch;

use super::not_seen;
use crate::world::Limits;
use crate::world::live::blocking::off_thread;
use crate::world::live::host::{At, Hosts};
use crate::world::live::processes::{Job, Key, Processes, RunEnd};
use crate::world::live::{Site, command};

const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn look(
    site: &Site,
    hosts: &Hosts,
    processes: &dyn Processes,
    invocation: &Invocation,
    timeout: Option<Length>,
) -> Result<Seen, NotSeen> {
    let line = format!("`{}`", invocation.line());
    let (_never, stop) = watch::channel(false);
    let limits = Limits { timeout: Some(timeout.unwrap_or_else(|| TIMEOUT.into())), stop };
    if let Some(host) = &invocation.on {
        let prepared = hosts.prepare(site, host, invocation).await.map_err(|failure| NotSeen { message: failure.line() })?;
        let at = At { host, key: Key::fresh(), invocation: &prepared, only_looks: true };
        return seen(&line, Box::pin(hosts.run(site, processes, at, limits, &|_, _| {})).await);
    }
    let (place, wanted) = (site.clone(), invocation.clone());
    let prepared =
        off_thread(move || command::prepare(&place, &wanted)).await.map_err(|failure| NotSeen { message: failure.line() })?;
    let key = Key::fresh();
    let job = Job { only_looks: true, ..command::job(site, &prepared) };
    let end = processes.run(key, job, limits, &|_, _| {}).await;
    seen(&line, end)
}

fn seen(line: &str, end: RunEnd) -> Result<Seen, NotSeen> {
    match end {
        RunEnd::Exited(exited) => Ok(Seen::Exited(exited)),
        RunEnd::NotStarted { message } => Err(not_seen(line, format_args!("it was not started: {message}"))),
        RunEnd::TimedOut { after, .. } => Err(not_seen(line, format_args!("it still ran after {after} and was stopped"))),
        RunEnd::Stopped { .. } => Err(not_seen(line, "it was stopped")),
        RunEnd::Lost { known } => Err(not_seen(line, known)),
    }
}
