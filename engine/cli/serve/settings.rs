//! What `[serve]` comes to: judged once, before anything listens.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use runbook_model::length::Length;

use super::rehearsing::Rules;
use super::roles::Lists;
use super::sessions::LIFE;
use super::{notify, reply, token};
use crate::configuration::Configuration;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Where the page is when nothing is said.
const LISTEN: &str = "127.0.0.1:8710";

/// What `[serve]` comes to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The address that people use, without a `/` at its end.
    pub url: Option<String>,
    pub(super) hosts: Vec<String>,
    pub(super) tls: Option<(PathBuf, PathBuf)>,
    pub(super) proxies: Vec<IpAddr>,
    pub(super) user_header: String,
    pub(super) lists: Lists,
    pub(super) people: BTreeMap<String, String>,
    pub(super) groups: BTreeMap<String, Vec<String>>,
    pub(super) hooks: BTreeMap<&'static str, Vec<String>>,
    pub(super) rehearse: Option<Rules>,
    /// How long somebody stays logged in.
    pub(super) session: Duration,
}

impl Settings {
    /// Reads them out of a configuration; `listen` is what the command line says.
    ///
    /// # Errors
    /// Something in it cannot be, or would let anybody in.
    pub fn of(configuration: &Configuration, listen: Option<&str>) -> Result<Self, Failure> {
        let serve = &configuration.serve;
        let text = listen.or(serve.text("listen")).unwrap_or(LISTEN);
        let listen: SocketAddr = text.parse().map_err(|_| {
            Failure::usage(format!("`{text}` is no address to listen at"))
                .hint(format!("an address and a port, as in `{LISTEN}`"))
        })?;
        let path = |key: &str| serve.text(key).map(|file| configuration.root.value.join(file));
        let tls = match (path("tls_cert"), path("tls_key")) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(Failure::usage("`tls_cert` and `tls_key` of [serve] are wanted both, or neither")),
        };
        let proxies: Result<Vec<IpAddr>, Failure> = serve.list("trusted_proxy").iter().map(|text| address(text)).collect();
        let proxies = proxies?;
        // Whoever reads what is sent in between could start runs.
        if !listen.ip().is_loopback() && tls.is_none() && proxies.is_empty() {
            let message =
                format!("`{listen}` can be reached from elsewhere, and nothing would be encrypted; nothing was started (RB0045)");
            return Err(Failure::new(ExitCode::Refused, message)
                .hint("set `tls_cert` and `tls_key` in [serve], or `trusted_proxy` to the address of a proxy that does it"));
        }
        let url = serve.text("url").map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = &url
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            return Err(Failure::usage(format!("`url` of [serve] wants http:// or https://, not `{url}`")));
        }
        // It answers to its names only, and an address that stands for all is none of them.
        if listen.ip().is_unspecified() && url.is_none() && serve.list("hosts").is_empty() {
            let message =
                format!("`{listen}` is every address and no name: whoever asks by any would be refused; nothing was started");
            return Err(Failure::usage(message).hint("set `url` in [serve] to where browsers find it, or `hosts` to its names"));
        }
        let mut hooks = BTreeMap::new();
        for key in ["alertmanager_token", "grafana_secret", "pagerduty_secret"] {
            if let Some(path) = path(key) {
                // One a line: while a key is changed, the old one and the new one are good.
                token::private(&path)?;
                let text = std::fs::read_to_string(&path).map_err(|error| Failure::usage(error.to_string()))?;
                let keys = text.lines().map(str::trim).filter(|line| line.len() >= 16).map(str::to_owned);
                hooks.insert(key, keys.collect());
            }
        }
        notify::judged(configuration)?;
        reply::judged(configuration)?;
        let rehearse = Rules::of(configuration)?;
        let session = match serve.text("session").map(str::parse::<Length>) {
            None => LIFE,
            Some(Ok(length)) if length.millis() >= 1_000 => Duration::from_millis(length.millis()),
            Some(_) => {
                return Err(Failure::usage("`session` of [serve] is a length of time, as in \"12h\", of a second at least"));
            }
        };
        Ok(Self {
            listen,
            url,
            hosts: serve.list("hosts").to_vec(),
            tls,
            proxies,
            user_header: serve.text("user_header").unwrap_or("x-forwarded-user").to_ascii_lowercase(),
            lists: Lists {
                viewers: serve.list("viewers").to_vec(),
                operators: serve.list("operators").to_vec(),
                approvers: serve.list("approvers").to_vec(),
            },
            people: serve.people.iter().map(|(name, digest)| (name.clone(), digest.value.to_ascii_lowercase())).collect(),
            groups: configuration.groups.iter().map(|(name, members)| (name.clone(), members.value.clone())).collect(),
            hooks,
            rehearse,
            session,
        })
    }

    /// Whether the server itself speaks TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether browsers reach it encrypted, by its own certificate or by that of a proxy.
    pub(super) fn is_secure(&self) -> bool {
        self.is_encrypted() || self.url.as_ref().is_some_and(|url| url.starts_with("https:"))
    }

    /// How the page is reached: `url`, or where it listens.
    pub(super) fn base(&self, at: SocketAddr) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.url.clone().unwrap_or_else(|| format!("{scheme}://{at}"))
    }
}

fn address(text: &str) -> Result<IpAddr, Failure> {
    let address = text.parse::<IpAddr>().map_err(|_| {
        Failure::usage(format!("`{text}` in `trusted_proxy` of [serve] is no address"))
            .hint("one address each, no names and no ranges")
    })?;
    Ok(address.to_canonical())
}
