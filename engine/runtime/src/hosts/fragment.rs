//! What a command is, as a fragment of POSIX shell: read by the far half from its standard input.

use runbook_model::change::Invocation;

/// The fragment: it sets the positional parameters, exports the variables and changes the directory. No value is read as
/// code: each stands in single quotes, in which a shell reads nothing.
pub(super) fn fragment(invocation: &Invocation) -> Vec<u8> {
    let mut text = b"set --".to_vec();
    for word in &invocation.argv {
        text.push(b' ');
        quote(word.as_bytes(), &mut text);
    }
    text.push(b'\n');
    for (name, value) in &invocation.env {
        text.extend_from_slice(format!("export {name}=").as_bytes());
        quote(value.as_bytes(), &mut text);
        text.push(b'\n');
    }
    if let Some(cwd) = &invocation.cwd {
        // With a `/` in it, neither `-` nor CDPATH means anything.
        let path = if cwd.starts_with('/') { cwd.clone() } else { format!("./{cwd}") };
        text.extend_from_slice(b"cd -- ");
        quote(path.as_bytes(), &mut text);
        text.extend_from_slice(b" 2>/dev/null || rb_refuse cwd\n");
    }
    text
}

/// Whether a POSIX shell can export a variable of this name.
pub(crate) fn is_variable(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with("rb_")
}

fn quote(word: &[u8], text: &mut Vec<u8>) {
    text.push(b'\'');
    for byte in word {
        match byte {
            b'\'' => text.extend_from_slice(br"'\''"),
            byte => text.push(*byte),
        }
    }
    text.push(b'\'');
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;

    /// What a shell makes of a word that it reads from its standard input, line by line, as the far half does.
    fn through(shell: &str, word: &[u8]) -> Vec<u8> {
        let script =
            "l=${IFS#??}; t=; while IFS= read -r w; do [ \"$w\" = END ] && break; t=$t$w$l; done; eval \"$t\"; printf %s \"$1\"";
        let mut child =
            Command::new(shell).args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(shell);
        let mut text = b"set -- ".to_vec();
        quote(word, &mut text);
        text.extend_from_slice(b"\nEND\n");
        child.stdin.take().expect("piped").write_all(&text).expect("it reads");
        child.wait_with_output().expect("it ends").stdout
    }

    #[test]
    fn every_byte_but_nul_arrives_as_it_is_in_every_shell() {
        let every: Vec<u8> = (1..=255).collect();
        let doubled: Vec<u8> = (1..=255).flat_map(|byte| [byte, byte, b'\\', byte, b'\'']).collect();
        for shell in ["sh", "bash", "dash"] {
            assert_eq!(through(shell, &every), every, "{shell}");
            assert_eq!(through(shell, &doubled), doubled, "{shell}");
            assert_eq!(through(shell, b""), b"", "{shell}");
            assert_eq!(through(shell, b"\n\n a\n"), b"\n\n a\n", "{shell}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_word_arrives_as_it_is(word in prop::collection::vec(1u8..=255, 0..60)) {
            prop_assert_eq!(through("sh", &word), word);
        }
    }

    #[test]
    fn names_that_a_shell_cannot_export_are_known() {
        assert!(["A", "_a1", "LC_ALL"].iter().all(|name| is_variable(name)));
        assert!(!["", "1A", "a-b", "a.b", "a b", "rb_n", "é"].iter().any(|name| is_variable(name)));
    }
}
