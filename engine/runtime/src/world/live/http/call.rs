//! Requests that change something.

use std::io::ErrorKind;
use std::time::Duration;

use runbook_model::answer::Answer;
use runbook_model::change::HttpCall;
use runbook_model::failure::Failure;
use runbook_model::length::Length;
use ureq::http::{HeaderName, HeaderValue, Method, Uri};
use ureq::{Error, Timeout};

use super::client::{Asked, ask, authorities, words};
use crate::world::live::Site;
use crate::world::live::blocking::off_thread;
use crate::world::{Limits, Performed};

/// How long an answer may take when the step does not say.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What the TLS library says of a server whose certificate it does not accept.
const BAD_CERTIFICATE: &str = "invalid peer certificate";

/// Refuses what can never be sent. Blocks.
pub(crate) fn prepare(site: &Site, call: &HttpCall) -> Result<HttpCall, Box<Failure>> {
    let refuse = |message: String| Box::new(Failure::NoResponse { url: call.url.clone(), message, maybe_sent: false });
    let uri: Uri = call.url.parse().map_err(|_| refuse("this is not an address".to_owned()))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err(refuse("an address starts with `http://` or `https://` and names a host".to_owned()));
    }
    if call.json.is_some() && call.body.is_some() {
        return Err(refuse("it has both `json` and `body`: keep one".to_owned()));
    }
    Method::from_bytes(call.method.as_bytes())
        .map_err(|_| refuse(format!("`{}` is not a method", call.method.escape_debug())))?;
    for (name, value) in &call.headers {
        if HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(value).is_err() {
            return Err(refuse(format!("the header field `{}` cannot be sent", name.escape_debug())));
        }
    }
    let Some(ca) = &call.ca else { return Ok(call.clone()) };
    let path = site.absolute(ca);
    authorities(&path).map_err(refuse)?;
    let path = path.into_os_string().into_string().map_err(|_| refuse("the path of its `ca` is not UTF-8".to_owned()))?;
    Ok(HttpCall { ca: Some(path), ..call.clone() })
}

/// Sends it. A redirect is an answer, not followed: it would repeat the change somewhere else.
pub(crate) async fn perform(call: &HttpCall, mut limits: Limits) -> Performed {
    let own = call.timeout.unwrap_or_else(|| TIMEOUT.into());
    let failed =
        |message: String, maybe_sent| Performed::Failed(Failure::NoResponse { url: call.url.clone(), message, maybe_sent });
    let mut asked = asked(call, limits.timeout.map_or(own, |limit| limit.min(own)));
    if let Some(ca) = call.ca.clone() {
        match off_thread(move || authorities(ca.as_ref())).await {
            Ok(named) => asked.authorities = Some(named),
            Err(message) => return failed(message, false),
        }
    }
    let stopped = async {
        if limits.stop.wait_for(|stop| *stop).await.is_err() {
            // Nobody is left who could stop it.
            std::future::pending::<()>().await;
        }
    };
    let sent = asked.clone();
    tokio::select! {
        biased;
        answer = off_thread(move || ask(&sent)) => match answer {
            Ok(response) if succeeds(call, response.status) => Performed::Done(Answer::Response(response)),
            Ok(response) => Performed::Failed(Failure::Response(response)),
            Err(error) => failed(words(&asked, &error), !never_connected(&error)),
        },
        () = stopped => failed("stopped by the operator before an answer came".to_owned(), true),
    }
}

fn asked(call: &HttpCall, timeout: Length) -> Asked {
    let mut headers: Vec<_> = call.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let body = match (&call.json, &call.body) {
        (Some(json), _) => {
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            Some(json.to_string().into_bytes())
        }
        (None, body) => body.as_ref().map(|text| text.as_bytes().to_vec()),
    };
    Asked { method: call.method.clone(), url: call.url.clone(), headers, body, authorities: None, timeout, redirects: 0 }
}

fn succeeds(call: &HttpCall, status: u16) -> bool {
    if call.expect.is_empty() { (200..300).contains(&status) } else { call.expect.contains(&status) }
}

/// Whether it is certain that no server got a byte of the request. When in doubt: no.
fn never_connected(error: &Error) -> bool {
    match error {
        // Nothing of a request is sent before the server has shown who it is.
        Error::Io(error) if error.to_string().contains(BAD_CERTIFICATE) => true,
        Error::Rustls(error) if error.to_string().contains(BAD_CERTIFICATE) => true,
        // A reset or a broken pipe can come after the request was read; these cannot.
        Error::Io(error) => matches!(
            error.kind(),
            ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::NetworkDown
                | ErrorKind::AddrNotAvailable
        ),
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::ConnectProxyFailed(_)
        | Error::InvalidProxyUrl
        | Error::BadUri(_)
        | Error::Http(_)
        | Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::TcpListener;

    use serde_json::json;
    use tokio::sync::watch;

    use super::super::server::{Server, reply};
    use super::*;

    fn call(method: &str, url: &str) -> HttpCall {
        HttpCall { method: method.to_owned(), url: url.to_owned(), ..HttpCall::default() }
    }

    fn site() -> Site {
        Site::new("01J0000000000000000000000A".parse().unwrap(), std::path::Path::new("/nowhere"))
    }

    fn unlimited() -> Limits {
        Limits { timeout: None, stop: watch::channel(false).1 }
    }

    #[tokio::test]
    async fn sends_json_and_keeps_the_answer() {
        let server = Server::start(|_| reply(201, "X-Id: 7\r\nX-Id: 8", "made"));
        let wanted = HttpCall { json: Some(json!({ "weight": 10 })), ..call("POST", &server.url("/lb")) };
        let Performed::Done(Answer::Response(response)) = perform(&prepare(&site(), &wanted).unwrap(), unlimited()).await else {
            panic!("not sent")
        };
        assert_eq!((response.status, response.body.as_str(), response.headers["x-id"].as_str()), (201, Some("made"), "7, 8"));
        let request = server.requests().remove(0);
        assert!(request.starts_with("POST /lb HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("content-type: application/json\r\n") && request.ends_with("{\"weight\":10}"), "{request}");
    }

    #[tokio::test]
    async fn methods_with_and_without_body_are_sent_as_they_are() {
        let server = Server::start(|_| reply(204, "", ""));
        for (method, body) in [("DELETE", None), ("DELETE", Some("x")), ("PUT", Some("")), ("PURGE", None), ("POST", None)] {
            let wanted = HttpCall { body: body.map(str::to_owned), ..call(method, &server.url("/")) };
            let done = perform(&wanted, unlimited()).await;
            assert!(matches!(done, Performed::Done(_)), "{method} {body:?}: {done:?}");
            let request = server.requests().pop().unwrap();
            assert!(request.starts_with(&format!("{method} / ")) && request.ends_with(body.unwrap_or("\r\n\r\n")), "{request}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_statuses_may_be_expected() {
        let server = Server::start(|_| reply(302, "Location: /elsewhere", ""));
        let done = perform(&call("POST", &server.url("/")), unlimited()).await;
        assert!(matches!(done, Performed::Failed(Failure::Response(response)) if response.status == 302));
        let done = perform(&HttpCall { expect: vec![302], ..call("POST", &server.url("/")) }, unlimited()).await;
        assert!(matches!(done, Performed::Done(_)), "{done:?}");
        assert_eq!(server.requests().len(), 2, "nothing was sent to the other place");
    }

    #[tokio::test]
    async fn knows_whether_the_request_may_have_arrived() {
        let open = |performed: Performed| match performed {
            Performed::Failed(Failure::NoResponse { maybe_sent, message, .. }) => (maybe_sent, message),
            other => panic!("answered: {other:?}"),
        };
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let refused = open(perform(&call("POST", &format!("http://{free}/")), unlimited()).await);
        assert_eq!(refused, (false, "connection refused".to_owned()));
        let hangs_up = Server::start(|_| Vec::new());
        assert!(open(perform(&call("POST", &hangs_up.url("/")), unlimited()).await).0);
        // Accepts connections into its backlog and never answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut slow = call("POST", &format!("http://{}/", silent.local_addr().unwrap()));
        slow.timeout = Some(Length::from_millis(250));
        assert_eq!(open(perform(&slow, unlimited()).await), (true, "no answer within 250ms".to_owned()));
        let (stop, stopped) = watch::channel(true);
        slow.timeout = Some(Length::from_secs(1));
        let (maybe_sent, message) = open(perform(&slow, Limits { timeout: None, stop: stopped }).await);
        assert!(maybe_sent && message.contains("stopped by the operator"), "{message}");
        drop(stop);
    }

    #[test]
    fn what_can_never_be_sent_is_refused_before() {
        let both = HttpCall { json: Some(json!(1)), body: Some(String::new()), ..call("POST", "http://h/") };
        let split = HttpCall { headers: BTreeMap::from([("a".to_owned(), "b\r\nc: d".to_owned())]), ..call("POST", "http://h/") };
        let no_ca = HttpCall { ca: Some("no/such.pem".to_owned()), ..call("POST", "https://h/") };
        for bad in [
            call("POST", "ftp://h/"),
            call("POST", "h/x"),
            call("PO ST", "http://h/"),
            call("POST", "http://"),
            both,
            split,
            no_ca,
        ] {
            let refused = prepare(&site(), &bad).expect_err("it can never be sent");
            assert!(matches!(*refused, Failure::NoResponse { maybe_sent: false, .. }), "{bad:?}");
        }
    }
}
