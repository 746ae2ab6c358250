//! A runbook as one HTML file: no scripts, nothing from elsewhere, light and dark.
//!
//! The diagram is drawn with boxes in boxes: a browser needs nothing else for it.

use runbook_runtime::script::{Detail, Item, StepOutline};

use super::{Sheet, facts};
use crate::dossier::html::{POLICY, escape, quoting};

const STYLE: &str = include_str!("style.css");

/// The page.
#[must_use]
pub fn page(sheet: &Sheet) -> String {
    let declaration = &sheet.declaration;
    let title = escape::line(&declaration.title);
    let mut page = String::with_capacity(16 * 1024);
    page.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str(&format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n"));
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    page.push_str(&format!("<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"));
    if let Some(about) = &declaration.about {
        page.push_str(&format!("<div class=\"about\">{}</div>\n", quoting(about)));
    }
    page.push_str("<dl>\n");
    for (name, value) in facts::overview(sheet) {
        page.push_str(&format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escape::line(&value)));
    }
    page.push_str("</dl>\n");
    listed(&mut page, "Alerts", facts::alerts(sheet).iter().map(|alert| format!("<code>{}</code>", escape::line(alert))));
    listed(&mut page, "Links", declaration.links.iter().map(|link| linked(link)));
    if !declaration.params.is_empty() {
        page.push_str(
            "<h2>Parameters</h2>\n<table>\n<tr><th>name</th><th>what for</th><th>values</th><th>when not given</th></tr>\n",
        );
        for (name, parameter) in &declaration.params {
            page.push_str(&format!(
                "<tr><td><code>{}</code></td><td>{}</td><td><code>{}</code></td><td>{}</td></tr>\n",
                escape::line(name),
                quoting(parameter.help.as_deref().unwrap_or_default()),
                escape::line(&facts::wanted(parameter)),
                escape::line(&facts::otherwise(parameter)),
            ));
        }
        page.push_str("</table>\n");
    }
    let secrets = sheet.secrets.iter().map(|(name, source)| {
        let source = source.as_deref().unwrap_or("no source without an environment");
        format!("<code>{}</code>: {}", escape::line(name), escape::line(source))
    });
    listed(&mut page, "Secrets", secrets);
    if !sheet.outline.items.is_empty() {
        page.push_str("<h2>Steps</h2>\n<p class=\"aside\">As they are written, from the top to the bottom.</p>\n");
        items(&mut page, &sheet.outline.items);
    }
    listed(&mut page, "Earlier runs", sheet.earlier.iter().map(|line| quoting(line)));
    page.push_str(&format!("<h2>Rehearse it first</h2>\n<pre>{}</pre>\n", escape::line(&facts::rehearse(sheet))));
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn listed(page: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: String = lines.map(|line| format!("<li>{line}</li>\n")).collect();
    if !lines.is_empty() {
        page.push_str(&format!("<h2>{title}</h2>\n<ul>\n{lines}</ul>\n"));
    }
}

/// Only addresses of the web become links: `javascript:` is an address, too.
fn linked(link: &str) -> String {
    let shown = escape::line(link);
    let web = link.starts_with("https://") || link.starts_with("http://");
    if web { format!("<a href=\"{shown}\" rel=\"noreferrer noopener\">{shown}</a>") } else { format!("<code>{shown}</code>") }
}

fn items(page: &mut String, all: &[Item]) {
    page.push_str("<ol class=\"steps\">\n");
    for item in all {
        match item {
            Item::Step(one) => step(page, one),
            Item::Choice { arms } => {
                page.push_str("<li class=\"choice\">");
                for arm in arms {
                    page.push_str(&format!("<div class=\"arm\"><p class=\"when\">{}</p>\n", escape::line(&arm.when)));
                    items(page, &arm.items);
                    page.push_str("</div>");
                }
                page.push_str("</li>\n");
            }
            Item::Phase { name, details, items } => group(page, "phase", name, details, items),
            Item::Parallel { name, over, details, items } => {
                group(page, "parallel", &format!("{name}, for each of {over}"), details, items);
            }
            Item::Repeat { words, items } => group(page, "repeat", words, &[], items),
            Item::Call { function, items } => group(page, "function", function, &[], items),
            Item::Stop { why } => {
                page.push_str(&format!("<li class=\"step stop\"><b>stops</b> {}</li>\n", escape::line(why)));
            }
        }
    }
    page.push_str("</ol>\n");
}

fn group(page: &mut String, kind: &str, name: &str, details: &[Detail], inner: &[Item]) {
    let details: String = details.iter().map(|detail| format!(" · {} {}", detail.name, escape::line(&detail.text))).collect();
    page.push_str(&format!(
        "<li class=\"group {kind}\"><h3><span class=\"kind\">{kind}</span> {}<span class=\"aside\">{details}</span></h3>\n",
        escape::line(name)
    ));
    if !inner.is_empty() {
        items(page, inner);
    }
    page.push_str("</li>\n");
}

fn step(page: &mut String, step: &StepOutline) {
    let kind = escape::line(&step.kind);
    page.push_str(&format!("<li class=\"step {kind}\"><span class=\"kind\">{kind}</span> <b>{}</b>\n", escape::line(&step.name)));
    let mut lines = String::new();
    for detail in &step.details {
        match facts::detail(detail) {
            (name, Some(text)) => {
                lines.push_str(&format!("<li>{}: <code>{}</code></li>\n", escape::line(name), escape::line(text)))
            }
            (name, None) => lines.push_str(&format!("<li>{}</li>\n", escape::line(name))),
        }
    }
    for way in &step.rollback {
        lines.push_str(&format!("<li class=\"back\">↩ <code>{}</code></li>\n", escape::line(way)));
    }
    if facts::silent(step) {
        lines.push_str("<li class=\"none\">no rollback</li>\n");
    }
    if !lines.is_empty() {
        page.push_str(&format!("<ul>\n{lines}</ul>\n"));
    }
    if !step.rollback_steps.is_empty() {
        page.push_str("<p class=\"when\">↩ rollback</p>\n");
        items(page, &step.rollback_steps);
    }
    page.push_str("</li>\n");
}
