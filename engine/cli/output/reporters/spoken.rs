//! A change in one line, as its author thinks of it: without what `sh(…)` adds so that a shell never reads values as code.

use runbook_model::change::{Change, FileBefore, Invocation, quoted};

/// A line for the shell, and the values that it gets by name.
struct Shell<'a> {
    script: &'a str,
    values: Vec<(&'a str, &'a str)>,
}

impl<'a> Shell<'a> {
    /// What `sh(…)` was called with; `None` for any other program, also a shell that somebody calls in their own way.
    fn of(invocation: &'a Invocation) -> Option<Self> {
        let [program, flag, script, own_name, words @ ..] = &invocation.argv[..] else { return None };
        if program != "/bin/sh" || flag != "-c" || own_name != "sh" {
            return None;
        }
        let (mut script, mut values) = (script.as_str(), Vec::new());
        for (at, word) in words.iter().enumerate() {
            let (name, rest) = script.split_once(&format!("=\"${{{}}}\"; ", at + 1))?;
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            values.push((name, word.as_str()));
            script = is_name.then_some(rest)?;
        }
        Some(Self { script, values })
    }
}

/// The change in one line.
pub(super) fn change(change: &Change) -> String {
    match change {
        Change::Run(invocation) => {
            let (line, values) = run(invocation, None);
            if values.is_empty() { line } else { format!("{line} with {}", values.join(", ")) }
        }
        Change::Restore(restore) if restore.before == FileBefore::Absent => format!("remove {}", quoted(&restore.path)),
        Change::Write(_) | Change::Restore(_) | Change::Http(_) => change.line(),
    }
}

/// A program with its arguments, and `name=value` for each value that a line for the shell gets. `written` is the program as
/// the runbook names it; where it was found is said behind the line then.
pub(super) fn run(invocation: &Invocation, written: Option<&str>) -> (String, Vec<String>) {
    let on = invocation.on.as_ref().map(|host| format!("on {host}: ")).unwrap_or_default();
    if let Some(shell) = Shell::of(invocation) {
        let values = shell.values.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
        return (format!("{on}sh -c {}", quoted(shell.script)), values.collect());
    }
    match (written, invocation.argv.split_first()) {
        (Some(written), Some((found, arguments))) if written != found => {
            let words: Vec<_> = std::iter::once(written).chain(arguments.iter().map(String::as_str)).map(quoted).collect();
            (format!("{on}{}  ({found})", words.join(" ")), Vec::new())
        }
        _ => (invocation.line(), Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_model::change::FileRestore;
    use runbook_model::digest::Digest;

    fn argv(words: &[&str]) -> Change {
        Change::Run(Invocation { argv: words.iter().map(|word| (*word).to_owned()).collect(), ..Invocation::default() })
    }

    #[test]
    fn a_line_for_the_shell_is_told_as_it_was_written() {
        assert_eq!(change(&argv(&["/bin/sh", "-c", "echo it", "sh"])), "sh -c 'echo it'");
        let with_values = argv(&["/bin/sh", "-c", r#"who="${1}"; x="${2}"; echo "$who""#, "sh", "a b", "1"]);
        assert_eq!(change(&with_values), r#"sh -c 'echo "$who"' with who='a b', x=1"#);
    }

    #[test]
    fn a_shell_that_somebody_calls_in_their_own_way_is_told_whole() {
        for words in [
            &["/bin/sh", "-c", "echo $0", "mine"][..],
            &["/bin/sh", "-c", "echo $1", "sh", "a"],
            &["/bin/sh", "-c", r#"rm -rf x; y="${1}"; echo"#, "sh", "a"],
            &["sh", "-c", "echo it", "sh"],
        ] {
            let change_ = argv(words);
            assert_eq!(change(&change_), change_.line());
        }
    }

    #[test]
    fn a_file_that_was_not_there_is_removed() {
        let restore = |before| {
            let (path, written, written_sealed) = ("/etc/x".to_owned(), Digest::of(b"new"), None);
            change(&Change::Restore(FileRestore { path, before, written, written_sealed }))
        };
        assert_eq!(restore(FileBefore::Absent), "remove /etc/x");
        let content = runbook_model::excerpt::Bytes(Vec::new());
        assert_eq!(restore(FileBefore::Present { digest: Digest::of(b""), mode: 0o644, content }), "restore /etc/x");
    }

    #[test]
    fn a_program_is_named_as_in_the_runbook_and_where_it_was_found() {
        let Change::Run(ln) = argv(&["/usr/bin/ln", "-s", "a b"]) else { unreachable!() };
        assert_eq!(run(&ln, Some("ln")).0, "ln -s 'a b'  (/usr/bin/ln)");
        assert_eq!(run(&ln, Some("/usr/bin/ln")).0, "/usr/bin/ln -s 'a b'");
    }
}
