//! `runbook test`: tries runbooks out in a scripted world.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use runbook_model::status::RunStatus;
use runbook_runtime::script::Trace;
use runbook_runtime::script::testing::{Background, TestFile};
use runbook_runtime::sweep::{Baseline, Subject, Unsweepable};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::library::{Title, broken};
use crate::output;
use crate::output::Format;
use crate::output::screen::on_stdout;
use crate::output::style::Palette;
use crate::testing::{self, Circumstances, Row, SWEEPS, Suite, Sweep};
use crate::typed::Parameter;
use crate::typed::RunPrefix;
use crate::workplace::Workplace;

/// Try runbooks out in a scripted world, where nothing real is touched
///
/// The engine is the real one, with a real journal; only commands, looks and people are played. What they answer, and what is
/// expected, stands in `NAME.test.rhai` beside the runbook. Without tests the runbook is performed and rolled back once, and the
/// changes are shown. `--fail-each-step`, `--repeat-each-step` and `--crash-matrix` come on top of the tests, and not in their place.
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
    /// Write the results to this file as JUnit XML, too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write a test that plays this run again, to `NAME.test.rhai`, or to standard output when that is there already
    #[arg(long, value_name = "RUN", conflicts_with_all = ["runbooks", "fail_each_step", "repeat_each_step", "crash_matrix", "junit"])]
    pub record: Option<RunPrefix>,
    /// A parameter, as often as there are any; stronger than those of the tests
    #[arg(long = "param", short = 'p', value_name = "KEY=VALUE")]
    pub params: Vec<Parameter>,
    /// The environment whose settings the runbook gets; otherwise `RUNBOOK_ENV`
    #[arg(long, value_name = "ENV")]
    pub env: Option<String>,
}

/// What came of all runbooks.
#[derive(Default)]
struct Results {
    rows: Vec<Row>,
    suites: Vec<Suite>,
    failed: bool,
    untried: bool,
}

impl Results {
    /// What is known of this runbook so far.
    fn suite(&mut self, runbook: &str) -> &mut Suite {
        let at = self.suites.iter().position(|suite| suite.runbook == runbook).unwrap_or_else(|| {
            self.suites.push(Suite { runbook: runbook.to_owned(), cases: Vec::new() });
            self.suites.len() - 1
        });
        &mut self.suites[at]
    }
}

/// Tries each runbook out: 0 when nothing is wrong, 1 when a test failed or a run did what must not be, 2 when a runbook cannot be
/// tried.
///
/// # Errors
/// A runbook that was named is not there, there is none at all, or a result cannot be written.
pub fn run(test: &Test, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    if let Some(run) = &test.record {
        return record(run, workplace);
    }
    let library = workplace.place.library();
    let titles = library.chosen(&test.runbooks)?;
    let palette = workplace.screen().palette;
    let mut results = Results::default();
    for title in &titles {
        // One that cannot be tried hides no other.
        if let Err(failure) = tried(test, workplace, title, &mut results) {
            results.untried = true;
            results.suite(&title.name).cases.push(("can be tried".to_owned(), 0, Some(failure.rendered(Palette::plain()))));
            output::to_stderr(&failure.rendered(palette));
        }
    }
    let Results { rows, suites, failed, untried } = results;
    if !rows.is_empty() {
        output::to_stdout(&match workplace.globals.output {
            Format::Json => rows.iter().map(testing::json_line).collect(),
            Format::Text => testing::shown(&rows, on_stdout(workplace.globals.color).palette),
        })?;
    }
    let first = rows.iter().find_map(|row| Some((row, row.swept.violations.first()?)));
    if let (Some((row, violation)), Format::Text) = (first, workplace.globals.output) {
        output::to_stderr(&testing::drawn(row, violation, palette));
    }
    if let Some(file) = &test.junit {
        std::fs::write(workplace.place.surroundings.cwd.join(file), Suite::document(&suites))
            .map_err(|error| Failure::usage(format!("cannot write `{}`: {error}", file.display())))?;
    }
    Ok(match (failed, untried) {
        (true, _) => ExitCode::StepFailed,
        (false, true) => ExitCode::NothingRun,
        (false, false) => ExitCode::Completed,
    })
}

fn tried(test: &Test, workplace: &Workplace<'_>, title: &Title, results: &mut Results) -> Result<(), Failure> {
    let palette = workplace.screen().palette;
    let library = workplace.place.library();
    let (program, declaration) = library.read(title).map_err(|wrong| broken(title, &wrong, palette))?;
    let tests = library.tests(title).map_err(|wrong| broken(&title.tests(), &wrong, palette))?;
    let circumstances = Circumstances {
        title: title.clone(),
        program,
        declaration,
        configuration: workplace.place.configuration.clone(),
        root: workplace.root(),
        env: test.env.clone(),
        typed: test.params.clone(),
    };
    let mut suite = Suite { runbook: title.name.clone(), cases: Vec::new() };
    let wanted = sweeps(test);
    // Whatever is wanted on top: a flag must not hide a test that fails.
    let performed = perform(&circumstances, tests.as_ref(), workplace, &mut suite, results)?;
    let swept = match (performed, wanted.as_slice()) {
        (true, []) => Ok(()),
        _ => disturb(&circumstances, tests.as_ref(), &wanted, workplace, &mut suite, results),
    };
    results.suites.push(suite);
    swept
}

/// Disturbs a runbook with what its tests give it outside of them.
fn disturb(
    circumstances: &Circumstances,
    tests: Option<&TestFile>,
    wanted: &[(&'static str, Sweep)],
    workplace: &Workplace<'_>,
    suite: &mut Suite,
    results: &mut Results,
) -> Result<(), Failure> {
    let title = &circumstances.title;
    let background = match tests {
        Some(file) => file.background().map_err(|wrong| broken(&title.tests(), &wrong, workplace.screen().palette))?,
        None => Background::default(),
    };
    let subject = circumstances.subject(&background, &Default::default()).map_err(|unfit| circumstances.failure(unfit))?;
    sweep(&subject, wanted, title, workplace, suite, results)
}

/// Performs the tests of a runbook; whether there are any.
fn perform(
    circumstances: &Circumstances,
    tests: Option<&TestFile>,
    workplace: &Workplace<'_>,
    suite: &mut Suite,
    results: &mut Results,
) -> Result<bool, Failure> {
    let Some(file) = tests else { return Ok(false) };
    let title = &circumstances.title;
    let trace = Arc::new(Trace::default());
    let tested = file
        .perform(testing::stagehand(circumstances.clone(), Arc::clone(&trace)))
        .map_err(|wrong| broken(&title.tests(), &wrong, workplace.screen().palette))?;
    if tested.is_empty() {
        return Ok(false);
    }
    let (format, palette) = (workplace.globals.output, on_stdout(workplace.globals.color).palette);
    let coverage = circumstances.program.coverage(&trace);
    output::to_stdout(&testing::performed(&title.name, &tested, format, palette))?;
    output::to_stdout(&testing::covered(&title.name, &coverage, format, palette))?;
    for one in tested {
        results.failed |= one.wrong.is_some();
        suite.cases.push((one.name, one.millis, one.wrong.map(|wrong| wrong.to_string())));
    }
    Ok(true)
}

/// Disturbs a runbook as wanted; without a sweep it is performed once, and its changes are shown.
fn sweep(
    subject: &Subject,
    wanted: &[(&'static str, Sweep)],
    title: &Title,
    workplace: &Workplace<'_>,
    suite: &mut Suite,
    results: &mut Results,
) -> Result<(), Failure> {
    let began = Instant::now();
    let baseline = Baseline::of(subject).map_err(|why| unfit(title, &why))?;
    if wanted.is_empty() {
        let wrong =
            (*baseline.status() != RunStatus::Completed).then(|| format!("{}{}", baseline.status().word(), baseline.because()));
        results.failed |= wrong.is_some();
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        suite.cases.push(("performed and rolled back".to_owned(), millis, wrong));
        return output::to_stdout(&testing::undisturbed(&title.name, &baseline, workplace.globals.output));
    }
    for (name, perform) in wanted {
        let began = Instant::now();
        let swept = perform(subject, &baseline)
            .map_err(|error| Failure::new(ExitCode::Refused, format!("the runs of a test cannot be kept: {error}")))?;
        results.failed |= !swept.violations.is_empty();
        let wrong = swept.violations.first().map(|violation| format!("{}\nwhen {}", violation.why, violation.disturbed));
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        suite.cases.push(((*name).to_owned(), millis, wrong));
        results.rows.push(Row { runbook: title.name.clone(), sweep: name, swept });
    }
    Ok(())
}

fn sweeps(test: &Test) -> Vec<(&'static str, Sweep)> {
    let wanted = [test.fail_each_step, test.repeat_each_step, test.crash_matrix];
    SWEEPS.into_iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(sweep, _)| sweep).collect()
}

fn unfit(title: &Title, why: &Unsweepable) -> Failure {
    let failure = Failure::usage(format!("`{}` cannot be tried: {why}", title.name));
    match why {
        Unsweepable::Unanswered(unanswered) => failure
            .detail(testing::suggestion(unanswered))
            .hint(format!("add these lines to `{}`, with what shall be seen", title.tests().file)),
        _ => failure,
    }
}

/// Writes a test that plays a run again.
fn record(run: &RunPrefix, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let state = workplace.state()?;
    let run = workplace.run(&state, run)?;
    let (reading, folded) = workplace.journal(&state.run(run))?;
    let text = testing::recorded(run, folded.started(), &reading.records, folded.status())
        .map_err(|why| Failure::usage(format!("run {run} becomes no test: {why}")).hint("runbook runs"))?;
    let title = workplace.place.library().find(&folded.started().runbook).ok();
    let file = title.map(|title| title.tests().file).filter(|file| !workplace.root().join(file).exists());
    let Some(file) = file else {
        output::to_stdout(&text)?;
        return Ok(ExitCode::Completed);
    };
    std::fs::write(workplace.root().join(&file), text)
        .map_err(|error| Failure::usage(format!("cannot write `{file}`: {error}")))?;
    output::to_stderr(&format!("{file} written; `runbook test` performs it\n"));
    Ok(ExitCode::Completed)
}
