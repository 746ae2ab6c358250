//! `runbook demo`: the first thing that anybody types.

use std::fs;

use crate::support::Place;

/// Stops the services of the demos in a place, however the test ends.
pub(crate) struct Services<'a>(pub(crate) &'a Place);

impl Drop for Services<'_> {
    fn drop(&mut self) {
        for entry in fs::read_dir(self.0.path("")).into_iter().flatten().flatten() {
            if entry.path().join("bin/api").exists() {
                drop(self.0.command(&["demo", "--stop"]).arg(entry.path()).output());
            }
        }
    }
}

/// The commands below `try next:`, without what they are for.
fn next_steps(said: &str) -> Vec<String> {
    let (_, steps) = said.rsplit_once("try next:").expect("it says what to try next");
    steps
        .lines()
        .map(|line| line.split("  #").next().unwrap_or_default().trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn without_a_terminal_it_runs_to_the_end_and_says_what_to_type_next() {
    let place = Place::new();
    let _services = Services(&place);
    let ran = place.expect(0, &["demo", "a stage"]);
    ran.says(&["500", "--yes", "completed", "\"healthy\":true", "current -> 2026.11.1"]);
    let run = fs::read_dir(place.path("a stage/.runbook/runs")).expect("runs").next().expect("a run").expect("an entry");
    let run = run.file_name().to_string_lossy().into_owned();
    // What the run itself proposes works from where the person stands.
    ran.says(&[&format!("runbook -C 'a stage' rollback {run}")]);
    let script = next_steps(&ran.err).join("\n").replace("RUN", &run).replace("runbook ", "\"$runbook\" ");
    let output = std::process::Command::new("bash")
        .args(["-xc", &format!("{script}\necho codes ${{PIPESTATUS[@]}}")])
        .current_dir(place.path(""))
        .env("runbook", env!("CARGO_BIN_EXE_runbook"))
        .output()
        .expect("bash");
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    for text in ["verified: 1 run,", "a rollback would do", "rolled back", "the demo service is stopped", "codes 0"] {
        assert!(said.contains(text), "`{text}` is not said:\n{said}");
    }
    assert_eq!(fs::read_link(place.path("a stage/current")).expect("a link"), std::path::Path::new("releases/2026.11.2"));
}

#[test]
fn at_a_terminal_the_person_there_is_asked() {
    let place = Place::new();
    let _services = Services(&place);
    let mut terminal = place.terminal(&["demo", "stage"]);
    terminal.until("Roll api back from 2026.11.2 to 2026.11.1?").until("[y/N]").keys("n\r");
    // Whoever says no is asked nothing more.
    terminal.end().with(8).says(&["declined", "current -> 2026.11.2", "runbook resume"]);
}
