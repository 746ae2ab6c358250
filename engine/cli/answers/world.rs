//! The world that answers like this.

use std::time::Duration;

use runbook_model::answer::Said;
use runbook_model::length::Length;
use runbook_runtime::world::ScriptedWorld;
use runbook_runtime::world::scripted::{Act, Sight};

use super::file::{Answers, CommandAnswer, ConfirmAnswer, LookAnswer, Plain};

/// The clock of the scripted world stands still, so that a run that waited longer writes the same texts.
const NOW: &str = "2026-01-01T00:00:00Z";

impl Answers {
    /// Whether each answer is one.
    pub(super) fn judge(&self) -> Result<(), String> {
        for (step, answers) in &self.commands {
            for answer in answers.all() {
                act(answer).map_err(|why| format!("[commands] \"{step}\": {why}"))?;
            }
        }
        for (look, answers) in &self.sees {
            for answer in answers.all() {
                sight(answer).map_err(|why| format!("[sees] \"{look}\": {why}"))?;
            }
        }
        Ok(())
    }

    /// A new world that answers like this. Where two patterns fit, the longer one counts.
    #[must_use]
    pub fn world(&self) -> ScriptedWorld {
        let mut world = ScriptedWorld::new().agrees();
        for (step, answers) in longest_first(self.commands.iter()) {
            for act in answers.all().iter().filter_map(|answer| act(answer).ok()) {
                world = world.command(step, act);
            }
        }
        for (look, answers) in longest_first(self.sees.iter()) {
            for answer in answers.all() {
                let Ok(sight) = sight(answer) else { continue };
                world = match &answer.after {
                    Some(after) => world.look_after(look, after, sight),
                    None => world.look(look, sight),
                };
            }
        }
        for (question, answer) in longest_first(self.confirms.iter()) {
            let said = match answer {
                ConfirmAnswer::Plain(Plain::Yes) => Said::Yes,
                ConfirmAnswer::Plain(Plain::No) => Said::No,
                ConfirmAnswer::Choose { choose } => Said::Chose(choose.clone()),
                ConfirmAnswer::Enter { enter } => Said::Entered(enter.clone()),
            };
            world = world.says(question, said);
        }
        world.look("clock::now", Sight::value(NOW))
    }
}

fn longest_first<'a, T>(answers: impl Iterator<Item = (&'a String, T)>) -> Vec<(&'a str, T)> {
    let mut answers: Vec<_> = answers.map(|(pattern, answer)| (pattern.as_str(), answer)).collect();
    answers.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.len()));
    answers
}

fn act(answer: &CommandAnswer) -> Result<Act, String> {
    let CommandAnswer { prints, exits, complains, status, body, takes } = answer;
    let program = prints.is_some() || exits.is_some() || complains.is_some();
    let act = match (status, exits.unwrap_or(0)) {
        (Some(_), _) if program => return Err("`status` is for requests, `prints` and `exits` are for programs".to_owned()),
        (None, _) if body.is_some() => return Err("`body` needs a `status`".to_owned()),
        (Some(status), _) => Act::responds(*status, body.as_deref().unwrap_or_default()),
        (None, 0) if complains.is_some() => return Err("`complains` needs an `exits` other than 0".to_owned()),
        (None, 0) => Act::prints(prints.as_deref().unwrap_or_default()),
        (None, _) if prints.is_some() => return Err("`prints` is for programs that end with 0".to_owned()),
        (None, code) => Act::complains(code, complains.as_deref().unwrap_or_default()),
    };
    match takes {
        None => Ok(act),
        Some(takes) => {
            let takes: Length = takes.parse().map_err(|error| format!("`takes`: {error}"))?;
            Ok(act.takes(Duration::from(takes)))
        }
    }
}

fn sight(answer: &LookAnswer) -> Result<Sight, String> {
    let LookAnswer { status, body, prints, exits, content, value, fails, after: _ } = answer;
    let mut sights = Vec::new();
    if let Some(status) = status {
        sights.push(Sight::response(*status, body.as_deref().unwrap_or_default()));
    } else if body.is_some() {
        return Err("`body` needs a `status`".to_owned());
    }
    if prints.is_some() || exits.is_some() {
        sights.push(Sight::output(exits.unwrap_or(0), prints.as_deref().unwrap_or_default()));
    }
    sights.extend(content.as_deref().map(Sight::content));
    sights.extend(value.clone().map(Sight::value));
    sights.extend(fails.as_deref().map(Sight::fails));
    match <[Sight; 1]>::try_from(sights) {
        Ok([sight]) => Ok(sight),
        Err(none) if none.is_empty() => {
            Err("say what is seen: `status`, `prints`, `exits`, `content`, `value` or `fails`".to_owned())
        }
        Err(_) => Err("one look sees one thing: a response, an output, a content, a value or a failure".to_owned()),
    }
}
