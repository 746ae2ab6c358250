//! Commands behind which a person types somewhere else: a runbook goes on where it is.

use super::shell::becomes_root;

/// Options of `ssh` with a value, in the same word or the next.
const WITH_A_VALUE: &str = "BbcDEeFIiJLlmOoPpQRSWw";
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
            Some(options) => {
                let value = options.find(|c: char| WITH_A_VALUE.contains(c));
                let (flags, last) = value.map_or((options, ""), |at| options.split_at(at));
                // No session, or no shell in it.
                if flags.contains(['N', 'V', 'G']) || last.starts_with(['W', 'O', 'Q']) {
                    return false;
                }
                // What stands behind the letter is its value: `-oPort=22`.
                if last.len() == 1 {
                    words.next();
                }
            }
            None => others += 1,
        }
    }
    others == 1
}
