//! A small platform: tenants with what belongs to them, behind HTTP. It keeps to what such an API promises: a key that it has seen gives the answer of then, what is
//! there already is a conflict, and a tenant that still has something cannot be removed.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crate::exercises::trap;
use crate::support::Place;
use crate::web::components::{Asked, Service};

pub(super) const TOKEN: &str = "canary-token-of-the-platform";

#[derive(Default)]
struct Kept {
    /// What there is, by its path below `/tenants/`.
    there: BTreeMap<String, String>,
    /// How often each thing was made.
    made: BTreeMap<String, usize>,
    answered: BTreeMap<String, (u16, String)>,
    hold: Option<Hold>,
    /// Requests that are held just now.
    held: usize,
    refused: Option<String>,
}

/// A request that is not answered until it is let go.
struct Hold {
    path: String,
    /// After the thing was made, and not before.
    after: bool,
}

/// The platform; it stops with the value.
pub(super) struct Platform {
    pub(super) service: Service,
    shared: Arc<(Mutex<Kept>, Condvar)>,
}

impl Platform {
    pub(super) fn start(place: &Place) -> Self {
        let shared: Arc<(Mutex<Kept>, Condvar)> = Arc::default();
        let (mine, root) = (Arc::clone(&shared), place.path(""));
        let service = Service::start(move |asked| {
            if asked.method != "GET" && trap::is_sprung(&root) {
                return (503, trap::SAID.to_owned());
            }
            answer(&mine, asked)
        });
        Self { service, shared }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.shared.0.lock().expect("ours")
    }

    /// From now on changes of this path are not answered, before or after they are made.
    pub(super) fn hold(&self, path: &str, after: bool) {
        self.kept().hold = Some(Hold { path: path.to_owned(), after });
    }

    /// Waits until a request is held.
    pub(super) fn wait_for_one(&self) {
        let patience = std::time::Duration::from_secs(60);
        let waited = self.shared.1.wait_timeout_while(self.kept(), patience, |kept| kept.held == 0).expect("ours");
        assert!(!waited.1.timed_out(), "nobody asks");
    }

    /// Lets go what is held, and holds nothing more.
    pub(super) fn let_go(&self) {
        self.kept().hold = None;
        self.shared.1.notify_all();
    }

    /// Changes of this path are refused; none with `None`.
    pub(super) fn refuse(&self, path: Option<&str>) {
        self.kept().refused = path.map(str::to_owned);
    }

    /// What there is.
    pub(super) fn there(&self) -> String {
        format!("{:#?}", self.kept().there)
    }

    /// How often each thing was made.
    pub(super) fn made(&self) -> BTreeMap<String, usize> {
        self.kept().made.clone()
    }
}

fn answer(shared: &(Mutex<Kept>, Condvar), asked: &Asked) -> (u16, String) {
    let field = |name: &str| asked.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if field("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return (401, String::new());
    }
    let mut kept = shared.0.lock().expect("ours");
    if asked.method == "GET" {
        return look(&kept, asked.path.trim_start_matches("/tenants/"));
    }
    if kept.refused.as_deref() == Some(asked.path.as_str()) {
        return (503, "not now".to_owned());
    }
    let waits = |kept: &Kept, after: bool| kept.hold.as_ref().is_some_and(|hold| hold.path == asked.path && hold.after == after);
    kept = held(shared, kept, |kept| waits(kept, false));
    let key = field("idempotency-key").map(str::to_owned);
    let known = key.as_ref().and_then(|key| kept.answered.get(key).cloned());
    let answer = known.unwrap_or_else(|| change(&mut kept, asked));
    if let Some(key) = key {
        kept.answered.insert(key, answer.clone());
    }
    drop(held(shared, kept, |kept| waits(kept, true)));
    answer
}

fn held<'a>(
    shared: &'a (Mutex<Kept>, Condvar),
    mut kept: MutexGuard<'a, Kept>,
    waits: impl Fn(&Kept) -> bool,
) -> MutexGuard<'a, Kept> {
    if waits(&kept) {
        kept.held += 1;
        shared.1.notify_all();
        kept = shared.1.wait_while(kept, |kept| waits(kept)).expect("ours");
        kept.held -= 1;
    }
    kept
}

fn look(kept: &Kept, name: &str) -> (u16, String) {
    let Some(tenant) = kept.there.get(name) else { return (404, String::new()) };
    let parts = kept.there.iter().filter_map(|(path, body)| Some((path.strip_prefix(&format!("{name}/"))?, body)));
    let parts: String =
        parts.map(|(part, body)| format!(",\"{part}\":{}", if body.is_empty() { "true" } else { body })).collect();
    (200, format!("{{\"tenant\":{tenant}{parts}}}"))
}

fn change(kept: &mut Kept, asked: &Asked) -> (u16, String) {
    let below = asked.path.trim_start_matches("/tenants").trim_start_matches('/');
    if asked.method == "DELETE" {
        let has_more = kept.there.keys().any(|path| path.starts_with(&format!("{below}/")) && !path.ends_with("/welcome"));
        return match kept.there.contains_key(below) {
            true if has_more => (409, "it still has something".to_owned()),
            true => {
                kept.there.retain(|path, _| path != below && *path != format!("{below}/welcome"));
                (204, String::new())
            }
            false => (404, String::new()),
        };
    }
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let path = if below.is_empty() { body["name"].as_str().unwrap_or_default().to_owned() } else { below.to_owned() };
    let tenant = path.split('/').next().unwrap_or_default();
    if path != tenant && !kept.there.contains_key(tenant) {
        return (404, "no such tenant".to_owned());
    }
    if kept.there.contains_key(&path) {
        return (409, "it is there already".to_owned());
    }
    kept.there.insert(path.clone(), asked.body.clone());
    *kept.made.entry(path).or_default() += 1;
    (201, String::new())
}
