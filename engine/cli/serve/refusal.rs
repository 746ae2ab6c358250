//! An answer that says no: as a page, or as JSON where a program asked.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::shell;
use crate::dossier::html::escape;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Why something is not done, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal(Box<Said>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    status: StatusCode,
    message: String,
    details: Vec<String>,
    hints: Vec<String>,
    to: Option<String>,
    again: Option<String>,
    as_json: bool,
    goes_on: bool,
}

impl Refusal {
    /// With its message: one sentence, names in back-ticks.
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self(Box::new(Said {
            status,
            message: message.into(),
            details: Vec::new(),
            hints: Vec::new(),
            to: None,
            again: None,
            as_json: false,
            goes_on: false,
        }))
    }

    /// Nothing there, or nothing for you: nobody is to learn which.
    pub(super) fn nothing() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing here")
    }

    /// Adds what to do now.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Adds something to read.
    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.details.push(detail.into());
        self
    }

    /// Of something that may be done yet: whoever asks for it again must not get it twice.
    pub(super) fn going_on(mut self) -> Self {
        self.0.goes_on = true;
        self
    }

    pub(super) fn goes_on(&self) -> bool {
        self.0.goes_on
    }

    /// As JSON.
    pub(super) fn for_programs(mut self) -> Self {
        self.0.as_json = true;
        self
    }

    /// Sends whoever wants a page to the login, and from there on to the page.
    pub(super) fn log_in(path: &str) -> Self {
        let mut refusal = Self::new(StatusCode::SEE_OTHER, "log in first");
        let next: String =
            path.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
        refusal.0.to = Some(if path == "/" { "/login".to_owned() } else { format!("/login?next={next}") });
        refusal
    }

    /// Sends a browser to the same page, from a page of ours.
    pub(super) fn come_again(path: &str) -> Self {
        let mut refusal = Self::new(StatusCode::OK, "one moment");
        refusal.0.again = Some(path.to_owned());
        refusal
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte)
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let status = match failure.exit() {
            ExitCode::NothingRun => StatusCode::UNPROCESSABLE_ENTITY,
            ExitCode::Refused => StatusCode::CONFLICT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut lines = failure.rendered(crate::output::style::Palette::plain());
        lines.truncate(lines.trim_end().len());
        let mut lines = lines.lines().map(str::to_owned);
        let message = lines.next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
        let mut refusal = Self::new(status, message);
        for line in lines {
            match line.strip_prefix("next: ") {
                Some(hint) => refusal.0.hints.push(hint.to_owned()),
                None => refusal.0.details.push(line),
            }
        }
        refusal
    }
}

/// A refusal as a program reads it, whoever refused: also where nobody here was asked, because there is no such address or method.
pub(super) fn for_programs(response: Response) -> Response {
    let json = HeaderValue::from_static("application/json");
    if response.headers().get(header::CONTENT_TYPE) == Some(&json) {
        return response;
    }
    let status = response.status();
    let unsaid = || Refusal::new(status, status.canonical_reason().unwrap_or("no").to_lowercase());
    let refusal = response.extensions().get::<Refusal>().cloned().unwrap_or_else(unsaid);
    let mut told = refusal.for_programs().into_response();
    let allowed = response.headers().get(header::ALLOW).cloned();
    told.headers_mut().extend(allowed.map(|allowed| (header::ALLOW, allowed)));
    told
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Some(to) = &self.0.to {
            let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/login"));
            return (self.0.status, [(header::LOCATION, to)]).into_response();
        }
        if let Some(again) = &self.0.again {
            let page = format!(
                "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url={0}\"><title>runbook</title><a href=\"{0}\">Go on</a>",
                escape::line(again)
            );
            return axum::response::Html(page).into_response();
        }
        if self.0.as_json {
            let body = json!({ "error": self.0.message, "details": self.0.details, "next": self.0.hints });
            return (self.0.status, axum::Json(body)).into_response();
        }
        let mut body = format!("<p class=\"trouble\" role=\"alert\">{}</p>\n", shell::quoting(&self.0.message));
        if !self.0.details.is_empty() {
            body.push_str(&format!("<pre>{}</pre>\n", escape::block(self.0.details.join("\n").as_bytes())));
        }
        for hint in &self.0.hints {
            body.push_str(&format!("<p>{}</p>\n", shell::quoting(hint)));
        }
        let title = self.0.status.canonical_reason().unwrap_or("No");
        let mut response = shell::page(None, title, &body).into_response();
        *response.status_mut() = self.0.status;
        response.extensions_mut().insert(self);
        response
    }
}
