//! `runbook answer`: answers a confirm that waits.

use jiff::Timestamp;
use runbook_model::answer::Said;
use runbook_model::approval;
use runbook_model::change::quoted;
use runbook_model::status::RunStatus;
use runbook_model::step::{OnTimeout, StepKind};
use runbook_runtime::dispatcher::{Session, questions};
use runbook_runtime::journal::{RunDir, StateDir};

use crate::behalf;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::history::{History, RunLine};
use crate::operator::Operator;
use crate::output;
use crate::output::elapsed;
use crate::output::safe;
use crate::output::style::Tone;
use crate::output::wrap::{self, Lines};
use crate::performance::Performance;
use crate::typed::RunPrefix;
use crate::workplace::Workplace;

/// How many runs are shown at once.
const MOST: usize = 20;

/// Answer a confirm that a run waits for
///
/// Without an answer on the command line all questions that are open are shown, with what to type for each: those of the run, or
/// of every run that waits.
#[derive(Debug, clap::Args)]
pub struct Answer {
    /// The run: its id, a unique prefix of it, or `last`; otherwise every one that waits is shown
    #[arg(value_name = "RUN")]
    pub run: Option<RunPrefix>,
    /// The question, or its whole path; otherwise the first that you may answer
    #[arg(value_name = "STEP")]
    pub step: Option<String>,
    /// What you say.
    #[command(flatten)]
    pub said: Reply,
    /// Something to add, for the record
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// What you say.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub struct Reply {
    /// Agree
    #[arg(long)]
    pub yes: bool,
    /// Decline
    #[arg(long)]
    pub no: bool,
    /// One of the choices
    #[arg(long, value_name = "CHOICE")]
    pub choose: Option<String>,
    /// The line of text that is asked for
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
}

impl Reply {
    /// The answer, if there is one on the command line.
    #[must_use]
    pub fn said(&self) -> Option<Said> {
        match self {
            Self { yes: true, .. } => Some(Said::Yes),
            Self { no: true, .. } => Some(Said::No),
            Self { choose: Some(choice), .. } => Some(Said::Chose(choice.clone())),
            Self { text: Some(text), .. } => Some(Said::Entered(text.clone())),
            Self { .. } => None,
        }
    }
}

/// Answers.
///
/// # Errors
/// Nothing waits for an answer, or not for this one, or not from this person.
pub fn run(answer: &Answer, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let state = workplace.state()?;
    let Some(prefix) = &answer.run else { return all(answer, workplace, &state) };
    let run = workplace.run(&state, prefix)?;
    let Some(said) = answer.said.said() else { return shown(workplace, &state.run(run)) };
    let performance = Performance::of_run(workplace, &state, run, Operator::here())?;
    let (step, note) = (answer.step.clone(), answer.note.clone());
    let seen = behalf::request().and_then(|request| request.shown);
    let exit = performance.perform(|opening| async move { Session::answer(opening, step.as_deref(), said, note, seen).await })?;
    Ok(if matches!(exit, ExitCode::Interrupted | ExitCode::Waiting) { ExitCode::Completed } else { exit })
}

/// Shows what every run waits for. Whoever was called at night was told that somebody has to answer, and not always which run.
fn all(answer: &Answer, workplace: &Workplace<'_>, state: &StateDir) -> Result<ExitCode, Failure> {
    let waits = |line: &RunLine| line.asks || matches!(line.status, RunStatus::Suspended { .. });
    let mut lines = match History::open(&workplace.place.configuration)? {
        Some(history) => history.lines(&history.runs()?, MOST, |_| true, waits).0,
        None => Vec::new(),
    };
    // One that has been answered waits for nobody but its next session.
    lines.retain(|line| workplace.journal(&state.run(line.run)).is_ok_and(|(_, state)| !questions(&state).is_empty()));
    if lines.is_empty() {
        return Err(Failure::new(ExitCode::Refused, "no run waits for an answer").hint("runbook runs"));
    }
    if answer.said.said().is_some() {
        let hint = |failure: Failure, line: &RunLine| failure.hint(format!("runbook answer {}  ({})", line.run, line.runbook));
        return Err(lines.iter().fold(Failure::usage("which run? An answer has to name the one that it is for"), hint));
    }
    let palette = workplace.screen().palette;
    for line in lines {
        let ago = u64::try_from(Timestamp::now().as_millisecond() - line.started.as_millisecond()).unwrap_or(0);
        let by = line.operator.map_or_else(String::new, |by| format!(" by {by}"));
        let facts = safe::line(&format!("{}, begun {} ago{by}", line.run, elapsed::ticking(ago)));
        let runbook = safe::line(&line.runbook);
        output::to_stderr(&format!("{}  {}\n", palette.paint(Tone::Strong, &runbook), palette.paint(Tone::Faint, &facts)));
        shown(workplace, &state.run(line.run))?;
    }
    Ok(ExitCode::Waiting)
}

/// Shows what is open, and changes nothing.
fn shown(workplace: &Workplace<'_>, dir: &RunDir) -> Result<ExitCode, Failure> {
    let (_, state) = workplace.journal(dir)?;
    let open = questions(&state);
    if open.is_empty() {
        return Err(Failure::new(ExitCode::Refused, format!("run {} does not wait for an answer", dir.run())));
    }
    let palette = workplace.screen().palette;
    let columns = output::screen::width(std::io::stderr());
    let lay = |first, hang, tone, line: &str| Lines { columns, first, hang }.lay(&[(tone, line)], palette);
    for (path, spec) in open {
        let StepKind::Confirm(confirm) = &spec.kind else { continue };
        let mut text = format!("{} {}\n", palette.paint(Tone::Warn, "?"), lay(2, 2, Tone::Strong, &safe::line(&spec.name)));
        for line in confirm.details.iter().flat_map(|details| details.lines()) {
            let line = safe::line(line);
            text.push_str(&format!("    {}\n", lay(4, 6 + wrap::indent(&line), Tone::Plain, &line)));
        }
        let mut facts = confirm.wants();
        let shown = approval::shown(&state, &path, &spec);
        facts.extend(state.step(&path).into_iter().flat_map(|step| approval::so_far(step, shown)));
        let asked = state.step(&path).map_or(state.started_at(), |step| step.since);
        let until = approval::until(confirm, asked).map(|until| until.strftime("%Y-%m-%d %H:%M:%S UTC"));
        // An answer would be refused: what silence means comes with the next session.
        let over = approval::left_of(&state, &path, confirm, Timestamp::now()).is_some_and(|left| left.millis() == 0);
        facts.extend(until.map(|until| format!("{} {until}", if over { "its time was over at" } else { "until" })));
        if !facts.is_empty() {
            text.push_str(&format!("  {}\n", palette.paint(Tone::Faint, &safe::line(&facts.join(" · ")))));
        }
        let ways: Vec<String> = match (confirm.choices.as_slice(), &confirm.input) {
            ([], None) => vec!["--yes".to_owned(), "--no".to_owned()],
            ([], Some(input)) => vec![format!("--text '…'  ({input})")],
            (choices, _) => choices.iter().map(|choice| format!("--choose {}", quoted(choice))).collect(),
        };
        let answer = |way: String| format!("runbook answer {} {} {way}", dir.run(), quoted(&path.to_string()));
        let lines = if over {
            let then = confirm.on_timeout.unwrap_or(OnTimeout::Stop).told();
            vec![format!("runbook resume {}  (as the runbook says: {then})", dir.run())]
        } else {
            ways.into_iter().map(answer).collect()
        };
        for line in lines {
            text.push_str(&format!("  {}\n", palette.paint(Tone::Faint, &safe::line(&line))));
        }
        output::to_stderr(&text);
    }
    Ok(ExitCode::Waiting)
}
