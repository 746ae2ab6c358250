//! The parts of the page around the timeline and the steps. A part that has nothing to say is not there.

use runbook_model::account::{Account, StepAccount};
use runbook_model::path::StepPath;

use super::escape;
use crate::dossier::quoted::{Part, parts};
use crate::dossier::{Dossier, facts};

/// Text in which names stand in back-ticks: those become code.
pub(crate) fn quoting(text: &str) -> String {
    let html = |part: &Part<'_>| match part {
        Part::Text(text) => escape::block(text.as_bytes()),
        Part::Name(name) => format!("<code>{}</code>", escape::block(name.as_bytes())),
    };
    parts(text).iter().map(html).collect()
}

/// What the marks and colours of the picture mean.
pub(super) fn legend() -> String {
    let item = |class: &str, sign: &str, text: &str| format!("<li><span class=\"sign {class}\">{sign}</span> {text}</li>");
    format!(
        "<ul class=\"legend\">{}{}{}{}{}<li><span class=\"dash\"></span> a promise of time ends</li></ul>\n",
        item("good", "✓", "done"),
        item("bad", "✗", "failed"),
        item("warn", "!", "needs a look"),
        item("back", "↩", "rolled back"),
        item("withheld", "◌", "withheld"),
    )
}

pub(super) fn promises(dossier: &Dossier) -> String {
    let rows = dossier.account.promises.iter().map(|promise| {
        let (what, budget, result) = facts::promise(promise);
        let (class, sign) = match (promise.is_broken(), promise.took) {
            (true, _) => ("bad", "✗"),
            (false, Some(_)) => ("good", "✓"),
            (false, None) => ("faint", "·"),
        };
        let sign = format!("<span class=\"sign {class}\">{sign}</span>");
        vec![escape::line(&what), escape::line(&budget), format!("{sign} {}", escape::line(&result))]
    });
    table("promises", "Promises of time", &["what", "promise", "result"], rows.collect())
}

pub(super) fn decisions(dossier: &Dossier) -> String {
    let rows = dossier.account.decisions.iter().map(|decision| {
        let why = decision.why.as_ref().map(|why| format!("<br><span class=\"aside\">{}</span>", quoting(why)));
        let what = format!("{}{}", escape::line(&decision.what.line()), why.unwrap_or_default());
        vec![clock(&dossier.account, decision.at), escape::line(&decision.by.line()), what, about(dossier, &decision.path)]
    });
    table("decisions", "Who decided what", &["when", "who", "what", "about"], rows.collect())
}

pub(super) fn signatures(dossier: &Dossier) -> String {
    let rows = dossier.account.signatures.iter().map(|signature| {
        let who = format!("{}@{}", signature.by.name, signature.by.host);
        let what = format!("{}: {}", signature.meaning.word(), signature.said);
        let about = signature.path.as_ref().map_or_else(|| "the run".to_owned(), |path| about(dossier, path));
        let key = format!("<code>{}</code>", escape::line(&signature.key));
        vec![clock(&dossier.account, signature.at), escape::line(&who), escape::line(&what), about, key]
    });
    table("signatures", "What was signed", &["when", "who", "what", "about", "key"], rows.collect())
}

/// Steps of which nobody knows, or knew, whether they took effect.
pub(super) fn doubt(dossier: &Dossier) -> String {
    let account = &dossier.account;
    let mut rows = Vec::new();
    for step in &account.steps {
        for resolved in step.attempts.iter().filter_map(|attempt| attempt.resolved.as_ref()) {
            let verdict = match resolved.verdict {
                runbook_model::entry::Verdict::Did => "it took effect",
                runbook_model::entry::Verdict::DidNot => "it did not take effect",
            };
            let by = format!("{verdict}, says {}: {}", resolved.by.line(), resolved.why);
            rows.push(vec![about(dossier, &step.path), clock(account, resolved.at), escape::line(&by)]);
        }
    }
    for path in account.doubtful.iter().filter(|_| dossier.at_work.is_none()) {
        let open = "<strong class=\"sign warn\">! nobody knows yet whether it took effect</strong>".to_owned();
        rows.push(vec![about(dossier, path), "open".to_owned(), open]);
    }
    table("doubt", "In doubt, and how it was settled", &["step", "settled", "how"], rows)
}

pub(super) fn rollback(dossier: &Dossier) -> String {
    let account = &dossier.account;
    let listed = |paths: &[StepPath]| paths.iter().map(|path| format!("<li>{}</li>", about(dossier, path))).collect::<String>();
    let mut text = String::new();
    if let Some(turn) = &account.rollback {
        let (by, why) = (escape::line(&turn.by.line()), quoting(&turn.why));
        text.push_str(&format!("<p>Turned around at {} by {by}: {why}</p>\n", clock(account, turn.at)));
        let done: Vec<_> = turn.done.iter().map(|(path, _)| path.clone()).collect();
        if !done.is_empty() {
            text.push_str(&format!("<p>Rolled back, in this order:</p>\n<ol>{}</ol>\n", listed(&done)));
        }
        if !account.owing.is_empty() {
            let owing = listed(&account.owing);
            text.push_str(&format!("<p class=\"trouble\">Still owed, newest first:</p>\n<ol>{owing}</ol>\n"));
        }
    } else if !account.owing.is_empty() {
        text.push_str("<p>Nothing was rolled back. A rollback would take back, newest first:</p>\n");
        text.push_str(&format!("<ol>{}</ol>\n", listed(&account.owing)));
    }
    if !account.staying.is_empty() {
        text.push_str(&format!("<p>Stays, because no rollback is declared for it:</p>\n<ul>{}</ul>\n", listed(&account.staying)));
    }
    section("rollback", "Rollback", &text)
}

pub(super) fn notes(dossier: &Dossier) -> String {
    let rows = dossier.account.notes.iter().map(|note| {
        let at = facts::stands_at(&note.location);
        let at = if at.is_empty() { at } else { format!("<code>{}</code>", escape::line(&at)) };
        vec![clock(&dossier.account, note.at), quoting(&note.text), at]
    });
    table("notes", "Notes of the script", &["when", "note", "from"], rows.collect())
}

pub(super) fn parameters(dossier: &Dossier) -> String {
    let rows = facts::parameters(dossier).into_iter().map(|(name, value, origin)| {
        vec![escape::line(&name), format!("<code>{}</code>", escape::line(&value)), origin.to_owned()]
    });
    table("parameters", "Parameters", &["name", "value", "from"], rows.collect())
}

pub(super) fn sessions(dossier: &Dossier) -> String {
    let rows = facts::sessions(dossier).into_iter().map(|worked| {
        let sign = if worked.died { "<span class=\"sign bad\">✗</span> " } else { "" };
        let end = format!("{sign}{}", escape::line(&worked.end));
        vec![clock(&dossier.account, worked.began), escape::line(&worked.who), worked.what.to_owned(), end]
    });
    table("sessions", "Who worked on it", &["when", "who", "what", "end"], rows.collect())
}

pub(super) fn provenance(dossier: &Dossier) -> String {
    let mut facts = facts::provenance(dossier);
    facts.extend(facts::trail(dossier));
    let rows: String =
        facts.iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", quoting(value))).collect();
    section("provenance", "Where it comes from, and its seal", &format!("<dl class=\"facts mono\">\n{rows}</dl>\n"))
}

pub(super) fn checks(dossier: &Dossier) -> String {
    let rows = facts::checks(dossier).into_iter().map(|(command, what)| {
        format!("<li><code>{}</code><br><span class=\"aside\">{what}</span></li>", escape::line(&command))
    });
    let rows: String = rows.collect();
    let why = "<p>This page proves nothing by itself: the journal and the audit trail do.</p>\n";
    section("check", "Check it", &format!("{why}<ul class=\"commands\">{rows}</ul>\n"))
}

/// A part of the page, or nothing when it is empty.
pub(super) fn section(id: &str, title: &str, content: &str) -> String {
    if content.is_empty() {
        return String::new();
    }
    format!("<section id=\"{id}\">\n<h2>{title}</h2>\n{content}</section>\n")
}

/// A table of cells that are HTML already. On a phone each row becomes a block, and says what its cells are.
fn table(id: &str, title: &str, heads: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let mut body = String::new();
    for row in rows {
        body.push_str("<tr>");
        for (head, cell) in heads.iter().zip(row) {
            body.push_str(&format!("<td data-head=\"{head}\"><div>{cell}</div></td>"));
        }
        body.push_str("</tr>\n");
    }
    section(id, title, &format!("<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"))
}

/// The name of a step, with a link to all that the page has of it.
fn about(dossier: &Dossier, path: &StepPath) -> String {
    if *path == StepPath::root() {
        return "the run".to_owned();
    }
    let nth = dossier.account.steps.iter().position(|step| step.path == *path);
    let step = nth.map(|nth| &dossier.account.steps[nth]);
    let name = escape::line(&step.map_or_else(|| path.name().to_owned(), StepAccount::named));
    match nth {
        Some(nth) => format!("<a class=\"to\" href=\"#step-{nth}\">{name}</a>"),
        None => name,
    }
}

/// A moment: the time of day, and all of it where a browser shows titles.
pub(super) fn clock(account: &Account, at: jiff::Timestamp) -> String {
    format!("<time datetime=\"{at:.3}\" title=\"{at:.3}\">{}</time>", super::super::clock(account, at))
}
