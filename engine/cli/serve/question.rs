//! The confirms that a run waits for, each as a form of its own.

use runbook_model::approval;
use runbook_model::digest::Digest;
use runbook_model::path::StepPath;
use runbook_model::person::{From, Person};
use runbook_model::state::RunState;
use runbook_model::step::{Confirm, StepKind, StepSpec};
use runbook_runtime::dispatcher::questions;

use super::shell::{Seen, quoting};
use crate::dossier::html::escape;

/// A confirm that a run waits for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Question {
    /// What is asked.
    pub(super) text: String,
    /// How.
    pub(super) confirm: Confirm,
    /// What an answer is bound to.
    pub(super) shown: Digest,
    /// What people have said to it so far.
    pub(super) so_far: Vec<String>,
    /// When its time is over.
    pub(super) until: Option<jiff::Timestamp>,
    /// Which step it is.
    pub(super) path: String,
    /// The same as people read it.
    pub(super) told: String,
    /// When it was asked first.
    pub(super) asked: jiff::Timestamp,
}

impl Question {
    /// Everything that a run asks now, in the order in which it was asked: each branch may ask other people.
    pub(super) fn all(state: &RunState) -> Vec<Self> {
        if state.over().is_some() {
            return Vec::new();
        }
        questions(state).into_iter().filter_map(|(path, spec)| Self::of(state, &path, &spec)).collect()
    }

    fn of(state: &RunState, path: &StepPath, spec: &StepSpec) -> Option<Self> {
        let StepKind::Confirm(confirm) = &spec.kind else { return None };
        let shown = approval::shown(state, path, spec);
        let step = state.step(path)?;
        let so_far = approval::so_far(step, shown);
        let until = approval::until(confirm, step.since);
        let (confirm, asked) = (confirm.clone(), step.since);
        Some(Self { text: spec.name.clone(), confirm, shown, so_far, until, path: path.to_string(), told: path.told(), asked })
    }

    /// The form, or why this visitor has none.
    pub(super) fn card(&self, seen: &Seen<'_>, state: &RunState) -> String {
        let confirm = &self.confirm;
        let id = self.shown.short();
        let mut card =
            format!("<section class=\"card asks\" aria-labelledby=\"q-{id}\">\n<h2 id=\"q-{id}\">{}</h2>\n", quoting(&self.text));
        if self.told != self.text {
            card.push_str(&format!("<p class=\"aside\"><code>{}</code></p>\n", escape::line(&self.told)));
        }
        if let Some(details) = &confirm.details {
            card.push_str(&format!("<pre>{}</pre>\n", escape::block(details.as_bytes())));
        }
        let mut facts = confirm.wants();
        facts.extend(self.until.map(|until| format!("until {until:.0}")));
        facts.extend(self.so_far.iter().cloned());
        if !facts.is_empty() {
            card.push_str(&format!("<p class=\"aside\">{}</p>\n", escape::line(&facts.join(" · "))));
        }
        let person = Person { name: seen.visitor.name.clone(), host: String::new(), from: From::Web };
        let may = approval::may_answer(confirm, &person, state.started(), state.operator());
        match may {
            Err(not) => card.push_str(&format!("<p>{}</p>\n", quoting(&not.to_string()))),
            Ok(()) if !seen.visitor.roles.approves => {
                card.push_str("<p>You may look, and not answer: <code>approvers</code> of <code>[serve]</code> may.</p>\n");
            }
            Ok(()) => card.push_str(&self.form(seen, state)),
        }
        card + "</section>\n"
    }

    fn form(&self, seen: &Seen<'_>, state: &RunState) -> String {
        let confirm = &self.confirm;
        let mut form = format!(
            "<form method=\"post\" action=\"/runs/{}/answer\">{}<input type=\"hidden\" name=\"shown\" value=\"{}\">\n",
            state.run(),
            seen.field(),
            self.shown,
        );
        let id = self.shown.short();
        let wide = format!("<label for=\"note-{id}\">Note (for the record)</label><input id=\"note-{id}\" name=\"note\" maxlength=\"1000\" autocomplete=\"off\">
");
        if let Some(input) = &confirm.input {
            let label = escape::line(input);
            form.push_str(&format!("<label for=\"text-{id}\">{label}</label><input id=\"text-{id}\" name=\"text\" maxlength=\"4096\" autocomplete=\"off\">\n{wide}"));
            form.push_str("<div class=\"acts\"><button name=\"said\" value=\"text\">Answer</button>");
        } else if confirm.choices.is_empty() {
            form.push_str(&format!("{wide}<div class=\"acts\"><button name=\"said\" value=\"yes\">Yes</button>"));
        } else {
            form.push_str("<fieldset><legend>Choose one</legend>\n");
            for choice in &confirm.choices {
                let choice = escape::line(choice);
                form.push_str(&format!(
                    "<label class=\"choice\"><input type=\"radio\" name=\"choice\" value=\"{choice}\">{choice}</label>\n"
                ));
            }
            form.push_str(&format!(
                "</fieldset>\n{wide}<div class=\"acts\"><button name=\"said\" value=\"choice\">Answer</button>"
            ));
        }
        form + "<button class=\"bad\" name=\"said\" value=\"no\">No</button></div>\n</form>\n"
    }
}
