//! The frame of every page, and the words that all of them share.

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};

use super::Desk;
use super::visitor::Visitor;
use crate::dossier::html::escape;
pub(super) use crate::dossier::html::quoting;

const STYLE: &str = include_str!("page.css");
const LIVE: &str = include_str!("live.js");
const FOLLOW: &str = include_str!("follow.js");

/// Who sees a page, and what their forms carry.
pub(super) struct Seen<'a> {
    pub(super) visitor: &'a Visitor,
    pub(super) form: String,
}

impl<'a> Seen<'a> {
    pub(super) fn by(visitor: &'a Visitor, desk: &Desk) -> Self {
        Self { visitor, form: desk.forgery.token(&visitor.key) }
    }

    /// The field that every form of this visitor has.
    pub(super) fn field(&self) -> String {
        format!("<input type=\"hidden\" name=\"_form\" value=\"{}\">", self.form)
    }
}

/// A page: its title is text, its body is HTML.
pub(super) fn page(seen: Option<&Seen<'_>>, title: &str, body: &str) -> Html<String> {
    let shown = escape::line(title);
    let mut page = String::with_capacity(body.len() + 2048);
    page.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n");
    page.push_str(&format!("<title>{shown} · runbook</title>\n"));
    page.push_str("<link rel=\"stylesheet\" href=\"/static/report.css\">\n<link rel=\"stylesheet\" href=\"/static/page.css\">\n");
    page.push_str(
        "<script src=\"/static/live.js\" defer></script>\n<script src=\"/static/follow.js\" defer></script>\n</head>\n<body>\n",
    );
    page.push_str("<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header class=\"top\">\n");
    if let Some(seen) = seen {
        page.push_str("<nav aria-label=\"Main\"><a href=\"/\">Runbooks</a> <a href=\"/runs\">Runs</a></nav>\n");
        page.push_str(&format!(
            "<form method=\"post\" action=\"/logout\">{}<span class=\"who\">{}</span> <button class=\"quiet\">Log out</button></form>\n",
            seen.field(),
            escape::line(&seen.visitor.name),
        ));
    } else {
        page.push_str("<nav aria-label=\"Main\"><a href=\"/\">runbook</a></nav>\n");
    }
    page.push_str(&format!("</header>\n<main id=\"main\" tabindex=\"-1\">\n<h1>{shown}</h1>\n{body}</main>\n</body>\n</html>\n"));
    Html(page)
}

/// A text as part of an address, each byte that could be anything else encoded; `/` stays.
pub(super) fn part(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A moment, with its date where a browser shows titles.
pub(super) fn moment(at: jiff::Timestamp) -> String {
    let millis = jiff::Timestamp::now().as_millisecond().saturating_sub(at.as_millisecond());
    let ago = u64::try_from(millis).map_or_else(|_| "now".to_owned(), |millis| format!("{} ago", rounded(millis)));
    format!("<time datetime=\"{at:.3}\" title=\"{at:.0}\">{ago}</time>")
}

/// A length of time in its largest unit.
fn rounded(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// The files that pages refer to.
pub(super) async fn file(axum::extract::Path(name): axum::extract::Path<String>) -> Response {
    let css = |text: &'static str| ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], text).into_response();
    let js = |text: &'static str| ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], text).into_response();
    match name.as_str() {
        "page.css" => css(STYLE),
        "report.css" => css(crate::dossier::html::STYLE),
        "live.js" => js(LIVE),
        "follow.js" => js(FOLLOW),
        _ => super::refusal::Refusal::nothing().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_code_and_nothing_else_becomes_anything() {
        assert_eq!(quoting("no `a<b>` & `c"), "no <code>a&lt;b&gt;</code> &amp; `c");
        assert_eq!(part("db/fail over?&\u{fc}"), "db/fail%20over%3F%26%C3%BC");
    }

    #[test]
    fn a_page_has_no_code_or_style_of_its_own() {
        let page = page(None, "<script>alert(1)</script>", "").0;
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("<script>"), "{page}");
        assert!(page.contains("&lt;script&gt;"));
    }
}
