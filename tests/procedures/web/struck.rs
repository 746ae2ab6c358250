//! Runbooks of the repository in a place, and engines that are killed in the middle.

use std::process::{Child, Stdio};

use crate::support::{Place, Ran, until};

/// An engine at work; it is gone with the value.
pub(crate) struct Engine<'a> {
    place: &'a Place,
    child: Option<Child>,
}

impl Place {
    /// A place with one runbook that we ship.
    pub(crate) fn shipping(runbook: &str) -> Self {
        let place = Self::new();
        let source = format!("{}/runbooks/{runbook}.rhai", env!("CARGO_MANIFEST_DIR"));
        place.runbook(runbook, &std::fs::read_to_string(source).expect("the runbook"));
        place
    }

    /// Starts the engine.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Engine<'_> {
        let mut command = self.command(arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        Engine { place: self, child: Some(child) }
    }

    /// Rolls the newest run back.
    #[track_caller]
    pub(crate) fn roll_back(&self) -> Ran {
        self.expect(6, &["rollback", &self.newest_run()])
    }

    /// How often a step was begun in the newest run, by its whole path (in which `%` is `%25`).
    pub(crate) fn begun(&self, step: &str) -> usize {
        let is_step = |record: &serde_json::Value| record["type"] == "step_intended" && record["path"] == step;
        self.journal().iter().filter(|record| is_step(record)).count()
    }

    /// The whole lines of the newest journal, or nothing when there is none yet.
    fn journal_so_far(&self) -> String {
        let is_there = std::fs::read_dir(self.state().join("runs")).is_ok_and(|mut runs| runs.next().is_some());
        let text = if is_there { std::fs::read_to_string(self.journal_path()).unwrap_or_default() } else { String::new() };
        text.rsplit_once('\n').map(|(whole, _)| whole.to_owned()).unwrap_or_default()
    }
}

impl Engine<'_> {
    /// Waits until this step was begun, by its whole path (in which `%` is `%25`).
    #[track_caller]
    pub(crate) fn at(&mut self, step: &str) -> &mut Self {
        let (place, Some(child)) = (self.place, &mut self.child) else { return self };
        until(step, || {
            let ended = child.try_wait().expect("ours").is_some();
            let there = place.journal_so_far().lines().any(|line| {
                let record: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
                record["type"] == "step_intended" && record["path"] == step
            });
            assert!(there || !ended, "it ended before `{step}`:\n{}", place.journal_so_far());
            there
        });
        self
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.gone();
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ends(mut self, code: i32) -> Ran {
        let output = self.child.take().expect("it was begun").wait_with_output().expect("it ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ran = Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
        assert_eq!(ran.code, Some(code), "{ran}");
        ran
    }

    fn gone(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().and_then(|()| child.wait()).map(drop).unwrap_or(());
        }
    }
}

impl Drop for Engine<'_> {
    fn drop(&mut self) {
        self.gone();
    }
}
