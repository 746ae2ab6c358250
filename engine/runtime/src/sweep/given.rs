//! The world that answers as a test says.

use std::time::Duration;

use runbook_model::Value;
use runbook_model::answer::Said;

use crate::operation::Look;
use crate::script::testing::{Answered, Given, Word};
use crate::world::scripted::{Act, Sight};
use crate::world::{Reaction, ScriptedWorld};

/// The clock of the scripted world stands still, so that a run that waited longer writes the same texts.
const NOW: &str = "2026-01-01T00:00:00Z";

/// A new world that answers like this. Where two patterns fit, the longer one counts.
#[must_use]
pub fn scripted(given: &[Given]) -> ScriptedWorld {
    let mut longest_first: Vec<_> = given.iter().collect();
    longest_first.sort_by_key(|given| std::cmp::Reverse(given.what.len()));
    let mut world = ScriptedWorld::new().agrees();
    for given in longest_first {
        for answered in &given.answers {
            world = if given.is_look() { look(world, &given.what, answered) } else { step(world, &given.what, answered) };
        }
    }
    world.look("clock::now", Sight::value(NOW))
}

fn look(world: ScriptedWorld, what: &str, answered: &Answered) -> ScriptedWorld {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let sight = match answered {
        Answered { gives: Some(value), .. } if what.starts_with("fs::read ") => Sight::content(&text(value)),
        Answered { gives: Some(value), .. } if what.starts_with("exec::output ") => Sight::output(0, &text(value)),
        Answered { gives: Some(value), .. } => Sight::value(value.clone()),
        Answered { fails: Some(why), .. } => Sight::fails(why),
        Answered { status: Some(status), body, headers, .. } => {
            Sight::answer(*status, headers.clone(), body.as_deref().unwrap_or_default())
        }
        Answered { prints, exits, complains, .. } => {
            Sight::ended(exits.unwrap_or(0), prints.as_deref().unwrap_or_default(), complains.as_deref().unwrap_or_default())
        }
    };
    match &answered.after {
        Some(after) => world.look_after(what, after, sight),
        None => world.look(what, sight),
    }
}

fn step(world: ScriptedWorld, what: &str, answered: &Answered) -> ScriptedWorld {
    let seen = match answered {
        Answered { gives: Some(value), .. } => Some(Look::Value(value.clone())),
        Answered { fails: Some(why), .. } => Some(Look::Failed { message: why.clone(), location: None }),
        _ => None,
    };
    match (seen, &answered.after) {
        (Some(look), Some(after)) => return world.check_after(what, after, look),
        (Some(look), None) => return world.check(what, look),
        (None, _) => {}
    }
    let said = match answered {
        Answered { says: Some(Word::Nothing), .. } => return world.confirms(what, Reaction::TimedOut),
        Answered { says: Some(Word::Yes), .. } => Some(Said::Yes),
        Answered { says: Some(Word::No), .. } => Some(Said::No),
        Answered { chooses: Some(choice), .. } => Some(Said::Chose(choice.clone())),
        Answered { enters: Some(text), .. } => Some(Said::Entered(text.clone())),
        _ => None,
    };
    match said {
        Some(said) => world.says(what, said),
        None => world.command(what, act(answered)),
    }
}

fn act(answered: &Answered) -> Act {
    let act = match (answered.status, answered.exits.unwrap_or(0)) {
        (Some(status), _) => Act::responds(status, answered.body.as_deref().unwrap_or_default()),
        (None, 0) => Act::prints(answered.prints.as_deref().unwrap_or_default()),
        (None, code) => Act::complains(code, answered.complains.as_deref().unwrap_or_default()),
    };
    match answered.takes {
        Some(takes) => act.takes(Duration::from(takes)),
        None => act,
    }
}
