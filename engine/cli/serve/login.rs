//! Coming in and going out.

use std::sync::Arc;

use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::asker::Asker;
use super::form::{Sent, foreign, is_ours};
use super::refusal::Refusal;
use super::{Desk, shell, visitor};
use crate::dossier::html::escape;

type Fields = Vec<(String, String)>;

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// The page to log in. A link with a token shows a button, and only the button uses the token up: programs that look at
/// links for people press none.
pub(super) async fn page(Query(query): Query<Fields>) -> Response {
    let hidden = |name: &str| match field(&query, name) {
        "" => String::new(),
        value => format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape::line(value)),
    };
    let (next, once) = (hidden("next"), hidden("once"));
    let ask = if once.is_empty() {
        "<label for=\"token\">Token</label>\n<input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" \
         required autofocus>\n<p class=\"aside\">The owner's is in the file <code>serve/token</code> of the state directory; \
         <code>runbook serve --print-url</code> prints a link instead.</p>"
    } else {
        "<p>This link lets you in once.</p>"
    };
    let body =
        format!("<form method=\"post\" action=\"/login\" class=\"card\">{next}{once}\n{ask}\n<button>Log in</button>\n</form>\n");
    shell::page(None, "Log in", &body).into_response()
}

/// Lets somebody in who shows a token.
pub(super) async fn enter(
    State(desk): State<Arc<Desk>>,
    Extension(asker): Extension<Asker>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Response, Refusal> {
    if !is_ours(&desk, &headers) {
        return Err(foreign());
    }
    asker.guesses(&desk)?;
    let once = field(&fields, "once");
    let name = if !once.is_empty() && desk.sessions.use_once(once) {
        Some(desk.owner.clone())
    } else {
        visitor::by_token(&desk, field(&fields, "token"))
    };
    let Some(name) = name else {
        let refusal = Refusal::new(StatusCode::FORBIDDEN, "this lets nobody in");
        return Err(refusal.hint("a link works once, and within ten minutes; a token works until it is changed"));
    };
    let cookie = desk.sessions.begin(&name)?;
    let secure = if desk.settings.is_secure() { "; Secure" } else { "" };
    let cookie = format!(
        "{}={cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
        desk.cookie(),
        desk.settings.session.as_secs()
    );
    let mut response = Redirect::to(&next(field(&fields, "next"))).into_response();
    let value = HeaderValue::from_str(&cookie).map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "no cookie"))?;
    response.headers_mut().insert(header::SET_COOKIE, value);
    Ok(response)
}

/// Lets somebody out.
pub(super) async fn leave(State(desk): State<Arc<Desk>>, headers: HeaderMap, _: Sent) -> Response {
    if let Some(cookie) = visitor::cookie(&headers, &desk.cookie()) {
        desk.sessions.end(cookie);
    }
    let gone = format!("{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0", desk.cookie());
    let mut response = Redirect::to("/login").into_response();
    response.headers_mut().extend(HeaderValue::from_str(&gone).ok().map(|value| (header::SET_COOKIE, value)));
    response
}

/// Where to go on: a page of ours, and nothing that a browser could take for an address elsewhere.
fn next(asked: &str) -> String {
    let ours = asked.starts_with('/') && !asked.starts_with("//") && !asked.contains(['\\', '\r', '\n']) && asked.is_ascii();
    if ours && !asked.contains(char::is_control) { asked.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nobody_is_sent_elsewhere() {
        for elsewhere in
            ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nSet-Cookie: x", ""]
        {
            assert_eq!(super::next(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(super::next("/open/api?service=x"), "/open/api?service=x");
    }
}
