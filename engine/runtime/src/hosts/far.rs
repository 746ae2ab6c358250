//! The script that runs on a host.

use std::sync::LazyLock;

/// The command line for `ssh`: the same for every command of every run, so nothing of either can be seen in it.
///
/// It passes the login shell in single quotes, in one line: `csh` takes no line break there.
pub(super) fn command() -> &'static str {
    static COMMAND: LazyLock<String> = LazyLock::new(|| format!("exec /bin/sh -c '{}'", script()));
    &COMMAND
}

fn script() -> String {
    let lines = include_str!("far.sh").lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_login_shell_passes_it_on_as_it_is() {
        let script = script();
        // fish reads two backslashes as one, csh reads an exclamation mark and no line break, all end at a single quote.
        for odd in ["'", "\\\\", "\n"] {
            assert!(!script.contains(odd), "{odd:?} stands in the script");
        }
        assert_eq!(script.matches('!').count(), script.matches(" != ").count(), "`!` but for the comparison");
    }
}
