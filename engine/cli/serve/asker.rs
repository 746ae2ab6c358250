//! Whose bucket a request is taken from.

use std::net::IpAddr;

use axum::http::{HeaderMap, StatusCode};

use super::Desk;
use super::refusal::Refusal;

/// The address of whoever asks, also behind a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asker(pub(super) IpAddr);

impl Asker {
    /// What a proxy says of those behind it is believed of the last hop only: the others stand in what the browser sent.
    pub(super) fn of(peer: IpAddr, is_proxy: bool, headers: &HeaderMap) -> Self {
        if !is_proxy {
            return Self(peer);
        }
        let said = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
        Self(said.and_then(|said| said.rsplit(',').next()?.trim().parse().ok()).unwrap_or(peer))
    }

    /// Counts a token that may be a guess.
    ///
    /// # Errors
    /// There were too many of them.
    pub(super) fn guesses(self, desk: &Desk) -> Result<(), Refusal> {
        if desk.tried.take(self.0) {
            return Ok(());
        }
        Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too many tokens were tried; wait five seconds"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_believed_of_its_last_hop_and_nobody_else_of_anything() {
        let [peer, said]: [IpAddr; 2] = [[10, 0, 0, 7].into(), [192, 0, 2, 1].into()];
        let headers =
            |lines: &[&str]| lines.iter().map(|line| ("x-forwarded-for".parse().unwrap(), line.parse().unwrap())).collect();
        assert_eq!(Asker::of(peer, true, &headers(&["1.1.1.1, 192.0.2.1"])).0, said);
        assert_eq!(Asker::of(peer, true, &headers(&["1.1.1.1", "192.0.2.1"])).0, said);
        assert_eq!(Asker::of(peer, true, &headers(&["nonsense"])).0, peer);
        assert_eq!(Asker::of(peer, true, &headers(&[])).0, peer);
        assert_eq!(Asker::of(peer, false, &headers(&["192.0.2.1"])).0, peer);
    }
}
