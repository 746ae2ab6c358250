//! Performs a runbook to its end, or until it is killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::stage::Exercised;
use super::trap;
use crate::support::{Ran, kill, until};

/// Where a performance stops.
#[derive(Clone, Copy)]
pub(super) enum Until<'a> {
    TheEnd,
    /// The engine is killed as soon as this step is begun.
    Begun(&'a str),
}

/// `exec` of the runbook, its questions answered. Gives what was said last.
pub(super) fn exec(stage: &dyn Exercised, runbook: &str, stop: Until<'_>) -> Option<Ran> {
    stage.prepare();
    let mut words = vec!["exec".to_owned(), runbook.to_owned(), "--yes".to_owned()];
    words.extend(parameters(stage));
    go_on(stage, words, stop, newest(stage).as_deref())
}

/// `resume` of the newest run, its questions answered.
pub(super) fn resume(stage: &dyn Exercised) -> Ran {
    go_on(stage, ["resume", "--yes"].map(str::to_owned).to_vec(), Until::TheEnd, None).expect("nobody kills it")
}

/// A rehearsal.
pub(super) fn rehearse(stage: &dyn Exercised, runbook: &str) -> Ran {
    stage.prepare();
    let mut words = vec!["exec".to_owned(), runbook.to_owned(), "--dry-run".to_owned()];
    words.extend(parameters(stage));
    Ran::of(command(stage, &words))
}

/// `rollback` of the newest run.
pub(super) fn roll_back(stage: &dyn Exercised) -> Ran {
    Ran::of(command(stage, &["rollback".to_owned(), stage.place().newest_run()]))
}

fn parameters(stage: &dyn Exercised) -> Vec<String> {
    stage.parameters().into_iter().flat_map(|parameter| ["-p".to_owned(), parameter]).collect()
}

fn command(stage: &dyn Exercised, words: &[String]) -> Command {
    let mut command = stage.place().command(&words.iter().map(String::as_str).collect::<Vec<_>>());
    command.env("PATH", trap::lay(stage.place())).envs(stage.variables());
    command
}

/// `None` when it was killed. What the run `before` has begun does not count.
fn go_on(stage: &dyn Exercised, mut words: Vec<String>, stop: Until<'_>, before: Option<&Path>) -> Option<Ran> {
    loop {
        let mut engine = command(stage, &words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        if let Until::Begun(step) = stop
            && is_begun(stage, &mut engine, step, before)
        {
            kill(engine);
            return None;
        }
        let output = engine.wait_with_output().expect("it ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ran = Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
        if ran.code != Some(4) {
            return Some(ran);
        }
        assert!(stage.answers(), "nobody answers:\n{ran}");
        words = ["resume", "--yes"].map(str::to_owned).to_vec();
    }
}

/// The directory of the newest run.
fn newest(stage: &dyn Exercised) -> Option<PathBuf> {
    let runs = std::fs::read_dir(stage.place().state().join("runs")).into_iter().flatten().flatten();
    runs.map(|run| run.path()).max()
}

/// Waits until the step is begun, or the engine has ended; gives whether it is.
fn is_begun(stage: &dyn Exercised, engine: &mut Child, step: &str, before: Option<&Path>) -> bool {
    let path = format!("\"path\":{},", serde_json::to_string(step).expect("JSON"));
    let mut begun = false;
    until(step, || {
        let ended = engine.try_wait().expect("ours").is_some();
        let ours = newest(stage).filter(|run| Some(run.as_path()) != before);
        let journal = ours.and_then(|run| std::fs::read_to_string(run.join("journal.jsonl")).ok()).unwrap_or_default();
        begun = journal.lines().any(|line| line.contains("\"type\":\"step_intended\"") && line.contains(&path));
        begun || ended
    });
    begun
}
