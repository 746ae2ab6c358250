//! A confirm as text, and what an answer to it means.

use runbook_model::answer::Said;
use runbook_runtime::world::Question;

use crate::output::elapsed;
use crate::output::safe::{self, Colours};
use crate::output::style::{Palette, Tone};
use crate::output::wrap::{self, Lines};

/// What a person reads before they answer. Nothing in it can move the cursor: a prompt that can be redrawn is forged.
pub(super) fn shown(question: &Question, palette: Palette, columns: Option<usize>) -> String {
    let lay = |first, hang, tone, line: &str| Lines { columns, first, hang }.lay(&[(tone, line)], palette);
    let asked = lay(2, 2, Tone::Strong, &safe::line(&question.text));
    let mut text = format!("\n{} {asked}\n", palette.paint(Tone::Warn, "?"));
    // The same question is asked for each item of a `parallel`, and the wrong yes is easily given.
    let around = question.path.parent();
    if !around.is_root() {
        text.push_str(&format!("    {}\n", lay(4, 6, Tone::Plain, &format!("in {}", safe::line(&around.told())))));
    }
    if let Some(details) = &question.confirm.details {
        for line in safe::block(details.as_bytes(), Colours::Dropped).lines() {
            text.push_str(&format!("    {}\n", lay(4, 6 + wrap::indent(line), Tone::Plain, line)));
        }
    }
    let wants = question.confirm.wants();
    if !wants.is_empty() {
        text.push_str(&format!("    {}\n", palette.paint(Tone::Faint, &safe::line(&wants.join(" · ")))));
    }
    for (at, choice) in question.confirm.choices.iter().enumerate() {
        let number = format!("[{}]", at + 1);
        let first = 4 + number.len() + 1;
        let choice = lay(first, first, Tone::Plain, &safe::line(choice));
        text.push_str(&format!("    {} {choice}\n", palette.paint(Tone::Strong, &number)));
    }
    let deadline = question.confirm.deadline.map(|deadline| match question.left {
        Some(left) if left < deadline => format!("within {} (of {deadline})", elapsed::ticking(left.millis())),
        _ => format!("within {deadline}"),
    });
    // The prompt for a choice says so itself.
    let open = question.confirm.choices.is_empty().then(|| "Ctrl-D leaves it open".to_owned());
    let notes: Vec<_> = deadline.into_iter().chain(open).collect();
    if !notes.is_empty() {
        text.push_str(&palette.paint(Tone::Faint, &format!("    {}\n", notes.join(" · "))));
    }
    text
}

/// What stands before the cursor.
pub(super) fn prompt(question: &Question, columns: Option<usize>) -> String {
    let prompt = match (&question.confirm.input, question.confirm.choices.len()) {
        (Some(input), _) => format!("  {}: ", safe::line(input)),
        (None, 0) => "  yes or no? [y/N] ".to_owned(),
        (None, choices) => format!("  1 to {choices}, or Ctrl-D to leave it open: "),
    };
    Lines { columns, first: 0, hang: 2 }.lay(&[(Tone::Plain, prompt.as_str())], Palette::plain())
}

/// What an answer means, or what is wanted instead.
///
/// Silence is never yes: an empty line is no where yes or no is asked, and no answer elsewhere.
pub(super) fn meaning(question: &Question, typed: &str) -> Result<Said, &'static str> {
    if typed.contains(char::is_control) || safe::line(typed) != typed {
        return Err("that has characters that cannot be seen; type it again");
    }
    if question.confirm.input.is_some() {
        return if typed.is_empty() { Err("an answer is wanted") } else { Ok(Said::Entered(typed.to_owned())) };
    }
    if question.confirm.choices.is_empty() {
        return match typed.to_lowercase().as_str() {
            "y" | "yes" => Ok(Said::Yes),
            "" | "n" | "no" => Ok(Said::No),
            _ => Err("`yes` or `no` is wanted"),
        };
    }
    let by_number = typed.parse::<usize>().ok().and_then(|number| question.confirm.choices.get(number.checked_sub(1)?));
    // The text of a choice wins over its number: choices may be numbers themselves.
    let chosen = question.confirm.choices.iter().find(|choice| *choice == typed).or(by_number);
    chosen.map(|choice| Said::Chose(choice.clone())).ok_or("one of the choices is wanted, by number or in full")
}
