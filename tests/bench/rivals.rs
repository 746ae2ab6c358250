//! Other ways to do the same steps. Each says what it leaves on disk; most leave nothing.

use std::process::Command;

use crate::measured::{self, Taken};
use crate::place::Place;

/// A rival that runs `count` steps of `/bin/true`.
pub(crate) type Rival = fn(&Place, usize) -> Result<Command, String>;

/// Runs a rival in a place of its own.
pub(crate) fn run(rival: Rival, count: usize) -> Result<Taken, String> {
    let place = Place::new()?;
    measured::run(rival(&place, count)?, 0)
}

/// Plain bash: no record at all.
pub(crate) fn bash(place: &Place, count: usize) -> Result<Command, String> {
    script(place, count, "/bin/true\n")
}

/// bash that keeps a log, not flushed.
pub(crate) fn bash_log(place: &Place, count: usize) -> Result<Command, String> {
    script(place, count, "echo \"begin $n\" >> log\n/bin/true\necho \"end $n $?\" >> log\n")
}

/// bash that keeps a log and flushes it before each step.
pub(crate) fn bash_sync(place: &Place, count: usize) -> Result<Command, String> {
    script(place, count, "echo \"begin $n\" >> log\nsync -d log\n/bin/true\necho \"end $n $?\" >> log\nsync -d log\n")
}

fn script(place: &Place, count: usize, step: &str) -> Result<Command, String> {
    place.write("steps.sh", &format!("for ((n = 0; n < {count}; n++)); do\n{step}done\n"))?;
    Ok(place.command("bash", &["steps.sh"]))
}

/// make, a target a step, each after the one before.
pub(crate) fn make(place: &Place, count: usize) -> Result<Command, String> {
    makefile(place, count, "\t@/bin/true\n")?;
    Ok(place.command("make", &["-s", "all"]))
}

/// The same steps for make, with a recipe of one's own.
pub(crate) fn makefile(place: &Place, count: usize, recipe: &str) -> Result<(), String> {
    let mut text = format!("all: s{count}\ns0:\n");
    for step in 1..=count {
        text.push_str(&format!("s{step}: s{}\n{recipe}", step - 1));
    }
    place.write("Makefile", &text)
}

/// just, a line a step.
pub(crate) fn just(place: &Place, count: usize) -> Result<Command, String> {
    justfile(place, count)?;
    Ok(place.command(installed("just")?, &["all"]))
}

pub(crate) fn justfile(place: &Place, count: usize) -> Result<(), String> {
    place.write("justfile", &format!("all:\n{}", "    @/bin/true\n".repeat(count)))
}

/// go-task, a command a step.
pub(crate) fn task(place: &Place, count: usize) -> Result<Command, String> {
    let commands = "      - /bin/true\n".repeat(count);
    place.write("Taskfile.yml", &format!("version: '3'\ntasks:\n  all:\n    silent: true\n    cmds:\n{commands}"))?;
    Ok(place.command(installed("go-task").or_else(|_| installed("task"))?, &["all"]))
}

/// Where a program is.
///
/// # Errors
/// It is not installed.
pub(crate) fn installed(program: &str) -> Result<std::path::PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file());
    found.ok_or_else(|| format!("`{program}` is not installed"))
}
