//! `http::get` and `http::head`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use runbook_model::length::Length;
use runbook_model::observation::{NotSeen, Seen};

use super::not_seen;
use crate::world::live::blocking::off_thread;
use crate::world::live::http::{Asked, ask, authorities, words};

const TIMEOUT: Duration = Duration::from_secs(10);
const MOST_REDIRECTS: u32 = 5;

pub(super) async fn look(
    method: &str,
    url: &str,
    headers: &BTreeMap<String, String>,
    timeout: Option<Length>,
    guarded: bool,
    ca: Option<PathBuf>,
) -> Result<Seen, NotSeen> {
    if !matches!(method, "GET" | "HEAD") {
        return Err(not_seen(url, format_args!("`{method}` may change something; a check uses GET or HEAD")));
    }
    let named = match ca {
        Some(ca) => Some(off_thread(move || authorities(&ca)).await.map_err(|words| not_seen(url, words))?),
        None => None,
    };
    let asked = Asked {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        body: None,
        authorities: named,
        timeout: timeout.unwrap_or_else(|| TIMEOUT.into()),
        // A header that holds a secret is for this server: another one, to which it might send us on, shall not get it.
        redirects: if guarded { 0 } else { MOST_REDIRECTS },
    };
    let sent = asked.clone();
    match off_thread(move || ask(&sent)).await {
        Ok(response) => Ok(Seen::Response(response)),
        Err(error) => Err(not_seen(url, words(&asked, &error))),
    }
}
