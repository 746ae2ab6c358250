//! `exec::output`: what a program prints that only looks.

use std::sync::Arc;
use std::time::Duration;

use runbook_model::answer::Exited;
use runbook_model::change::Invocation;
use runbook_model::length::Length;
use runbook_model::observation::{NotSeen, Seen};
use tokio::sync::watch;

use super::not_seen;
use crate::secret::Vault;
use crate::world::live::blocking::off_thread;
use crate::world::live::host::{At, Hosts};
use crate::world::live::processes::{Key, Processes, RunEnd};
use crate::world::live::{Site, command, secrets};
use crate::world::{Blind, Limits};

const TIMEOUT: Duration = Duration::from_secs(30);

/// What a program complains about to which the kernel has refused something, for want of a better sign.
const REFUSED: [&str; 3] = ["permission denied", "operation not permitted", "no new privileges"];

/// The line in which a program that failed says that it was refused something.
fn refusal(exited: &Exited) -> Option<String> {
    let said = String::from_utf8_lossy(&exited.stderr.head.0);
    let is_refusal = |line: &&str| REFUSED.iter().any(|words| line.to_lowercase().contains(words));
    said.lines().find(is_refusal).filter(|_| !exited.status.is_success()).map(str::to_owned)
}

pub(super) async fn look(
    site: &Site,
    (hosts, vault): (&Hosts, &Arc<Vault>),
    processes: &dyn Processes,
    invocation: &Invocation,
    timeout: Option<Length>,
) -> Result<Seen, Blind> {
    let line = format!("`{}`", invocation.line());
    let (_never, stop) = watch::channel(false);
    let limits = Limits { timeout: Some(timeout.unwrap_or_else(|| TIMEOUT.into())), stop };
    if let Some(host) = &invocation.on {
        let (vault, wanted) = (Arc::clone(vault), invocation.clone());
        let opened = off_thread(move || secrets::open_run(&vault, &wanted)).await.map_err(|message| NotSeen { message })?;
        let prepared = hosts.prepare(site, host, &opened).await.map_err(|failure| NotSeen { message: failure.line() })?;
        let at = At { host, key: Key::fresh(), invocation: &prepared, only_looks: true };
        return seen(&line, Box::pin(hosts.run(site, processes, at, limits, &|_, _| {})).await, false);
    }
    let (place, vault, wanted) = (site.clone(), Arc::clone(vault), invocation.clone());
    let prepared = off_thread(move || {
        let mut opened = secrets::open_run(&vault, &wanted)?;
        let found = command::prepare(&place, &opened).map_err(|failure| failure.line())?;
        opened.replace(found);
        Ok(opened)
    });
    let mut prepared = prepared.await.map_err(|message: String| NotSeen { message })?;
    let key = Key::fresh();
    let confined = site.confinement.as_ref();
    if let Some(confinement) = confined {
        let wrapped = confinement.around(&prepared);
        prepared.replace(wrapped);
    }
    let job = command::job(site, &prepared, true);
    let end = processes.run(key, job, limits, &|_, _| {}).await;
    seen(&line, end, confined.is_some())
}

fn seen(line: &str, end: RunEnd, confined: bool) -> Result<Seen, Blind> {
    let unseen = match end {
        RunEnd::Exited(exited) => match refusal(&exited).filter(|_| confined) {
            // As a plain answer it would be taken for what the program says in a real run.
            Some(refusal) => not_seen(line, format_args!("{refusal}; in a rehearsal the programs of checks may only read")),
            None => return Ok(Seen::Exited(exited)),
        },
        RunEnd::NotStarted { message } => not_seen(line, format_args!("it was not started: {message}")),
        RunEnd::Unwritten(unwritten) => return Err(Blind::Unwritten(unwritten)),
        RunEnd::TimedOut { after, .. } => not_seen(line, format_args!("it still ran after {after} and was stopped")),
        RunEnd::Stopped { .. } => not_seen(line, "it was stopped"),
        RunEnd::Lost { known } => not_seen(line, known),
    };
    Err(unseen.into())
}
