//! One request and its answer.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use runbook_model::answer::Response;
use runbook_model::excerpt::{Bytes, KEPT};
use runbook_model::length::Length;
use ureq::http::{HeaderMap, Method, Request};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error, Timeout};

use crate::secret::known;
use crate::world::live::io_words::plain;

/// How long a connection may take to come about, whatever the answer may take.
const CONNECT: Duration = Duration::from_secs(10);

/// All authorities of the world have a tenth of this.
const MOST_PEM: u64 = 8 * 1024 * 1024;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    /// The authorities that count; the machine's when absent.
    pub(crate) authorities: Option<RootCerts>,
    /// From start to the last byte.
    pub(crate) timeout: Length,
    /// How many redirects are followed; the last one is the answer when this is 0, and an error otherwise.
    pub(crate) redirects: u32,
}

/// Asks, and waits for the answer. Any status is an answer. Blocks.
///
/// Each request has a connection of its own: on a pooled one the server may have hung up, and then nobody can tell
/// whether the request was received.
pub(crate) fn ask(asked: &Asked) -> Result<Response, Error> {
    let started = Instant::now();
    let mut request = Request::builder().method(Method::from_bytes(asked.method.as_bytes()).map_err(|e| Error::Http(e.into()))?);
    for (name, value) in &asked.headers {
        request = request.header(name, value);
    }
    let request = request.uri(&asked.url).body(asked.body.clone().unwrap_or_default())?;
    let limit = Duration::from(asked.timeout);
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(asked.redirects)
        .max_redirects_will_error(asked.redirects > 0)
        .allow_non_standard_methods(true)
        .max_idle_connections(0)
        .tls_config(TlsConfig::builder().root_certs(asked.authorities.clone().unwrap_or_else(root_certs)).build())
        .user_agent(concat!("runbook/", env!("CARGO_PKG_VERSION")))
        // Both, so that "never connected" and "connected, but no answer" stay apart.
        .timeout_resolve(Some(limit.min(CONNECT)))
        .timeout_connect(Some(limit.min(CONNECT)))
        .timeout_global(Some(limit))
        .build()
        .into();
    let response = if asked.body.is_some() { agent.run(request) } else { agent.run(request.map(|_| ())) }?;
    let (parts, body) = response.into_parts();
    let mut kept = Vec::new();
    body.into_reader().take(KEPT as u64 + 1).read_to_end(&mut kept)?;
    let cut = kept.len() > KEPT;
    if cut {
        kept.truncate(KEPT);
        kept = known::veiled_beginning(&kept);
    }
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Response { status: parts.status.as_u16(), headers: lower_cased(&parts.headers), body: Bytes(kept), cut, millis })
}

/// The machine's own authorities where they are found, because a company's servers are signed by its own; else those
/// that the program brings along.
fn root_certs() -> RootCerts {
    const BUNDLES: [&str; 4] =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];
    static ROOTS: OnceLock<RootCerts> = OnceLock::new();
    let load = || {
        let named = std::env::var("SSL_CERT_FILE").ok();
        parsed(&named.iter().map(String::as_str).chain(BUNDLES).find_map(|path| std::fs::read(path).ok())?)
    };
    ROOTS.get_or_init(|| load().unwrap_or(RootCerts::WebPki)).clone()
}

/// The authorities in a file that a step names. Blocks.
///
/// # Errors
/// Why there are none, with the name of the file.
pub(crate) fn authorities(path: &Path) -> Result<RootCerts, String> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| format!("the certificates in `{shown}` cannot be read: {}", plain(&error)))?;
    let mut pem = Vec::new();
    file.take(MOST_PEM)
        .read_to_end(&mut pem)
        .map_err(|error| format!("the certificates in `{shown}` cannot be read: {}", plain(&error)))?;
    parsed(&pem).ok_or_else(|| format!("there is no certificate in `{shown}`: PEM is wanted (`-----BEGIN CERTIFICATE-----`)"))
}

fn parsed(pem: &[u8]) -> Option<RootCerts> {
    let certificates: Vec<_> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    (!certificates.is_empty()).then(|| RootCerts::new_with_certs(&certificates))
}

fn lower_cased(headers: &HeaderMap) -> std::collections::BTreeMap<String, String> {
    let mut all = std::collections::BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        all.entry(name.as_str().to_owned())
            .and_modify(|had| *had = format!("{had}, {value}"))
            .or_insert_with(|| value.into_owned());
    }
    all
}

/// Why no answer came, as the end of a sentence.
pub(crate) fn words(asked: &Asked, error: &Error) -> String {
    match error {
        Error::Io(error) => plain(error),
        Error::Timeout(Timeout::Resolve) => "its host name was not resolved in time".to_owned(),
        Error::Timeout(Timeout::Connect) => {
            format!("no connection within {}", Length::from(CONNECT).min(asked.timeout))
        }
        Error::Timeout(_) => format!("no answer within {}", asked.timeout),
        Error::HostNotFound => "host not found".to_owned(),
        Error::TooManyRedirects => format!("more than {} redirects", asked.redirects),
        other => other.to_string(),
    }
}
