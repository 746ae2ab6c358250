//! The page.

use super::timeline::{Layout, picture};
use super::{escape, sections, steps};
use crate::dossier::{Dossier, Verdict, facts};

pub(crate) const STYLE: &str = include_str!("style.css");
/// Styles of the page itself, and nothing else: no script, no picture, no font, no form, no frame, no address.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report of a run.
#[must_use]
pub fn page(dossier: &Dossier) -> String {
    let account = &dossier.account;
    let verdict = Verdict::of(dossier);
    let title = escape::line(&account.started.title);
    let (mood, word) = (verdict.mood, escape::line(&verdict.word));
    let mut page = String::with_capacity(64 * 1024);
    page.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str(&format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n"));
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    page.push_str(&format!(
        "<title>{title}: {word} · {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        account.run
    ));
    page.push_str(&format!("<header>\n<p class=\"over\">Report of a run · <code>{}</code></p>\n<h1>{title}</h1>\n", account.run));
    page.push_str(&format!(
        "<p class=\"verdict {0}\"><strong><span aria-hidden=\"true\">{1}</span> {word}</strong> <span>{2}</span></p>\n",
        mood.class(),
        mood.symbol(),
        sections::quoting(&verdict.why),
    ));
    if let Some(trouble) = facts::trouble(dossier) {
        page.push_str(&format!("<p class=\"trouble\" role=\"alert\">{}</p>\n", sections::quoting(&trouble)));
    }
    page.push_str("<dl class=\"facts\">\n");
    for (name, value) in facts::overview(dossier) {
        page.push_str(&format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", sections::quoting(&value)));
    }
    page.push_str("</dl>\n</header>\n");
    page.push_str("<section id=\"timeline\">\n<h2>Timeline</h2>\n");
    page.push_str(&picture(dossier, Layout::Wide));
    page.push_str(&picture(dossier, Layout::Narrow));
    page.push_str(&sections::legend());
    page.push_str("</section>\n");
    page.push_str(&sections::promises(dossier));
    page.push_str(&sections::decisions(dossier));
    page.push_str(&sections::signatures(dossier));
    page.push_str(&sections::doubt(dossier));
    page.push_str(&steps::forward(dossier));
    page.push_str(&sections::rollback(dossier));
    page.push_str(&steps::backward(dossier));
    page.push_str(&sections::notes(dossier));
    page.push_str(&sections::parameters(dossier));
    page.push_str(&sections::sessions(dossier));
    page.push_str(&sections::provenance(dossier));
    page.push_str(&sections::checks(dossier));
    page.push_str("</main>\n</body>\n</html>\n");
    page
}
