//! Whether a change may be made once more after it failed, without anybody being asked.
//!
//! Its author allows so many attempts (`retry`). That is no leave to do a thing twice: where the first attempt may have had
//! an effect, another one is made only for a change of which its author says that twice is the same as once.

use crate::change::Change;
use crate::failure::Failure;
use crate::step::Command;

impl Command {
    /// Whether another attempt after this failure repeats nothing that may have happened.
    #[must_use]
    pub fn may_repeat(&self, failure: &Failure) -> bool {
        if self.idempotent {
            return true;
        }
        match (&self.change, failure) {
            _ if failure.effect_is_open() => false,
            (Change::Http(call), Failure::Response(response)) => {
                is_idempotent(&call.method) || refuses_before_working(response.status)
            }
            _ => true,
        }
    }
}

/// Whether HTTP itself says that sending it twice is the same as sending it once (RFC 9110, 9.2.2).
fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "PUT" | "DELETE" | "OPTIONS" | "TRACE")
}

/// Whether a server that answers this has not begun to do what it was asked for: it sent us elsewhere, refused the request
/// (429 among them), or has no time for it (503). Any other 5xx may come from the middle of the work.
fn refuses_before_working(status: u16) -> bool {
    (300..500).contains(&status) || status == 503
}

/// How long a server wants to be left alone, in seconds: its `Retry-After`, when it is a number, and it is busy.
#[must_use]
pub fn asked_to_wait(failure: &Failure) -> Option<u64> {
    match failure {
        Failure::Response(response) if matches!(response.status, 429 | 503) => {
            response.headers.get("retry-after")?.trim().parse().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Response;
    use crate::change::{HttpCall, Invocation};
    use std::collections::BTreeMap;

    fn answered(status: u16) -> Failure {
        let headers = BTreeMap::from([("retry-after".to_owned(), "7".to_owned())]);
        Failure::Response(Response { status, headers, ..Response::default() })
    }

    fn sends(method: &str) -> Command {
        Command::new(Change::Http(HttpCall { method: method.to_owned(), url: "http://h/".to_owned(), ..HttpCall::default() }))
    }

    #[test]
    fn a_request_is_repeated_only_when_it_cannot_have_worked_or_twice_is_once() {
        for (method, status, may) in [
            ("POST", 503, true),
            ("POST", 429, true),
            ("POST", 409, true),
            ("POST", 500, false),
            ("PATCH", 500, false),
            ("PUT", 500, true),
            ("DELETE", 500, true),
            // A gateway that gave up does not know what the server behind it does.
            ("PUT", 504, false),
            ("POST", 502, false),
        ] {
            assert_eq!(sends(method).may_repeat(&answered(status)), may, "{method} {status}");
            let idempotent = Command { idempotent: true, ..sends(method) };
            assert!(idempotent.may_repeat(&answered(status)), "{method} {status}");
        }
        let lost = |maybe_sent| Failure::NoResponse { url: String::new(), message: String::new(), maybe_sent };
        assert!(sends("POST").may_repeat(&lost(false)) && !sends("PUT").may_repeat(&lost(true)));
        let program = Command::new(Change::Run(Invocation::default()));
        let not_started = Failure::NotStarted { program: String::new(), message: String::new() };
        assert!(program.may_repeat(&not_started));
    }

    #[test]
    fn who_is_busy_says_for_how_long() {
        assert_eq!([503, 429, 500].map(|status| asked_to_wait(&answered(status))), [Some(7), Some(7), None]);
    }
}
