//! A form that was sent: judged before anything in it is read.

use std::sync::Arc;

use axum::extract::{Form, FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use runbook_model::digest::Digest;

use super::Desk;
use super::refusal::Refusal;
use super::visitor::{Viewer, Visitor};

/// The fields of a form that a visitor sent from one of our pages.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) visitor: Visitor,
    fields: Vec<(String, String)>,
}

impl Sent {
    /// A field; empty when it is not there.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// What tells it from any other: who sent it, and every field.
    pub(super) fn digest(&self) -> Digest {
        Digest::of_json(&(&self.visitor.key, &self.fields))
    }

    /// The fields whose names begin like that, without the beginning.
    pub(super) fn with(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }
}

/// Whether a page of ours asks: what changes something says where it comes from.
pub(super) fn is_ours(desk: &Desk, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| desk.hosts.is_ours(origin))
}

/// Refuses what another site may have sent.
pub(super) fn foreign() -> Refusal {
    let message = "this was not sent from a page of ours (RB0046); nothing was done";
    Refusal::new(StatusCode::FORBIDDEN, message).hint("go back, load the page again, and send it once more")
}

impl FromRequest<Arc<Desk>> for Sent {
    type Rejection = Refusal;

    async fn from_request(request: Request, desk: &Arc<Desk>) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let Viewer(visitor) =
            <Viewer as axum::extract::FromRequestParts<Arc<Desk>>>::from_request_parts(&mut parts, desk).await?;
        let ours = visitor.by_token || is_ours(desk, &parts.headers);
        let read = Form::<Vec<(String, String)>>::from_request(Request::from_parts(parts, body), desk).await;
        let Form(fields) = read.map_err(|error| Refusal::new(error.status(), "the form cannot be read"))?;
        let sent = Self { visitor, fields };
        let known = sent.visitor.by_token || desk.forgery.knows(&sent.visitor.key, sent.field("_form"));
        if ours && known { Ok(sent) } else { Err(foreign()) }
    }
}
