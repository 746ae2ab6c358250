//! Commands behind which a person types somewhere else: a runbook goes on where it is.

use super::shell::becomes_root;

/// Options of `ssh` whose value stands in the next word.
const WITH_A_VALUE: &str = "BbcDEeFIiJLlmOoPpRSWw";
/// Programs that read what is typed.
const SHELLS: [&str; 5] = ["sh", "bash", "zsh", "ash", "fish"];

/// Whether a command opens a shell on another machine, in a container or as somebody else, and nothing is run there.
pub(super) fn opens_a_shell(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    let ends_in_a_shell = || {
        let last = words.last().and_then(|word| word.rsplit('/').next()).unwrap_or_default();
        SHELLS.contains(&last) && words.contains(&"exec")
    };
    match words.split_first() {
        Some((&"ssh", rest)) => only_a_host(rest),
        Some((&("kubectl" | "oc" | "docker" | "podman" | "docker-compose"), _)) => ends_in_a_shell(),
        Some((&"su", rest)) => rest.iter().all(|word| !word.starts_with("-c") && *word != "--command"),
        _ => becomes_root(command),
    }
}

/// Whether nothing but the host stands behind the options of `ssh`.
fn only_a_host(words: &[&str]) -> bool {
    let mut words = words.iter();
    let mut others = 0;
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            // No session, or no shell in it: `-N`, `-V`, `-W`, `-O`.
            Some(option) if option.contains(['N', 'V', 'W', 'O', 'G', 'Q']) => return false,
            Some(option) if option.len() == 1 && WITH_A_VALUE.contains(option) => drop(words.next()),
            Some(_) => {}
            None => others += 1,
        }
    }
    others == 1
}
