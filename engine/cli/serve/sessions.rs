//! Who has logged in. Sessions live as long as the server: after a restart everybody shows their token again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::token;
use crate::failure::Failure;

/// How long a session lasts when nothing is said: a working day and the night after it are two.
pub(super) const LIFE: Duration = Duration::from_secs(12 * 60 * 60);
/// A link to log in with is for now.
const ONCE: Duration = Duration::from_secs(10 * 60);
/// So many sessions at a time; the oldest goes first.
const MOST: usize = 10_000;

/// Who has logged in, by the digest of their cookie.
#[derive(Debug)]
pub(super) struct Sessions {
    life: Duration,
    open: Mutex<BTreeMap<String, (String, Instant)>>,
    once: Mutex<BTreeMap<String, Instant>>,
}

impl Sessions {
    /// Sessions that last so long.
    pub(super) fn new(life: Duration) -> Self {
        Self { life, open: Mutex::default(), once: Mutex::default() }
    }

    /// Lets somebody in; gives the value of their cookie.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(super) fn begin(&self, name: &str) -> Result<String, Failure> {
        let cookie = token::fresh()?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, (_, since)| since.elapsed() < self.life);
        if open.len() >= MOST
            && let Some(oldest) = open.iter().min_by_key(|(_, (_, since))| *since).map(|(key, _)| key.clone())
        {
            open.remove(&oldest);
        }
        open.insert(token::digest(&cookie), (name.to_owned(), Instant::now()));
        Ok(cookie)
    }

    /// Whose cookie this is.
    pub(super) fn of(&self, cookie: &str) -> Option<String> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&token::digest(cookie)).filter(|(_, since)| since.elapsed() < self.life).map(|(name, _)| name.clone())
    }

    /// Whether the cookie with this digest is somebody's still.
    pub(super) fn has(&self, digest: &str) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(digest).is_some_and(|(_, since)| since.elapsed() < self.life)
    }

    /// Lets somebody out.
    pub(super) fn end(&self, cookie: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&token::digest(cookie));
    }

    /// A token that logs its bearer in once, within ten minutes.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(super) fn once(&self) -> Result<String, Failure> {
        let fresh = token::fresh()?;
        self.once.lock().unwrap_or_else(PoisonError::into_inner).insert(token::digest(&fresh), Instant::now());
        Ok(fresh)
    }

    /// Uses such a token up.
    pub(super) fn use_once(&self, given: &str) -> bool {
        let made = self.once.lock().unwrap_or_else(PoisonError::into_inner).remove(&token::digest(given));
        made.is_some_and(|made| made.elapsed() < ONCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lasts_until_it_is_ended_and_a_link_works_once() {
        let sessions = Sessions::new(LIFE);
        let cookie = sessions.begin("ann").unwrap();
        assert_eq!(sessions.of(&cookie).as_deref(), Some("ann"));
        assert_eq!(sessions.of("other"), None);
        assert!(sessions.has(&token::digest(&cookie)));
        sessions.end(&cookie);
        assert!(sessions.of(&cookie).is_none() && !sessions.has(&token::digest(&cookie)));
        let once = sessions.once().unwrap();
        assert!(!sessions.use_once("other") && sessions.use_once(&once) && !sessions.use_once(&once));
    }
}
