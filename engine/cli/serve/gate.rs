//! What every request goes through, and what every answer carries.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::asker::Asker;
use super::door::Peer;
use super::due::Due;
use super::refusal::Refusal;
use super::{Desk, refusal, visitor};

/// Nothing but our own style sheets, scripts and connections; no frame anywhere, no code or style in a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// The whole of a request comes within this,
const WHOLE: Duration = Duration::from_secs(20);
/// and its answer begins within this.
const PATIENCE: Duration = Duration::from_secs(30);

/// Lets a request in, or says why not.
pub(super) async fn keeper(State(desk): State<Arc<Desk>>, mut request: Request, next: Next) -> Response {
    desk.counted.requests.fetch_add(1, Ordering::Relaxed);
    let is_static = request.uri().path().starts_with("/static/");
    let by_program = visitor::is_program(request.uri().path());
    let mut response = match judged(&desk, &mut request) {
        Ok(visitor) => {
            if let Some(visitor) = visitor {
                request.extensions_mut().insert(visitor);
            }
            served(request, next).await
        }
        Err(refusal) => refusal.into_response(),
    };
    if response.status().is_client_error() || response.status().is_server_error() {
        desk.counted.refused.fetch_add(1, Ordering::Relaxed);
        if by_program {
            response = refusal::for_programs(response);
        }
    }
    // A refusal is of this moment, whatever it is a refusal of.
    let quiet = is_static && response.status().is_success();
    protect(response.headers_mut(), quiet);
    if desk.settings.is_secure() {
        // A browser that was here once asks for nothing in the clear any more: nobody in between gets a first request.
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// The answer of whoever serves this address, in time.
async fn served(request: Request, next: Next) -> Response {
    let acts = !request.method().is_safe();
    let answer = next.run(request.map(|body| Due::within(WHOLE, body)));
    let answer = async move {
        if !acts {
            return answer.await;
        }
        // A phone that loses its network takes its request with it. What it began is brought to its end all the same: an answer
        // that is on record, and a run that nobody goes on with, would wait for ever.
        let failed = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "this failed").into_response();
        tokio::spawn(answer).await.unwrap_or_else(failed)
    };
    let late = |_| Refusal::new(StatusCode::GATEWAY_TIMEOUT, "this takes too long; look again in a while").into_response();
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(late)
}

fn judged(desk: &Desk, request: &mut Request) -> Result<Option<visitor::Visitor>, Refusal> {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let Some(peer) = peer else { return Err(Refusal::new(StatusCode::FORBIDDEN, "nobody asks")) };
    let is_proxy = desk.settings.proxies.contains(&peer);
    // Without encryption of our own, whoever does not come by the proxy comes in the clear.
    if !desk.at.ip().is_loopback() && desk.settings.tls.is_none() && !is_proxy {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "only the proxy is answered here"));
    }
    let asker = Asker::of(peer, is_proxy, request.headers());
    if !desk.asked.take(asker.0) {
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "that is too often; wait a little"));
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
    if hosts.next().is_some() || !desk.hosts.knows(host) || request.uri().authority().is_some() {
        let message = "this is not the name of this page (RB0046)";
        return Err(
            Refusal::new(StatusCode::MISDIRECTED_REQUEST, message).hint("names of its own stand in `hosts` or `url` of [serve]")
        );
    }
    if !is_plain(request.uri().path()) {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "this address has parts that no address of ours has"));
    }
    if ![Method::GET, Method::HEAD, Method::POST, Method::PUT].contains(request.method()) {
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this is not done here"));
    }
    let visitor = visitor::of(desk, peer, request.headers())?;
    request.extensions_mut().insert(asker);
    // The tokens of webhooks are judged by the hook.
    let is_guess = visitor.is_none() && visitor::bearer(request.headers()).is_some();
    if is_guess && !request.uri().path().starts_with("/hooks/") {
        asker.guesses(desk)?;
    }
    Ok(visitor)
}

/// Whether a path means the same however it is read: decoded once, nothing in it is a separator, a step upwards or an end.
fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let odd = ["%2f", "%5c", "%00", "%2e%2e", "\\", "//"];
    !odd.iter().any(|odd| lower.contains(odd))
        && !lower.split('/').any(|part| matches!(part, "." | ".." | "%2e" | ".%2e" | "%2e."))
}

fn protect(headers: &mut HeaderMap, quiet: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Nothing goes elsewhere. With `no-referrer` a browser would also keep from us where a form comes from (`Origin: null`).
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    set(header::CACHE_CONTROL, if quiet { "private, max-age=300" } else { "no-store" });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_could_be_read_twice_is_refused() {
        for plain in ["/", "/open/db/failover", "/alert/MysqlTooManyConnections(%3E80%25)", "/a/00ff"] {
            assert!(is_plain(plain), "{plain}");
        }
        for odd in
            ["/open/../x", "/open/%2e%2e/x", "/open/.%2E/x", "/open/a%2Fb", "/open/a%5cb", "/open/a\\b", "/a/%00", "//evil"]
        {
            assert!(!is_plain(odd), "{odd}");
        }
    }
}
