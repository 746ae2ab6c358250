//! Looks at the world: one file a kind.
//!
//! What is not there is an answer where the question was whether it is there, and `null` then. What could not be looked
//! at is [`NotSeen`], a sentence that names the thing.

mod content;
mod http;
mod listing;
mod output;
mod processes;
mod resolve;
mod stat;
mod tcp;

use std::sync::Arc;

use runbook_model::observation::{NotSeen, Observation, Seen};

use super::Site;
use super::blocking::{off_thread, off_thread_within};
use super::host::Hosts;
use super::processes::Processes;
use crate::secret::{Vault, filled};
use crate::world::Blind;

/// How long a disk may take to answer; one that is slower hangs.
const DISK: std::time::Duration = std::time::Duration::from_secs(30);

/// Takes one look.
pub(super) async fn observe(
    site: &Site,
    hosts: &Hosts,
    vault: &Arc<Vault>,
    processes: &dyn Processes,
    observation: &Observation,
) -> Result<Seen, Blind> {
    let seen = match observation {
        Observation::Http { method, url, headers, timeout, secrets, ca } => {
            let (vault, headers, secrets) = (Arc::clone(vault), headers.clone(), secrets.clone());
            let ca = ca.as_deref().map(|ca| site.absolute(ca));
            let guarded = !secrets.is_empty();
            let filled = off_thread(move || {
                let values = vault.values(&secrets).map_err(|error| error.to_string())?;
                filled::headers(&headers, &secrets, &values).map_err(|error| error.to_string())
            });
            let headers = filled.await.map_err(|why| not_seen(url, why))?;
            http::look(method, url, &headers, *timeout, guarded, ca).await
        }
        Observation::Output { invocation, timeout } => {
            return output::look(site, (hosts, vault), processes, invocation, *timeout).await;
        }
        Observation::ReadFile { path } => on_disk(site, path, content::read).await,
        Observation::ReadLink { path } => on_disk(site, path, stat::link).await,
        Observation::Stat { path } => on_disk(site, path, stat::stat).await,
        Observation::ListDir { path } => on_disk(site, path, listing::list).await,
        Observation::Tcp { address, timeout } => tcp::look(address, *timeout).await,
        Observation::Resolve { name } => resolve::look(name).await,
        Observation::Processes { name } => {
            let name = name.clone();
            off_thread(move || processes::look(&name)).await
        }
        Observation::Env { name } => {
            let found = site.env.iter().find(|(had, _)| had.as_os_str() == name.as_str());
            match found.map(|(_, value)| value.to_str().ok_or_else(|| not_seen(name, "its value is not UTF-8"))) {
                Some(value) => Ok(Seen::Value(value?.into())),
                None => Ok(Seen::Value(runbook_model::Value::Null)),
            }
        }
        // In milliseconds: people read it, and a step takes longer than that.
        Observation::Now => Ok(Seen::Value(format!("{:.3}", jiff::Timestamp::now()).into())),
    };
    seen.map_err(Blind::from)
}

async fn on_disk(
    site: &Site,
    path: &str,
    look: impl FnOnce(&std::path::Path) -> Result<Seen, String> + Send + 'static,
) -> Result<Seen, NotSeen> {
    let absolute = site.absolute(path);
    let seen = off_thread_within(DISK, move || look(&absolute)).await;
    seen.unwrap_or_else(|| Err(format!("the file system did not answer within {} s", DISK.as_secs())))
        .map_err(|words| not_seen(path, words))
}

/// A sentence about `thing`.
fn not_seen(thing: &str, words: impl std::fmt::Display) -> NotSeen {
    NotSeen { message: format!("{thing}: {words}") }
}

#[cfg(test)]
mod tests;
