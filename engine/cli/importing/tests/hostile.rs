//! Nothing in a document becomes more than text.

use proptest::prelude::*;

use super::{import, read};

/// Pieces that mean something to Markdown, to a shell or to Rhai.
fn piece() -> impl Strategy<Value = String> {
    let sharp = prop::sample::select(vec![
        "`",
        "```",
        "```sh\n",
        "\n```\n",
        "\n",
        "\r\n",
        "\n\n",
        "\"",
        "\\",
        "'",
        "${",
        "}",
        "#{",
        "*/",
        "/*",
        "//",
        "//!",
        "<",
        ">",
        "<a>",
        "<x y>",
        "{{b}}",
        "$C",
        "${D}",
        "YOUR_E",
        "$ ",
        "> ",
        "# ",
        "## ",
        "- [ ] ",
        "1. ",
        "| a | b |\n|---|---|\n| c | d |\n",
        "[x](y)",
        "![z](w)",
        "command(\"pwned\", #{ run: [\"touch\", \"/pwned\"] });",
        "\");\ncommand(\"pwned\"",
        "|",
        "&&",
        ";",
        "\0",
        "\u{7}",
        "\u{2028}",
        "\u{202e}",
        "\u{e000}",
        "\u{feff}",
        "<!--",
        "-->",
        "---\n",
        "title: x\n",
        "cat <<EOF\n",
        "EOF\n",
        "    ",
        "\t",
        "let ",
        "in",
        "ä",
        "\u{1f600}",
    ]);
    prop_oneof![4 => sharp.prop_map(str::to_owned), 1 => any::<String>()]
}

/// The code of a script: without its comments, and with `"` for each text.
fn code(source: &str) -> String {
    let mut code = String::new();
    let mut letters = source.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '/' if letters.peek() == Some(&'/') => {
                letters.by_ref().find(|c| *c == '\n');
            }
            '"' => {
                code.push('"');
                loop {
                    match letters.next() {
                        Some('\\') => drop(letters.next()),
                        Some('"') => break,
                        Some('\n') | None => panic!("a text that does not end: {source}"),
                        Some(_) => {}
                    }
                }
            }
            c => code.push(c),
        }
    }
    code
}

proptest! {
    /// The words of the skeleton are ours, whatever the document says: what it says stands in texts and comments.
    #[test]
    fn no_document_writes_code(pieces in prop::collection::vec(piece(), 0..40)) {
        const OURS: [&str; 17] = [
            "let", "p", "runbook", "title", "owner", "params", "links", "help", "pattern", "phase", "confirm", "details", "command", "run", "sh",
            "rollback", "idempotent",
        ];
        let imported = import(&pieces.concat(), "x.md", "x", "team");
        prop_assert!(read(&imported.runbook).is_ok(), "{}", imported.runbook);
        let code = code(&imported.runbook);
        for word in code.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()) {
            prop_assert!(OURS.contains(&word) || word == "true" || imported.parameters.contains_key(word), "`{}` in\n{}", word, imported.runbook);
        }
        prop_assert!(code.chars().all(|c| c.is_alphanumeric() || "_ \n\"#{}()[]:,;.+=|".contains(c)), "{}", code);
        prop_assert_eq!(code.matches("command(").count(), imported.counts[1]);
    }
}
