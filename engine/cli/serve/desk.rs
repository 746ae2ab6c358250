//! What every answer starts from.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use runbook_model::id::RunId;

use super::api::Declared;
use super::begun::Begun;
use super::crowd::Crowd;
use super::feed::Feeds;
use super::forgery::Forgery;
use super::hooks::{Alerts, Senders};
use super::hosts::Hosts;
use super::rate::Rate;
use super::recent::Recent;
use super::rehearsing::{Memory, Rehearsing};
use super::run_page::Looked;
use super::sessions::Sessions;
use super::settings::Settings;
use super::sole::Sole;
use super::token;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::history::{History, RunLine};
use crate::library::Library;
use crate::operator::Operator;
use crate::place::Place;

/// Which runs are listed: of which runbook, in which state, and how many.
type Selection = (Option<String>, Option<String>, usize);

/// So many live views one session, or one token, has at a time.
const VIEWS: usize = 32;

/// What every answer starts from. One for the life of the server.
#[derive(Debug)]
pub struct Desk {
    pub(super) globals: Globals,
    pub(super) place: Place,
    pub(super) settings: Settings,
    pub(super) at: SocketAddr,
    pub(super) owner: String,
    /// The digest of the owner's token.
    pub(super) token: String,
    pub(super) hosts: Hosts,
    pub(super) sessions: Sessions,
    pub(super) forgery: Forgery,
    /// Of everything that is asked.
    pub(super) asked: Rate,
    /// Of tokens that are tried.
    pub(super) tried: Rate,
    pub(super) feeds: Feeds,
    pub(super) looked: Recent<RunId, (u64, bool), Arc<Looked>>,
    pub(super) listed: Recent<Selection, Option<SystemTime>, Vec<RunLine>>,
    pub(super) declared: Recent<(), (), Arc<[Declared]>>,
    /// Who looks at runs as they go, by what their forms are bound to.
    pub(super) looking: Arc<Crowd<String>>,
    pub(super) begun: Begun,
    /// Runs of which somebody answers a question.
    pub(super) answering: Arc<Crowd<RunId>>,
    pub(super) alerts: Alerts,
    pub(super) senders: Senders,
    pub(super) rehearsing: Rehearsing,
    pub(super) counted: Counted,
    _sole: Sole,
}

/// What is counted since the start.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) requests: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) started: AtomicU64,
    pub(super) rehearsed: AtomicU64,
    pub(super) answered: AtomicU64,
    pub(super) alerts: AtomicU64,
    pub(super) viewers: AtomicU64,
    pub(super) notified: AtomicU64,
    pub(super) unnotified: AtomicU64,
}

impl Desk {
    /// Sets everything out. `at` is where the server listens.
    ///
    /// # Errors
    /// A file in the state directory cannot be used.
    pub fn new(
        globals: &Globals,
        place: Place,
        settings: Settings,
        at: SocketAddr,
        mut sole: Sole,
    ) -> Result<Arc<Self>, Failure> {
        sole.listens(at);
        let home = sole.home();
        let token = token::kept(&home.join("token"))?;
        let hosts = Hosts::new(at, settings.tls.is_some(), &settings.hosts, settings.url.as_deref());
        Ok(Arc::new(Self {
            globals: globals.clone(),
            owner: Operator::here().person.name,
            token: token::digest(&token),
            hosts,
            sessions: Sessions::new(settings.session),
            forgery: Forgery::new(&token::fresh()?),
            asked: Rate::new(2_000.0, 400.0),
            tried: Rate::new(10.0, 0.2),
            feeds: Feeds::default(),
            looked: Recent::default(),
            listed: Recent::default(),
            declared: Recent::default(),
            looking: Crowd::new(VIEWS),
            begun: Begun::default(),
            answering: Crowd::new(1),
            alerts: Alerts::open(home)?,
            senders: Senders::default(),
            rehearsing: Rehearsing::new(Memory::open(home)?),
            counted: Counted::default(),
            _sole: sole,
            place,
            settings,
            at,
        }))
    }

    /// A link that logs its bearer in as the owner, once, within ten minutes.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn login_link(&self) -> Result<String, Failure> {
        Ok(format!("{}/login?once={}", self.settings.base(self.at), self.sessions.once()?))
    }

    pub(super) fn home(&self) -> std::path::PathBuf {
        self.place.configuration.state_dir.value.join("serve")
    }

    pub(super) fn library(&self) -> Library {
        self.place.library()
    }

    pub(super) fn history(&self) -> Result<Option<History>, Failure> {
        History::open(&self.place.configuration)
    }

    pub(super) fn cookie(&self) -> String {
        format!("runbook-{}", self.at.port())
    }
}
