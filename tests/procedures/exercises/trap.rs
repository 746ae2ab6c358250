//! Makes a change fail on the real thing: the program that it calls is there, and ends with an error; the server that it asks answers 500.
//!
//! Every program that runbooks call has a stand-in in a directory at the front of `PATH`, which calls the real one, unless the step that the journal has begun last is
//! the one that is to fail. So checks, other steps and the way back are what they always are.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::support::Place;

/// What the shipped runbooks call, and what they call in shells.
const PROGRAMS: [&str; 27] = [
    "age",
    "cat",
    "createdb",
    "curl",
    "dropdb",
    "env",
    "install",
    "ln",
    "mkdir",
    "mv",
    "nginx",
    "openssl",
    "pg_dump",
    "pg_restore",
    "psql",
    "redis-cli",
    "rm",
    "setpriv",
    "sha256sum",
    "sync",
    "tar",
    "tee",
    "touch",
    "true",
    "xargs",
    "pg_ctl",
    "sh",
];

/// What the program that is made to fail says.
pub(crate) const SAID: &str = "the exercise makes this fail";

/// Sets the stand-ins up; gives the `PATH` that leads to them.
pub(super) fn lay(place: &Place) -> String {
    let (real, root) = (std::env::var("PATH").unwrap_or_default(), place.path(""));
    let path = format!("{}:{real}", place.path("trap/bin").display());
    // Once: a script that is being written cannot be started.
    if place.path("trap/bin").exists() {
        return path;
    }
    let text = format!(
        "#!/bin/sh\nPATH='{real}'\nexport PATH\nroot='{root}'\nif [ -s \"$root/trap/step\" ]; then\n\
         \tlast=$(cat \"$root\"/.runbook/runs/*/journal.jsonl | grep '\"type\":\"step_intended\"' | tail -n 1)\n\
         \twanted=$(cat \"$root/trap/step\")\n\
         \tcase \"$last\" in *\"\\\"path\\\":$wanted,\"*) echo '{SAID}' >&2; exit 97 ;; esac\nfi\nexec \"${{0##*/}}\" \"$@\"\n",
        root = root.display(),
    );
    let script = place.write("trap/stand-in", &text);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("ours");
    fs::create_dir_all(place.path("trap/bin")).expect("a directory");
    for program in PROGRAMS {
        symlink(&script, place.path(&format!("trap/bin/{program}"))).expect("a link");
    }
    path
}

/// From now on the change of this step fails; with `None` no one does.
pub(super) fn set(place: &Place, step: Option<&str>) {
    let text = step.map(|step| serde_json::to_string(step).expect("JSON")).unwrap_or_default();
    place.write("trap/step", &text);
}

/// Puts a directory where a file is to be written.
pub(super) fn block(place: &Place, file: &str) {
    let path = place.path(file);
    if path.exists() {
        fs::create_dir_all(place.path("trap")).expect("a directory");
        fs::rename(&path, place.path("trap/aside")).expect("it goes aside");
    }
    fs::create_dir_all(path).expect("a directory");
}

/// Puts back what was there.
pub(super) fn unblock(place: &Place, file: &str) {
    fs::remove_dir(place.path(file)).expect("nothing was put into the directory");
    if place.path("trap/aside").exists() {
        fs::rename(place.path("trap/aside"), place.path(file)).expect("it comes back");
    }
}

/// Whether the request that a server of the test has just got is the one that is to fail. `root` is the directory of the place.
pub(crate) fn is_sprung(root: &Path) -> bool {
    let Ok(wanted) = fs::read_to_string(root.join("trap/step")) else { return false };
    let newest = fs::read_dir(root.join(".runbook/runs")).into_iter().flatten().flatten().map(|run| run.path()).max();
    let journal = newest.and_then(|run| fs::read_to_string(run.join("journal.jsonl")).ok()).unwrap_or_default();
    let last = journal.lines().rev().find(|line| line.contains("\"type\":\"step_intended\""));
    !wanted.is_empty() && last.is_some_and(|line| line.contains(&format!("\"path\":{wanted},")))
}
