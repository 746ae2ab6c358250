//! The first page: what fires, what waits, and every runbook.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};

use super::refusal::Refusal;
use super::shell::{self, Seen};
use super::visitor::Viewer;
use super::{Desk, api, firing, runs_page};
use crate::dossier::html::escape;

/// So many questions are listed.
const MOST: usize = 30;

/// `GET /?q=…`.
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let wanted = query.iter().find(|(name, _)| name == "q").map(|(_, value)| value.as_str()).unwrap_or_default();
    let seen = Seen::by(&visitor, &desk);
    let mut body = firing::section(&desk).await;
    // However many runs came after them: rehearsals that alerts start are more in a night than anybody starts in a week.
    let waiting = api::wanted(&desk, &vec![("state".to_owned(), "waiting".to_owned())], MOST).await?;
    if !waiting.is_empty() {
        body.push_str("<section aria-labelledby=\"waiting\"><h2 id=\"waiting\">Waiting for an answer</h2>\n");
        body.push_str(&runs_page::list(&waiting));
        if waiting.len() == MOST {
            body.push_str("<p><a href=\"/runs?state=waiting\">All that wait</a></p>\n");
        }
        body.push_str("</section>\n");
    }
    body.push_str(&format!(
        "<section aria-labelledby=\"all\"><h2 id=\"all\">Runbooks</h2>\n<form role=\"search\" method=\"get\" action=\"/\"><label for=\"q\">Search</label>\
         <div class=\"acts\"><input id=\"q\" name=\"q\" type=\"search\" value=\"{}\"><button>Search</button></div></form>\n",
        escape::line(wanted)
    ));
    let titles = api::runbooks(&desk).await?;
    let words: Vec<_> = wanted.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let fits = |text: &str| words.iter().all(|word| text.to_lowercase().contains(word.as_str()));
    let mut items = String::new();
    for (name, declaration) in &titles {
        let title =
            declaration.as_ref().map_or("has mistakes: `runbook check` says which", |declaration| declaration.title.as_str());
        if fits(&format!("{name} {title}")) {
            items.push_str(&format!(
                "<li><a href=\"/open/{}\">{}</a> <span class=\"aside\">{}</span></li>\n",
                shell::part(name),
                escape::line(name),
                escape::line(title)
            ));
        }
    }
    let items = if items.is_empty() { "<p>None.</p>\n".to_owned() } else { format!("<ul class=\"list\">\n{items}</ul>\n") };
    body.push_str(&format!("{items}</section>\n"));
    Ok(shell::page(Some(&seen), "Runbooks", &body).into_response())
}
