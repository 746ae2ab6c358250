//! The console blocks of a page, typed one after the other into one shell in a place of their own.
//!
//! A line that begins with `$ ` is typed; `# exit N` at its end says with which code it has to end (0 unless said). In a block
//! marked `exact`, what follows a line has to be found in what it printed, blanks aside; elsewhere it is an illustration.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use super::page::Page;
use crate::demo::Services;
use crate::support::Place;

struct Typed {
    line: usize,
    command: String,
    code: i32,
    expected: Vec<String>,
}

/// Runs what the page tells its reader to type. Gives how many commands there were.
pub(super) fn session(page: &Page) -> usize {
    let typed = typed(page);
    if typed.is_empty() {
        return 0;
    }
    let place = Place::new();
    let services = Services(&place);
    let mut script = String::new();
    for (at, Typed { line, command, code, .. }) in typed.iter().enumerate() {
        // In the shell itself and not in a subshell: `cd` and variables have to last.
        script.push_str(&format!("{{ {command}\n}} >\"$said/{at}\" 2>&1\n"));
        script.push_str(&format!(
            "code=$?; test $code = {code} || {{ echo \"line {line}: exit $code\"; cat \"$said/{at}\"; exit 99; }}\n"
        ));
    }
    place.write("said/.keep", "");
    let bin = Path::new(env!("CARGO_BIN_EXE_runbook")).parent().expect("the binary is in a directory");
    let path = env::join_paths([bin.to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())));
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(place.path(""))
        .env_clear()
        .env("PATH", path.expect("no colon in the path"))
        .env("HOME", place.path("home"))
        .env("said", place.path("said"))
        .stdin(Stdio::null())
        .output()
        .expect("bash");
    let complaint = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {complaint}{}", page.name, String::from_utf8_lossy(&output.stderr));
    for (at, Typed { line, command, expected, .. }) in typed.iter().enumerate() {
        let said = place.read(&format!("said/{at}"));
        for text in expected {
            assert!(words(&said).contains(&words(text)), "{}:{line}: `{command}` does not say `{text}`, but:\n{said}", page.name);
        }
    }
    drop(services);
    typed.len()
}

fn typed(page: &Page) -> Vec<Typed> {
    let mut typed: Vec<Typed> = Vec::new();
    for block in page.blocks().iter().filter(|block| block.is("console", "ignore")) {
        for (at, line) in block.text.lines().enumerate() {
            if let Some(command) = line.strip_prefix("$ ") {
                let code = command.rsplit_once("# exit ").map_or(0, |(_, code)| code.trim().parse().expect("a code"));
                typed.push(Typed { line: block.line + at, command: command.to_owned(), code, expected: Vec::new() });
            } else if block.says("exact") && !line.is_empty() {
                typed.last_mut().expect("a command comes first").expected.push(line.to_owned());
            }
        }
    }
    typed
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
