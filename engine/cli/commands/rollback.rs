//! `runbook rollback`: takes back what a run did.

use runbook_model::change::Change;
use runbook_model::state::{RunState, Work};
use runbook_runtime::dispatcher::{Refused, Session, would_roll_back};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::style::{Palette, Tone};
use crate::output::{self, safe};
use crate::performance::Performance;
use crate::typed::RunPrefix;
use crate::workplace::Workplace;

/// Roll a run back, newest step first
///
/// Works on any earlier run, also on a completed one, over what it really did. Rolling back twice does nothing twice.
#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// The run: its id, a unique prefix of it, or `last`
    #[arg(value_name = "RUN")]
    pub run: RunPrefix,
    /// Show what would be rolled back, and change nothing. Exit code 3 when a step is in doubt: whether it is rolled back is not known yet
    #[arg(long)]
    pub dry_run: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub why: Option<String>,
    /// Show the output of steps that succeed, too
    #[arg(long, short)]
    pub verbose: bool,
}

/// Rolls it back, or says what that would do.
///
/// # Errors
/// The run cannot be taken; nothing was run.
pub fn run(rollback: &Rollback, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let state = workplace.state()?;
    let run = workplace.run(&state, &rollback.run)?;
    let performance = Performance::of_run(workplace, &state, run, Operator::here())?;
    if rollback.dry_run {
        let (_, run) = workplace.journal(&state.run(run))?;
        let performance = Performance { dry_run: true, ..performance };
        output::to_stderr(&rehearsed(&run, &performance)?);
        let is_known = run.doubtful().is_empty() && !run.is_uncharted();
        return Ok(if is_known { ExitCode::Completed } else { ExitCode::Unknowable });
    }
    let why = rollback.why.clone().unwrap_or_else(|| "`runbook rollback`".to_owned());
    let performance = Performance { verbose: rollback.verbose, ..performance };
    performance.perform(|opening| Session::roll_back(opening, why))
}

/// What a rollback would do, newest first, and what stands in its way now.
fn rehearsed(state: &RunState, performance: &Performance<'_>) -> Result<String, Failure> {
    let owed = would_roll_back(state);
    let palette = performance.workplace.screen().palette;
    let mut text = unknown(state, palette);
    text.push_str(&match (owed.len(), text.is_empty()) {
        (0, true) => "nothing is owed: a rollback would do nothing\n".to_owned(),
        (0, false) => "nothing else is owed\n".to_owned(),
        (1, _) => "a rollback would do 1 step:\n".to_owned(),
        (n, _) => format!("a rollback would do {n} steps, newest first:\n"),
    });
    let changes: Vec<&Change> = owed.iter().flat_map(|(_, work)| changes_of(work)).collect();
    let mut lacks = performance.look_ahead(&changes)?.into_iter();
    let mut in_the_way = 0;
    for (path, work) in &owed {
        text.push_str(&format!("  ↩ {}\n", safe::line(&path.told())));
        for change in changes_of(work) {
            text.push_str(&format!("      would run: {}\n", safe::line(&change.line())));
            for lack in lacks.next().unwrap_or_default() {
                in_the_way += 1;
                text.push_str(&format!("      {} {}\n", palette.paint(Tone::Bad, "in the way:"), safe::line(&lack)));
            }
        }
        if matches!(work, Work::Block) {
            text.push_str("      the steps of its rollback block\n");
        }
    }
    for path in runbook_model::rollback::staying(state) {
        text.push_str(&format!("  · {} stays: no rollback was declared for it\n", safe::line(&path.told())));
    }
    if in_the_way > 0 {
        let warning = "as things are now it would get stuck there: what comes behind it in this list would not be rolled back";
        text.push_str(&format!("{}\n", palette.paint(Tone::Warn, warning)));
    }
    Ok(text)
}

/// What nobody knows yet: whether these steps took effect decides whether they are rolled back, and that is found out first.
fn unknown(state: &RunState, palette: Palette) -> String {
    let mut text = String::new();
    let head = palette.paint(Tone::Warn, "in doubt:");
    for step in state.doubtful() {
        let then = if step.settles() {
            "its `settled_by` is asked first"
        } else {
            "a rollback finds out, or stops there before anything is done"
        };
        text.push_str(&format!("  {head} {} may have taken effect; {then}\n", safe::line(&step.path.told())));
    }
    if state.is_uncharted() {
        text.push_str(&match state.over() {
            None => format!("  {}\n", Refused::Uncharted(state.run())),
            Some(_) => format!("  {head} what the machine that had it before may have taken back already; each is asked about\n"),
        });
    }
    text
}

fn changes_of(work: &Work) -> &[Change] {
    match work {
        Work::Changes(changes) => changes,
        Work::Block | Work::Stays => &[],
    }
}
