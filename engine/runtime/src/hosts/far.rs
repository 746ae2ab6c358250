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
mod tests;
