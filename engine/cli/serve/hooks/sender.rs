//! Who sends a message: judged before it is read where a header says it, so that nobody can have us keep eight megabytes for them who is not
//! known. A signature is of the whole message: of those that nobody has judged yet, only so many are held at a time.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{keys, not_known, unknown};
use crate::serve::asker::Asker;
use crate::serve::crowd::{Crowd, Place};
use crate::serve::refusal::Refusal;
use crate::serve::{Desk, client_address, token, visitor};

/// So many messages that nobody has judged are held of one sender,
const EACH: usize = 4;
/// and so many of all.
const ALL: usize = 32;

/// Who has messages here that nobody has judged.
#[derive(Debug)]
pub(in crate::serve) struct Senders {
    each: Arc<Crowd<IpAddr>>,
    all: Arc<Semaphore>,
}

impl Default for Senders {
    fn default() -> Self {
        Self { each: Crowd::new(EACH), all: Arc::new(Semaphore::new(ALL)) }
    }
}

fn asker(parts: &Parts) -> Result<Asker, Refusal> {
    parts.extensions.get::<Asker>().copied().ok_or_else(unknown)
}

/// Somebody who shows the token of Alertmanager's hook.
pub(in crate::serve) struct Alertmanager;

impl FromRequestParts<Arc<Desk>> for Alertmanager {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let keys = keys(desk, "alertmanager_token")?;
        // A page elsewhere can have a browser send something here, but no token: that is no guess.
        let given = visitor::bearer(&parts.headers).ok_or_else(unknown)?;
        if keys.iter().any(|key| token::same(key, given)) { Ok(Self) } else { Err(not_known(desk, asker(parts)?)) }
    }
}

/// A message that says who signed it, and has to prove it.
pub(in crate::serve) struct Unproven {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) asker: Asker,
    _place: (Place<IpAddr>, OwnedSemaphorePermit),
}

impl FromRequest<Arc<Desk>> for Unproven {
    type Rejection = Refusal;

    async fn from_request(request: Request, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let (headers, asker) = (parts.headers.clone(), asker(&parts)?);
        if !["x-grafana-alerting-signature", "x-pagerduty-signature"].iter().any(|name| headers.contains_key(*name)) {
            return Err(unknown());
        }
        let place = desk.senders.each.admit(client_address::of(asker.0)).zip(desk.senders.all.clone().try_acquire_owned().ok());
        let Some(place) = place else {
            let busy = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many messages come at once; send it again in a while");
            return Err(busy.for_programs());
        };
        let read = Bytes::from_request(Request::from_parts(parts, body), desk).await;
        let body = read.map_err(|error| Refusal::new(error.status(), error.body_text()).for_programs())?;
        Ok(Self { headers, body, asker, _place: place })
    }
}
