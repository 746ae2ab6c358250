//! Who asks.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};

use super::refusal::Refusal;
use super::roles::Roles;
use super::{Desk, token};

/// The longest name that a proxy may give.
const LONGEST: usize = 200;

/// Somebody whom we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Visitor {
    /// By which name.
    pub(super) name: String,
    /// What they may do.
    pub(super) roles: Roles,
    /// What their forms are bound to.
    pub(super) key: String,
    /// Whether they showed a token with this very request, which no other site can make a browser do.
    pub(super) by_token: bool,
}

impl Visitor {
    /// Whether they are logged in still, who came in by a session; others show who they are with each request.
    pub(super) fn is_here(&self, desk: &Desk) -> bool {
        self.key.strip_prefix("session ").is_none_or(|cookie| desk.sessions.has(cookie))
    }
}

/// Finds out who asks; `None` when nobody says who they are.
///
/// # Errors
/// A proxy does not say who it is.
pub(super) fn of(desk: &Desk, peer: IpAddr, headers: &HeaderMap) -> Result<Option<Visitor>, Refusal> {
    if let Some(given) = bearer(headers) {
        // The tokens of webhooks are judged by the hook.
        let Some(name) = by_token(desk, given) else {
            return Ok(None);
        };
        return Ok(Some(Visitor { roles: roles(desk, &name), key: format!("token {name}"), name, by_token: true }));
    }
    if let Some(cookie) = cookie(headers, &desk.cookie())
        && let Some(name) = desk.sessions.of(cookie)
    {
        let key = format!("session {}", token::digest(cookie));
        return Ok(Some(Visitor { roles: roles(desk, &name), key, name, by_token: false }));
    }
    if desk.settings.proxies.contains(&peer) {
        let mut said = headers.get_all(desk.settings.user_header.as_str()).iter();
        // People have names beyond ASCII. What is no text at all is odd, and not the same as no name.
        let name = said.next().map(|name| std::str::from_utf8(name.as_bytes()).unwrap_or("\0").trim());
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            // Two of them: the proxy passed on what the browser sent, and nobody knows which is which.
            let odd = said.next().is_some() || name.len() > LONGEST || name.contains(char::is_control) || name.contains(',');
            // The owner's rights come with the owner's token only.
            if odd || name == desk.owner {
                return Err(Refusal::new(StatusCode::FORBIDDEN, "the proxy does not say who you are"));
            }
            let name = name.to_owned();
            return Ok(Some(Visitor { roles: roles(desk, &name), key: format!("proxy {name}"), name, by_token: false }));
        }
    }
    Ok(None)
}

/// Whose token this is.
pub(super) fn by_token(desk: &Desk, given: &str) -> Option<String> {
    let digest = token::digest(given);
    if token::same(&digest, &desk.token) {
        return Some(desk.owner.clone());
    }
    let mut found = None;
    for (name, known) in &desk.settings.people {
        if token::same(&digest, known) {
            found = Some(name.clone());
        }
    }
    found
}

/// What somebody may do: the owner all, others what the lists say.
fn roles(desk: &Desk, name: &str) -> Roles {
    if name == desk.owner { Roles::ALL } else { desk.settings.lists.of(name, &desk.settings.groups) }
}

/// The token that a request shows.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A cookie by its name.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|text| text.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Whether programs ask at this address, who read no pages.
pub(super) fn is_program(path: &str) -> bool {
    path.starts_with("/api/") || path == "/metrics" || path.starts_with("/runs/") && path.ends_with("/events")
}

/// A visitor who may look.
#[derive(Debug, Clone)]
pub(super) struct Viewer(pub(super) Visitor);

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        // Below a nested router the address has lost its beginning.
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
        let wants_page = parts.method == Method::GET && !is_program(uri.path());
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        match parts.extensions.get::<Visitor>() {
            Some(visitor) if visitor.roles.views => Ok(Self(visitor.clone())),
            Some(visitor) => {
                let message = format!("`{}` is known, and has no role here", visitor.name);
                Err(Refusal::new(StatusCode::FORBIDDEN, message).hint("roles stand in [serve] of runbook.toml"))
            }
            // A browser that comes from a chat sends no `Strict` cookie along. It does when our own page sends it on.
            None if wants_page && parts.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") => {
                Err(Refusal::come_again(path))
            }
            None if wants_page => Err(Refusal::log_in(path)),
            None => Err(Refusal::new(StatusCode::UNAUTHORIZED, "who asks? a session or a token is wanted")),
        }
    }
}
