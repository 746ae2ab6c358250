//! What only bash understands, and where a command of several lines ends.

/// What a shell reads as its own of a text: quoted letters are blanked, comments are gone.
pub(super) fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut quote = None;
    let mut letters = text.chars().peekable();
    let mut before = '\n';
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, '#') if before.is_whitespace() || before == ';' => {
                while letters.peek().is_some_and(|next| *next != '\n') {
                    letters.next();
                }
            }
            (None | Some('"'), '\\') => {
                letters.next();
                bare.push('_');
            }
            (None, '\'' | '"') => {
                quote = Some(letter);
                bare.push('_');
            }
            (Some(open), letter) if open == letter => quote = None,
            // An array is one between double quotes, too.
            (Some('"'), '$' | '{' | '[' | '@' | ']' | '}' | '*') | (None, _) => bare.push(letter),
            (Some(_), _) => bare.push('_'),
        }
        before = letter;
    }
    bare
}

/// Whether `/bin/sh` need not understand it: `[[`, `((`, arrays, `<(…)`, `<<<`, `&>`, `set -o pipefail`, `{1..5}`, `source`.
pub(super) fn is_wanted(text: &str) -> bool {
    let ansi = text.contains("$'");
    let bare = bare(text);
    let mut starts = true;
    let mut words = bare.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let next = words.peek().copied().unwrap_or_default();
        let by_word = match word.trim_start_matches(['(', '{', '!']) {
            "[[" | "function" | "select" | "shopt" | "declare" | "typeset" | "pushd" | "popd" | "mapfile" | "readarray" => true,
            "source" => starts,
            "set" => starts && next.starts_with('-') && bare.contains("pipefail"),
            _ => word.starts_with("((") && starts,
        };
        if by_word {
            return true;
        }
        starts = word.ends_with([';', '|', '&', '{', '(']) || ["do", "then", "else", "!"].contains(&word);
    }
    let by_sign = ["<(", ">(", "<<<", "&>", "=(", "+=", "[@]", "[*]", "${!", ";&"].iter().any(|sign| bare.contains(sign));
    ansi || by_sign || is_range(&bare)
}

/// `{1..5}`.
fn is_range(bare: &str) -> bool {
    bare.split('{').skip(1).filter_map(|rest| rest.split_once('}')).any(|(inside, _)| {
        let ends = inside.split_once("..");
        ends.is_some_and(|(from, to)| [from, to].iter().all(|end| !end.is_empty() && end.chars().all(char::is_alphanumeric)))
    })
}

/// Whether a loop, a condition or a group has begun that does not end: its lines belong together.
pub(super) fn is_compound_open(text: &str) -> bool {
    if text.contains("<<") {
        return false;
    }
    let bare = bare(text).replace([';', '\n'], " ; ");
    let (mut depth, mut starts) = (0_i32, true);
    for word in bare.split_whitespace() {
        if starts {
            match word {
                "for" | "while" | "until" | "select" | "if" | "case" | "{" => depth += 1,
                "done" | "fi" | "esac" | "}" => depth -= 1,
                _ => {}
            }
        }
        starts = [";", "&&", "||", "|", "&", "do", "then", "else", "elif", "{", "!", "("].contains(&word) || word.ends_with("()");
    }
    depth > 0
}

/// The variables that a text sets and does nothing else: `export X=1`, `X=1 Y=2`. `None` when there is more to it, or when
/// only a shell could tell what they hold.
pub(super) fn exports(text: &str) -> Option<Vec<(String, String)>> {
    let mut all = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.contains(['$', '`', ';', '|', '&', '(']) {
            return None;
        }
        let words = shlex::split(line)?;
        let words = words.strip_prefix(&["export".to_owned()]).unwrap_or(&words);
        for word in words {
            let (name, value) = word.split_once('=').filter(|(name, _)| super::shell::is_identifier(name))?;
            all.push((name.to_owned(), value.to_owned()));
        }
    }
    (!all.is_empty()).then_some(all)
}

/// Whether a text does nothing but set variables for what is typed after it, in whatever way.
pub(super) fn only_exports(text: &str) -> bool {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let sets = |line: &str| (line.starts_with("export ") || exports(line).is_some()) && !line.contains([';', '|', '&']);
    lines().next().is_some() && lines().all(sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_bash_understands_is_known_and_quotes_are_not_taken_for_it() {
        for script in [
            "if [[ -f x ]]; then y; fi",
            "set -euo pipefail\nx | y",
            "diff <(a) <(b)",
            "hosts=(a b)\nfor h in \"${hosts[@]}\"; do ssh $h; done",
            "grep x <<< \"$y\"",
            "for i in {1..5}; do x; done",
            "x &> log",
            "source ./env.sh && y",
            "(( i++ ))",
        ] {
            assert!(is_wanted(script), "{script}");
        }
        for script in [
            "if [ -f x ]; then y; fi",
            "echo '[[ <( <<<' | x",
            "set -e\nx",
            "awk '{a[1]+=2}' f | y",
            "x # [[ y",
            "echo $((1+2)) | x",
            "x 2>&1 | y",
        ] {
            assert!(!is_wanted(script), "{script}");
        }
    }

    #[test]
    fn a_loop_goes_on_until_it_is_done() {
        assert!(is_compound_open("for i in 1 2; do"));
        assert!(is_compound_open("for i in 1 2; do\n  if [ $i = 1 ]; then\n    x\n  fi"));
        assert!(!is_compound_open("for i in 1 2; do\n  x\ndone"));
        assert!(!is_compound_open("echo for if while"));
        assert!(!is_compound_open("echo 'for'; for i in 1; do x; done"));
    }

    #[test]
    fn variables_are_told_from_commands() {
        let pairs = |text: &str| exports(text).unwrap_or_default();
        assert_eq!(pairs("export A=1\nB='two words'"), [("A".into(), "1".into()), ("B".into(), "two words".into())]);
        for text in ["A=1 make", "export A=$(id)", "export A", "echo A=1", ""] {
            assert_eq!(exports(text), None, "{text}");
        }
        assert!(only_exports("export A=$(id -u)") && !only_exports("export A=1; x") && !only_exports("A=1 make"));
    }
}
