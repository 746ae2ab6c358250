//! A step in a row of the live view, and the line above the rows. Both are HTML, made safe here.

use runbook_model::account::{Standing, StepAccount};

use crate::dossier::html::{escape, mood};
use crate::dossier::{Dossier, Verdict, piece};
use crate::output::elapsed;
use crate::output::safe;
use crate::output::screen::cut;

/// A step in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// By which the page knows it.
    pub(super) id: String,
    /// The row.
    pub(super) html: String,
}

/// The row of a step.
pub(super) fn row(dossier: &Dossier, nth: usize, step: &StepAccount) -> Row {
    let mood = mood(dossier, step);
    let word = dossier.standing(step);
    let took = step.millis().map(elapsed::short).unwrap_or_default();
    let ending = match (step.standing, piece::step_ending(step)) {
        (Standing::Done, ending) if ending == "done" || ending == "exit code 0" => String::new(),
        (Standing::InFlight | Standing::Waiting, _) => String::new(),
        (_, ending) => cut(&safe::line(&ending), 160),
    };
    let sign = if step.standing == Standing::InFlight && dossier.at_work.is_some() { "▸" } else { mood.symbol() };
    let phase = step.path.parent();
    let phase = if phase.is_root() { String::new() } else { format!("{phase} · ") };
    let id = format!("s{nth}");
    let html = format!(
        concat!(
            "<li id=\"{0}\" class=\"row\"><span class=\"sign {1}\" aria-hidden=\"true\">{2}</span> ",
            "<a href=\"/runs/{3}/steps/{4}\">{5}</a> <span class=\"aside\">{6}{7} · <span class=\"{1}\">{8}</span>{9}</span>{10}</li>"
        ),
        id,
        mood.class(),
        sign,
        dossier.account.run,
        nth,
        escape::line(&step.name),
        escape::line(&phase),
        step.kind,
        word,
        if took.is_empty() { String::new() } else { format!(" · {took}") },
        if ending.is_empty() { String::new() } else { format!("<br><span class=\"ending\">{}</span>", escape::line(&ending)) },
    );
    Row { id, html }
}

/// How the run stands.
pub(super) fn standing(verdict: &Verdict) -> String {
    format!(
        "<p class=\"verdict {0}\"><strong><span aria-hidden=\"true\">{1}</span> {2}</strong> <span>{3}</span></p>",
        verdict.mood.class(),
        verdict.mood.symbol(),
        escape::line(&verdict.word),
        super::shell::quoting(&verdict.why),
    )
}

/// On what the part of the page depends that asks and offers: who works on it, what it is, and what is asked.
pub(super) fn turn(dossier: &Dossier) -> String {
    let account = &dossier.account;
    let asked = account.steps.iter().filter(|step| step.standing == Standing::Waiting).count();
    let answers = account.decisions.len();
    format!("{}-{}-{asked}-{answers}", account.state.word().replace(' ', "_"), u8::from(dossier.at_work.is_some()))
}
