//! The five exercises.

use super::performing::{Until, exec, rehearse, resume, roll_back};
use super::stage::Exercised;
use super::trap;
use crate::procedure::unchanged;
use crate::support::Place;

/// What a runbook can be excused from. Nobody is excused from being rehearsed, performed, killed and resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exercise {
    EachChangeFailed,
    RolledBack,
}

/// One runbook, what it is exercised on, and what it cannot go through.
pub(super) struct Row {
    pub(super) runbook: &'static str,
    pub(super) stage: fn() -> Box<dyn Exercised>,
    /// A rehearsal ends with 0, or with 3 where something that was not done before it, a change or a question, may be why a look fails.
    pub(super) rehearsal: i32,
    /// Exercises that it is excused from, and why.
    pub(super) excused: &'static [(Exercise, &'static str)],
    /// Changes, by the ends of their paths, whose failure does not stop the run: telling people stops nothing.
    pub(super) passed_over: &'static [&'static str],
    /// Files that the engine itself writes, by the ends of their steps' paths, and that nobody looks at before: a directory in their place makes the write fail. Any
    /// other is looked at first or has the time in its name, so it cannot be made to fail from outside; `runbook test --fail-each-step` fails it in its world.
    pub(super) blocked: &'static [&'static str],
}

/// A change that the runbook made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    path: String,
    /// The file that the engine itself writes, in one move, from the root of the place: no program is called that could be made to fail.
    file: Option<String>,
}

impl Row {
    fn is_excused(&self, exercise: Exercise) -> bool {
        self.excused.iter().any(|(excused, _)| *excused == exercise)
    }

    /// All of it.
    pub(super) fn exercise(&self) {
        let mut stage = (self.stage)();
        let before = self.rehearsed_and_performed(&*stage);
        let (changes, after) = (changes(stage.place()), timeless(&stage.state()));
        assert_eq!(changes.is_empty(), self.is_excused(Exercise::EachChangeFailed), "{changes:?}");
        let returns = !self.is_excused(Exercise::RolledBack);
        if returns {
            self.rolled_back(&*stage, &before);
        }
        let can_fail = |change: &&Change| change.file.is_none() || self.blocked.iter().any(|end| change.path.ends_with(end));
        let failing: Vec<_> = changes.iter().filter(can_fail).collect();
        assert!(
            self.blocked.len() <= failing.iter().filter(|change| change.file.is_some()).count(),
            "{}: a write is not there",
            self.runbook
        );
        for change in failing {
            if !returns {
                stage = (self.stage)();
            }
            self.failed_at(&*stage, change, &before, &after, returns);
        }
        // Where nothing was changed there is nothing to begin anew for.
        let anew = !returns && !changes.is_empty();
        let mut killed_at: Vec<_> = changes.into_iter().map(|change| change.path).collect();
        if killed_at.is_empty() {
            // What only looks is killed at its first look.
            killed_at.extend(first_look(stage.place()));
        }
        for path in killed_at {
            stage = self.killed_at(stage, &path, &before, anew);
            let ran = resume(&*stage);
            assert_eq!(ran.code, Some(0), "{}: killed at `{path}`, then resumed: {ran}", self.runbook);
            unchanged(&after, &timeless(&stage.state()));
            if returns {
                self.rolled_back(&*stage, &before);
            }
        }
        stage.place().expect(0, &["verify"]);
    }

    /// Gives the state before.
    fn rehearsed_and_performed(&self, stage: &dyn Exercised) -> String {
        stage.prepare();
        let before = stage.state();
        let ran = rehearse(stage, self.runbook);
        assert_eq!(ran.code, Some(self.rehearsal), "{}: rehearsed: {ran}", self.runbook);
        unchanged(&before, &stage.state());
        let ran = exec(stage, self.runbook, Until::TheEnd).expect("nobody kills it");
        assert_eq!(ran.code, Some(0), "{}: performed: {ran}", self.runbook);
        super::measured::keep(self.runbook, stage.place());
        before
    }

    /// Kills the engine at this step. It may be faster than we are; then it is let run again, and again.
    fn killed_at(&self, mut stage: Box<dyn Exercised>, path: &str, before: &str, anew: bool) -> Box<dyn Exercised> {
        for _ in 0..8 {
            if anew {
                stage = (self.stage)();
            }
            let ended = exec(&*stage, self.runbook, Until::Begun(path)).is_some();
            let journal = std::fs::read_to_string(stage.place().journal_path()).expect("a journal");
            if !ended && !journal.lines().last().is_some_and(|line| line.contains("\"type\":\"session_ended\"")) {
                return stage;
            }
            if !self.is_excused(Exercise::RolledBack) {
                self.rolled_back(&*stage, before);
            }
        }
        panic!("{}: `{path}` was never caught", self.runbook);
    }

    fn rolled_back(&self, stage: &dyn Exercised, before: &str) {
        let ran = roll_back(stage);
        assert_eq!(ran.code, Some(6), "{}: rolled back: {ran}", self.runbook);
        unchanged(before, &stage.state());
    }

    /// The change fails: the run can be rolled back, and where that is not possible, it goes on once the reason is gone.
    fn failed_at(&self, stage: &dyn Exercised, change: &Change, before: &str, after: &str, returns: bool) {
        let (runbook, path) = (self.runbook, &change.path);
        match &change.file {
            Some(file) => trap::block(stage.place(), file),
            None => trap::set(stage.place(), Some(path)),
        }
        let ran = exec(stage, runbook, Until::TheEnd).expect("nobody kills it");
        match &change.file {
            Some(file) => trap::unblock(stage.place(), file),
            None => trap::set(stage.place(), None),
        }
        let failed =
            stage.place().journal().iter().any(|record| {
                record["type"] == "step_ended" && record["path"] == **path && !record["outcome"]["failed"].is_null()
            });
        assert!(failed, "{runbook}: `{path}` was not made to fail: {ran}");
        let passed_over = self.passed_over.iter().any(|end| path.ends_with(end));
        assert_eq!(ran.code == Some(0), passed_over, "{runbook}: failed at `{path}`: {ran}");
        if !returns {
            let ran = resume(stage);
            assert_eq!(ran.code, Some(0), "{runbook}: failed at `{path}`, then resumed: {ran}");
            unchanged(after, &timeless(&stage.state()));
        } else if ran.code == Some(6) {
            // It has taken itself back.
            unchanged(before, &stage.state());
        } else {
            self.rolled_back(stage, before);
        }
    }
}

/// The changes of the newest run, in their order, each once.
fn changes(place: &Place) -> Vec<Change> {
    let mut changes = Vec::new();
    for record in place.journal() {
        if record["type"] == "step_intended" && record["spec"]["kind"] == "command" {
            let path = record["path"].as_str().unwrap_or_default().to_owned();
            let root = place.path("").display().to_string();
            let file = record["change"]["write"]["path"].as_str().map(|file| file.trim_start_matches(&root).to_owned());
            let change = Change { path, file };
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    }
    changes
}

fn first_look(place: &Place) -> Option<String> {
    let mut looks =
        place.journal().into_iter().filter(|record| record["type"] == "step_intended" && record["spec"]["kind"] == "check");
    looks.next().and_then(|record| record["path"].as_str().map(str::to_owned))
}

/// The text with `TIME` for every time: two runs are never at the same.
pub(super) fn timeless(text: &str) -> String {
    let mut rest = text;
    let mut timeless = String::new();
    while let Some(at) = rest.find("20") {
        let (whole, tail) = rest.split_at(at);
        timeless.push_str(whole);
        let letters = tail.find(|letter: char| !(letter.is_ascii_digit() || "-:.TZ+ _".contains(letter))).unwrap_or(tail.len());
        let length = tail[..letters].trim_end_matches([' ', '.', '_']).len();
        let is_time = length >= 10 && tail.as_bytes()[4] == b'-' && tail.as_bytes()[7] == b'-';
        let length = if is_time { length } else { 2 };
        timeless.push_str(if is_time { "TIME" } else { "20" });
        rest = &tail[length..];
    }
    timeless + rest
}

#[test]
fn times_are_told_from_numbers() {
    let text = "2026-11-21T10:20:51.7Z a2026-11-21T102051Z b 2020 120 2026-11-21 10:20:51.71+00 |20";
    assert_eq!(timeless(text), "TIME aTIME b 2020 120 TIME |20");
}
