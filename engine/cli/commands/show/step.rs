//! `runbook show RUN STEP`: which step is meant.

use runbook_model::account::{Account, StepAccount};
use runbook_model::parameter::nearest;
use runbook_runtime::journal::RunDir;
use serde_json::json;

use super::detail;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output;
use crate::output::Format;
use crate::output::screen::on_stdout;

/// So many steps are named where none or several are meant: of ten thousand nobody would see what was wrong.
const MOST: usize = 20;

/// Prints one step in full.
pub(super) fn run(account: &Account, text: &str, dir: &RunDir, globals: &Globals) -> Result<(), Failure> {
    let step = named(account, text)?;
    output::to_stdout(&match globals.output {
        Format::Json => {
            let decisions: Vec<_> = account.decisions.iter().filter(|decision| decision.path == step.path).collect();
            format!("{}\n", json!({ "v": 1, "run": account.run, "step": step, "decisions": decisions }))
        }
        Format::Text => detail::page(account, step, dir, on_stdout(globals.color)),
    })
}

/// The step that a person means: its whole path, the number of one of its records, or a name that only one step has.
fn named<'a>(account: &'a Account, text: &str) -> Result<&'a StepAccount, Failure> {
    let seq: Option<u64> = text.parse().ok();
    let exact = account
        .steps
        .iter()
        .find(|step| step.path.to_string() == text || step.attempts.iter().any(|attempt| Some(attempt.seq.0) == seq));
    if let Some(step) = exact {
        return Ok(step);
    }
    let forward: Vec<_> =
        account.steps.iter().filter(|step| !step.path.is_rollback() && (step.path.name() == text || step.name == text)).collect();
    match forward.as_slice() {
        [step] => Ok(step),
        several => {
            let what = if several.is_empty() { "has no step" } else { "has several steps" };
            let of = if several.is_empty() { account.steps.iter().collect() } else { several.to_vec() };
            let near = nearest(text, account.steps.iter().map(|step| step.name.as_str())).filter(|_| several.is_empty());
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let mut paths: Vec<_> = of.iter().take(MOST).map(|step| format!("  {}", step.path)).collect();
            paths.extend(of.len().checked_sub(MOST).filter(|more| *more > 0).map(|more| format!("  … and {more} more")));
            Err(Failure::usage(format!("run {} {what} `{text}`{near}", account.run)).detail(paths.join("\n")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::reporters::example::Example;

    #[test]
    fn a_step_is_found_by_path_name_or_record() {
        let account = Account::of(&Example::failing_and_rolled_back()).expect("an account");
        let link = "Switch/point the link at r6";
        let found = |text: &str| named(&account, text).map(|step| step.path.to_string());
        assert_eq!(found(link).as_deref(), Ok(link));
        assert_eq!(found("point the link at r6").as_deref(), Ok(link));
        let seq = account.step(&link.parse().expect("a path")).expect("the step").attempts[0].seq;
        assert_eq!(found(&seq.to_string()).as_deref(), Ok(link));
        assert_eq!(found(&format!("~rollback/{link}")).expect("the rollback"), format!("~rollback/{link}"));
        let none = found("nothing").expect_err("no such step");
        assert!(none.to_string().contains("has no step `nothing`"), "{none}");
    }

    #[test]
    fn of_many_steps_some_are_named_and_the_nearest_is_proposed() {
        let mut account = Account::of(&Example::failing_and_rolled_back()).expect("an account");
        let step = account.steps[0].clone();
        account.steps = (0..10_000)
            .map(|nth| {
                let name = format!("step {nth}");
                StepAccount { path: Example::path(&name), name, ..step.clone() }
            })
            .collect();
        let said = named(&account, "stepp 77").expect_err("no such step").rendered(output::style::Palette::plain());
        assert!(said.contains("did you mean `step 77`?") && said.contains("… and 9980 more"), "{said}");
        assert!(said.lines().count() < 25, "{} lines", said.lines().count());
    }
}
