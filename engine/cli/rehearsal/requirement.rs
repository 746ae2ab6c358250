//! Whether an environment lets a run start: what it requires was rehearsed before.

use jiff::Timestamp;
use runbook_model::change::quoted;
use runbook_model::entry::{Mode, RunStarted};
use runbook_model::length::Length;

use crate::configuration::Rules;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::elapsed;
use crate::rehearsal::past::{Held, Past};

/// Why the environment does not let this run start, when it does not.
#[must_use]
pub fn refusal(rules: &Rules, past: &Past, next: &RunStarted, now: Timestamp) -> Option<Failure> {
    let env = next.env.as_deref()?;
    let rehearsal = rules.require_rehearsal.as_ref().and_then(|within| {
        let wanted = |held: &Held| held.started.mode == Mode::Rehearsal && held.started.env == next.env;
        let flawed = |held: &Held| held.meant.is_some_and(|meant| !meant.certain).then(|| "could not know everything".to_owned());
        let why = unmet(past, wanted, flawed, next, within.value, now)?;
        let what = format!("`{env}` wants a rehearsal there that is at most {} old: {why}", within.value);
        Some(refused(what).hint(format!("runbook exec {} --env {} --dry-run", quoted(&next.runbook), quoted(env))))
    });
    rehearsal.or_else(|| {
        let within = rules.require_real_rehearsal.as_ref()?.value;
        let wanted = |held: &Held| held.started.mode == Mode::Live && held.started.env.is_some() && held.started.env != next.env;
        let why = unmet(past, wanted, |_| None, next, within, now)?;
        let what = format!("`{env}` wants a completed run in another environment that is at most {within} old: {why}");
        Some(refused(what).hint(format!("runbook exec {} --env …  in another one", quoted(&next.runbook))))
    })
}

fn refused(what: String) -> Failure {
    Failure::new(ExitCode::Refused, what).hint("`--without-rehearsal REASON` starts it all the same, and records why")
}

/// Why nothing that was held will do; none when something does.
fn unmet(
    past: &Past,
    wanted: impl Fn(&Held) -> bool,
    flawed: impl Fn(&Held) -> Option<String>,
    next: &RunStarted,
    within: Length,
    now: Timestamp,
) -> Option<String> {
    let mut newest = None;
    for held in past.held().iter().filter(|held| wanted(held)) {
        // A clock that was set back makes a rehearsal of the future: that is not a fresh one, it is one of unknown age.
        let age = u64::try_from(now.duration_since(held.at).as_millis()).ok();
        let why = match age {
            None => Some("is dated in the future".to_owned()),
            Some(age) if age > within.millis() => Some(format!("is {} old", elapsed::short(age))),
            Some(_) if !held.is_of(next) => Some("was of another version of the runbook".to_owned()),
            Some(_) => flawed(held),
        };
        match why {
            None => return None,
            Some(why) => drop(newest.get_or_insert((held.run, why))),
        }
    }
    Some(newest.map_or_else(|| "there is none".to_owned(), |(run, why)| format!("the last one, {run}, {why}")))
}
