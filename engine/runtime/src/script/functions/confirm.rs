//! `confirm(question, #{ … })`: asks a person.

use std::sync::Arc;

use rhai::{Dynamic, Engine, NativeCallContext};
use runbook_model::step::{Confirm, OnTimeout, StepKind, StepSpec};

use super::conversation::Asked;
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::Called;
use crate::script::functions::options::Options;
use crate::script::language::schema::table;
use crate::script::performing::stage::Stage;

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    let plain = Arc::clone(stage);
    engine.register_fn("confirm", move |ctx: NativeCallContext, question: Dynamic| confirm(&ctx, &plain, &question, None));
    let stage = Arc::clone(stage);
    engine.register_fn("confirm", move |ctx: NativeCallContext, question: Dynamic, given: Dynamic| {
        confirm(&ctx, &stage, &question, Some(given))
    });
}

fn confirm(ctx: &NativeCallContext, stage: &Stage, question: &Dynamic, given: Option<Dynamic>) -> Called<Dynamic> {
    let options = match given {
        Some(given) => Options::read(ctx, stage, table("confirm"), given)?,
        None => Options::none(ctx, stage, table("confirm"))?,
    };
    let confirm = Confirm {
        choices: options.texts("choices"),
        input: options.text("input"),
        details: options.text("details"),
        by: options.texts("by"),
        quorum: options.count("quorum", 100)?,
        not_self: options.flag("not_self"),
        deadline: options.length("deadline")?,
        escalate: options.texts("escalate"),
        on_timeout: match options.text("on_timeout").as_deref() {
            Some("stop") => Some(OnTimeout::Stop),
            Some("rollback") => Some(OnTimeout::Rollback),
            Some("proceed") => Some(OnTimeout::Proceed),
            _ => None,
        },
        assume: options.text("assume"),
    };
    if !confirm.choices.is_empty() && confirm.input.is_some() {
        return options.complain("input", Code::BadOption, "`choices` and `input` cannot stand together").raise();
    }
    for needs_deadline in ["escalate", "on_timeout"] {
        if options.has(needs_deadline) && confirm.deadline.is_none() {
            let message = format!("`{needs_deadline}` means nothing without `deadline`");
            return options.complain(needs_deadline, Code::BadOption, message).help("add `deadline: \"5m\"`").raise();
        }
    }
    if is_yes_or_no(&confirm) && confirm.assume.is_some() {
        let message = "a rehearsal takes a question of yes or no as answered with yes";
        return options.complain("assume", Code::BadOption, message).help("leave `assume` out").raise();
    }
    if let Some(assumed) = confirm.assume.as_ref().filter(|assumed| !is_choice(&confirm, assumed)) {
        let message = format!("`{assumed}` is none of the choices");
        return options.complain("assume", Code::BadOption, message).help("take one of `choices`, as it stands there").raise();
    }
    let (path, name) = stage.enter(ctx, question)?;
    // The source of a run is pinned: refused now, what an earlier version has asked would be in the way of its rollback for ever.
    if !stage.has_asked(&path) {
        answerable(&options, &confirm)?;
    }
    let spec = StepSpec { name, kind: StepKind::Confirm(confirm) };
    Asked { ctx, stage, path, spec, look: None, settle: None, against: None }.converse()
}

/// Refuses a question that leaves the script without an answer.
fn answerable(options: &Options<'_>, confirm: &Confirm) -> Called<()> {
    // It would be a question of yes or no, and the script would get `true` for a choice.
    if options.has("choices") && confirm.choices.is_empty() {
        let complaint = options.complain("choices", Code::BadOption, "`choices` is empty: there is nothing to choose from");
        return complaint.help("look before you ask whether there is anything, or leave `choices` out for yes or no").raise();
    }
    if !is_yes_or_no(confirm) && confirm.on_timeout == Some(OnTimeout::Proceed) {
        let message = "nobody has answered then: there is no choice or text to proceed with";
        let help = "say `\"stop\"` or `\"rollback\"`, or ask a question of yes or no";
        return options.complain("on_timeout", Code::BadOption, message).help(help).raise();
    }
    Ok(())
}

fn is_yes_or_no(confirm: &Confirm) -> bool {
    confirm.choices.is_empty() && confirm.input.is_none()
}

/// Whether this could be an answer: any text where there is nothing to choose.
fn is_choice(confirm: &Confirm, said: &str) -> bool {
    confirm.choices.is_empty() || confirm.choices.iter().any(|choice| choice == said)
}
