//! `runbook test`: tries runbooks out in a scripted world.

use runbook_model::entry::{Mode, RunStarted};
use runbook_model::outlook::Outlook;
use runbook_model::parameter::{self, Origin};
use runbook_model::status::RunStatus;
use runbook_runtime::sweep::{Baseline, Subject, Swept, Unsweepable, Violation, crash_matrix, fail_each_step, repeat_each_step};
use serde_json::json;

use super::exec;
use crate::answers::{Answers, suggestion};
use crate::arguments::Format;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::library::{Title, broken};
use crate::output::style::{Palette, Tone};
use crate::output::{self, safe, table};
use crate::workplace::Workplace;

/// Try runbooks out in a scripted world, where nothing real is touched
///
/// The engine is the real one, with a real journal; only commands, looks and people are played. What they answer stands in
/// `NAME.test.toml` beside the runbook. Without a sweep the runbook is performed and rolled back once, and the changes are shown.
#[derive(Debug, clap::Args)]
pub struct Test {
    /// Names of runbooks or paths of `.rhai` files; otherwise all of them
    #[arg(value_name = "NAME")]
    pub runbooks: Vec<String>,
    /// Let every command fail, every question be answered with no, and every change of the rollback fail, one at a time
    #[arg(long)]
    pub fail_each_step: bool,
    /// Let every command take effect without anybody knowing, one at a time
    #[arg(long)]
    pub repeat_each_step: bool,
    /// Kill the engine at every record, call and effect, one at a time, forwards and in rollback
    #[arg(long)]
    pub crash_matrix: bool,
    /// A parameter, as often as there are any; stronger than `[params]` of the file
    #[arg(long = "param", short = 'p', value_name = "KEY=VALUE", value_parser = exec::parameter)]
    pub params: Vec<exec::Parameter>,
    /// The environment whose settings the runbook gets; otherwise `RUNBOOK_ENV`
    #[arg(long, value_name = "ENV")]
    pub env: Option<String>,
}

type Sweep = fn(&Subject, &Baseline) -> Result<Swept, std::io::Error>;

/// One line of the table.
struct Row {
    runbook: String,
    sweep: &'static str,
    swept: Swept,
}

/// Tries each runbook out: 0 when nothing is wrong, 1 when a run did what must not be, 2 when one cannot be tried.
///
/// # Errors
/// A runbook that was named is not there, or standard output cannot take the result.
pub fn run(test: &Test, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let library = workplace.place.library();
    let titles = match test.runbooks.as_slice() {
        [] => library.titles(),
        named => named.iter().map(|name| library.find(name)).collect::<Result<_, _>>()?,
    };
    let palette = workplace.screen().palette;
    let (mut rows, mut failed, mut untried) = (Vec::new(), false, false);
    for title in &titles {
        let tried = subject(test, workplace, title)
            .and_then(|subject| Baseline::of(&subject).map(|baseline| (subject, baseline)).map_err(|why| unfit(title, &why)));
        let (subject, baseline) = match tried {
            Ok(tried) => tried,
            // One that cannot be tried hides no other.
            Err(failure) => {
                untried = true;
                output::to_stderr(&failure.rendered(palette));
                continue;
            }
        };
        let sweeps = sweeps(test);
        if sweeps.is_empty() {
            failed |= *baseline.status() != RunStatus::Completed;
            output::to_stdout(&undisturbed(title, &baseline, workplace.globals.output))?;
        }
        for (sweep, perform) in sweeps {
            let swept = perform(&subject, &baseline)
                .map_err(|error| Failure::new(ExitCode::Refused, format!("the runs of a test cannot be kept: {error}")))?;
            failed |= !swept.violations.is_empty();
            rows.push(Row { runbook: title.name.clone(), sweep, swept });
        }
    }
    if !rows.is_empty() {
        output::to_stdout(&match workplace.globals.output {
            Format::Json => rows.iter().map(json_line).collect(),
            Format::Text => shown(&rows, super::on_stdout(workplace.globals.color).palette),
        })?;
    }
    let first = rows.iter().find_map(|row| Some((row, row.swept.violations.first()?)));
    if let (Some((row, violation)), Format::Text) = (first, workplace.globals.output) {
        output::to_stderr(&drawn(row, violation, palette));
    }
    Ok(match (failed, untried) {
        (true, _) => ExitCode::StepFailed,
        (false, true) => ExitCode::NothingRun,
        (false, false) => ExitCode::Completed,
    })
}

fn sweeps(test: &Test) -> Vec<(&'static str, Sweep)> {
    let all: [(bool, &'static str, Sweep); 3] = [
        (test.fail_each_step, "fail each step", fail_each_step),
        (test.repeat_each_step, "repeat each step", repeat_each_step),
        (test.crash_matrix, "crash matrix", crash_matrix),
    ];
    all.into_iter().filter(|(wanted, ..)| *wanted).map(|(_, name, sweep)| (name, sweep)).collect()
}

/// The runbook with its parameters and settings, and the world that its file describes.
fn subject(test: &Test, workplace: &Workplace<'_>, title: &Title) -> Result<Subject, Failure> {
    let palette = workplace.screen().palette;
    let read = workplace.place.library().read(title);
    let (program, declaration) = read.map_err(|wrong| broken(title, &wrong, palette))?;
    let answers = Answers::read(&workplace.root().join(&title.file).with_extension("test.toml"))?;
    let (env, environment) = workplace.place.configuration.environment(test.env.as_deref())?;
    let typed = test.params.iter().map(|given| (given.name.clone(), given.text.clone(), Origin::Typed));
    let text = |value: &runbook_model::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let filed = answers.params.iter().filter(|(name, _)| test.params.iter().all(|given| given.name != **name));
    let given: Vec<_> = filed.map(|(name, value)| (name.clone(), text(value), Origin::Typed)).chain(typed).collect();
    let params = parameter::resolve(&declaration.params, &given).map_err(|refused| exec::unfit(&title.name, &refused))?;
    let mut settings = environment.values();
    settings.extend(answers.settings.clone());
    let groups = workplace.place.configuration.groups.keys();
    let started = RunStarted {
        runbook: title.name.clone(),
        title: declaration.title,
        owner: declaration.owner,
        mode: Mode::Live,
        env,
        protected: false,
        params,
        settings,
        budget: declaration.budget,
        on_failure: declaration.on_failure,
        sources: exec::sources(&program),
        provenance: None,
        root: workplace.root().display().to_string(),
        // The person of the scripted world may speak for everybody.
        groups: groups.map(|group| (group.clone(), vec!["tester".to_owned()])).collect(),
        unsealed: Some("`runbook test`".to_owned()),
        locks: declaration.locks,
        gate: None,
        outlook: Outlook::default(),
    };
    Ok(Subject { program, started, world: Box::new(move || answers.world()) })
}

fn unfit(title: &Title, why: &Unsweepable) -> Failure {
    let failure = Failure::usage(format!("`{}` cannot be tried: {why}", title.name));
    match why {
        Unsweepable::Unanswered(unanswered) => {
            let file = title.file.strip_suffix(".rhai").unwrap_or(&title.file);
            failure.detail(suggestion(unanswered)).hint(format!("add these lines to `{file}.test.toml`, with what shall be seen"))
        }
        _ => failure,
    }
}

/// The undisturbed run and its rollback, change by change.
fn undisturbed(title: &Title, baseline: &Baseline, format: Format) -> String {
    let (status, changes, rolled_back) = (baseline.status().word(), baseline.changes(), baseline.rolled_back());
    if format == Format::Json {
        let line = json!({ "v": 1, "runbook": title.name, "status": status, "changes": changes, "rolled_back": rolled_back });
        return format!("{line}\n");
    }
    let list = |lines: &[String]| lines.iter().map(|line| format!("  {}\n", safe::line(line))).collect::<String>();
    let why = safe::line(&baseline.because());
    let mut text = format!("{}: {status}{why}; {}\n{}", safe::line(&title.name), counted(changes.len()), list(&changes));
    text.push_str(&format!("its rollback: {}\n{}", counted(rolled_back.len()), list(&rolled_back)));
    text
}

fn counted(changes: usize) -> String {
    if changes == 1 { "1 change".to_owned() } else { format!("{changes} changes") }
}

fn shown(rows: &[Row], palette: Palette) -> String {
    let cells: Vec<_> = rows
        .iter()
        .map(|Row { runbook, sweep, swept }| {
            let violations = swept.violations.len();
            let tone = if violations == 0 { Tone::Good } else { Tone::Bad };
            [
                (Tone::Strong, safe::line(runbook)),
                (Tone::Plain, (*sweep).to_owned()),
                (Tone::Plain, swept.boundaries.to_string()),
                (Tone::Plain, swept.in_doubt.to_string()),
                (tone, violations.to_string()),
            ]
        })
        .collect();
    table::columns(["RUNBOOK", "SWEEP", "RUNS", "IN DOUBT", "VIOLATIONS"], &cells, palette)
}

fn json_line(row: &Row) -> String {
    let violations: Vec<_> = row
        .swept
        .violations
        .iter()
        .map(|Violation { disturbed, why, expected, found }| {
            json!({ "disturbed": disturbed, "why": why, "expected": expected, "found": found })
        })
        .collect();
    let (runs, in_doubt) = (row.swept.boundaries, row.swept.in_doubt);
    let line = json!({
        "v": 1, "runbook": row.runbook, "sweep": row.sweep, "runs": runs, "in_doubt": in_doubt, "violations": violations,
    });
    format!("{line}\n")
}

/// The first run that did what must not be: what was done to it, what is wrong, and the changes side by side.
fn drawn(row: &Row, violation: &Violation, palette: Palette) -> String {
    let lines = |lines: &[String]| lines.iter().map(|line| format!("{}\n", safe::line(line))).collect::<String>();
    let (expected, found) = (lines(&violation.expected), lines(&violation.found));
    let diff = similar::TextDiff::from_lines(&expected, &found);
    let mut text = format!(
        "\n{} {} ({}): {}\n  when {}\n",
        palette.paint(Tone::Bad, "violation:"),
        safe::line(&row.runbook),
        row.sweep,
        safe::line(&violation.why),
        safe::line(&violation.disturbed),
    );
    for change in diff.iter_all_changes() {
        let (mark, tone) = match change.tag() {
            similar::ChangeTag::Delete => ("- expected  ", Tone::Good),
            similar::ChangeTag::Insert => ("+ found     ", Tone::Bad),
            similar::ChangeTag::Equal => ("            ", Tone::Plain),
        };
        text.push_str(&format!("  {}\n", palette.paint(tone, &format!("{mark}{}", change.value().trim_end()))));
    }
    text
}
