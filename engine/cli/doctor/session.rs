//! The login and the terminal: whether a run outlives the one, and can be read on the other.

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use super::finding::Finding;

pub(super) fn findings() -> Vec<Finding> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = variable("USER").or_else(|| variable("LOGNAME"));
    let mut findings: Vec<_> = logind(Path::new("/"), user.as_deref(), rustix::process::getuid().is_root()).into_iter().collect();
    findings.push(language(["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name)).as_deref()));
    findings.push(terminal(std::io::stderr().is_terminal() && std::io::stdin().is_terminal(), variable("TERM").as_deref()));
    findings
}

/// A logind that kills what a user leaves behind at logout kills the keeper, which owns the commands of a run.
fn logind(root: &Path, user: Option<&str>, is_root: bool) -> Option<Finding> {
    if !root.join("run/systemd/system").is_dir() {
        return None;
    }
    let kept = "a run goes on when you log out";
    let lingers = user.is_some_and(|user| !user.contains('/') && root.join("var/lib/systemd/linger").join(user).exists());
    // Root is excluded unless somebody says otherwise (`KillExcludeUsers`, whose default is root).
    if is_root || lingers || !kills(root) {
        return Some(Finding::ok("logout", kept));
    }
    Some(Finding::warning(
        "logout",
        "logind ends what you leave behind (`KillUserProcesses=yes`): the keeper of a run and its command with it",
        "loginctl enable-linger, or KillUserProcesses=no in /etc/systemd/logind.conf",
    ))
}

/// What the files of logind say, as systemd reads them: the main file, and over it the parts in the order of their names,
/// whatever directory they lie in; of two with the same name the one in the stronger directory.
fn kills(root: &Path) -> bool {
    let strongest = ["etc/systemd", "run/systemd", "usr/local/lib/systemd", "usr/lib/systemd"].map(|dir| root.join(dir));
    let main = strongest.iter().map(|dir| dir.join("logind.conf")).find(|file| file.is_file());
    let mut parts = std::collections::BTreeMap::<_, PathBuf>::new();
    for dir in &strongest {
        for entry in fs::read_dir(dir.join("logind.conf.d")).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "conf") {
                parts.entry(entry.file_name()).or_insert_with(|| entry.path());
            }
        }
    }
    let texts = main.into_iter().chain(parts.into_values()).filter_map(|file| fs::read_to_string(file).ok());
    texts.fold(false, |so_far, text| {
        let said = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("KillUserProcesses")?.trim_start().strip_prefix('='))
            .next_back();
        said.map_or(so_far, |said| matches!(said.trim().to_ascii_lowercase().as_str(), "1" | "yes" | "y" | "true" | "t" | "on"))
    })
}

fn language(said: Option<&str>) -> Finding {
    let way_out = "export LANG=C.UTF-8";
    match said {
        Some(said) if ["utf-8", "utf8"].iter().any(|utf| said.to_ascii_lowercase().contains(utf)) => {
            Finding::ok("language", said)
        }
        Some(said) => Finding::warning("language", format!("`{said}` is not UTF-8: what is shown falls back to ASCII"), way_out),
        None => {
            Finding::warning("language", "neither LC_ALL, LC_CTYPE nor LANG is set: what is shown falls back to ASCII", way_out)
        }
    }
}

fn terminal(is_there: bool, term: Option<&str>) -> Finding {
    match (is_there, term) {
        (false, _) => Finding::ok("terminal", "none: a confirm suspends the run until `runbook answer`"),
        (true, None | Some("dumb")) => Finding::warning(
            "terminal",
            "TERM names one that can nothing: a line a step, and no colours",
            "export TERM=xterm-256color",
        ),
        (true, Some(term)) => Finding::ok("terminal", term),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;

    fn write(root: &Path, file: &str, text: &str) {
        let file = root.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    #[test]
    fn a_logind_that_kills_is_found_in_whatever_file_says_so_last() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let standing = |is_root| logind(root, Some("eve"), is_root).map(|finding| finding.standing);
        assert_eq!(standing(false), None, "no systemd, no logind");
        fs::create_dir_all(root.join("run/systemd/system")).unwrap();
        assert_eq!(standing(false), Some(Standing::Ok));
        write(root, "etc/systemd/logind.conf", "[Login]\n#KillUserProcesses=yes\n KillUserProcesses = yes\n");
        assert_eq!(standing(false), Some(Standing::Warning));
        assert_eq!(standing(true), Some(Standing::Ok));
        write(root, "usr/lib/systemd/logind.conf.d/50-x.conf", "[Login]\nKillUserProcesses=no\n");
        assert_eq!(standing(false), Some(Standing::Ok), "a part is stronger than the main file");
        write(root, "etc/systemd/logind.conf.d/50-x.conf", "[Login]\nKillUserProcesses=on\n");
        assert_eq!(standing(false), Some(Standing::Warning), "etc is stronger than usr");
        write(root, "var/lib/systemd/linger/eve", "");
        assert_eq!(standing(false), Some(Standing::Ok));
    }

    #[test]
    fn languages_and_terminals() {
        for (said, standing) in [
            (Some("en_GB.UTF-8"), Standing::Ok),
            (Some("C.utf8"), Standing::Ok),
            (Some("C"), Standing::Warning),
            (None, Standing::Warning),
        ] {
            assert_eq!(language(said).standing, standing, "{said:?}");
        }
        assert_eq!(terminal(true, Some("dumb")).standing, Standing::Warning);
        assert_eq!(terminal(false, None).standing, Standing::Ok);
    }
}
