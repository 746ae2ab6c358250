//! Two texts line by line, as people compare them.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

/// Past the time it takes what it has: a rougher difference, never a hang.
const PATIENCE: Duration = Duration::from_millis(500);
/// Of a longer line only the part is shown in which it differs, in characters.
const LONGEST: usize = 400;
/// So much of that part stands before the place at which it begins to differ.
const BEFORE: usize = 100;

/// The lines that differ, with three lines of context around each difference, and the sign that each has in a diff; `…` for what
/// is left out. More than `most` of them are counted and not shown.
///
/// What differs is seen, also where it is no letter: a carriage return at the end of a line that differs stays, and a text that
/// does not end with a line break says so.
#[must_use]
pub fn difference(before: &str, after: &str, most: usize) -> Vec<(char, String)> {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    let unfinished = |text: &str| !text.is_empty() && !text.ends_with('\n');
    // Where neither has it, nothing differs in that.
    let says_ends = unfinished(before) != unfinished(after);
    let (mut lines, mut more) = (Vec::new(), 0);
    for (at, group) in diff.grouped_ops(3).iter().enumerate() {
        if at > 0 && lines.len() < most {
            lines.push(('…', String::new()));
        }
        for op in group {
            let changes: Vec<_> = diff.iter_changes(op).collect();
            let of =
                |tag| changes.iter().filter(move |change| change.tag() == tag).map(similar::Change::value).collect::<Vec<_>>();
            let (gone, new) = (of(ChangeTag::Delete), of(ChangeTag::Insert));
            let (mut nth_gone, mut nth_new) = (0, 0);
            for change in &changes {
                let (sign, nth) = match change.tag() {
                    ChangeTag::Delete => ('-', &mut nth_gone),
                    ChangeTag::Insert => ('+', &mut nth_new),
                    ChangeTag::Equal => (' ', &mut 0),
                };
                let place = alike(gone.get(*nth).copied(), new.get(*nth).copied());
                *nth += 1;
                if lines.len() >= most {
                    more += 1;
                    continue;
                }
                let line = change.value().strip_suffix('\n').unwrap_or(change.value());
                let line = if sign == ' ' { line.trim_end_matches('\r') } else { line };
                let end = if says_ends && unfinished(change.value()) { " (no line break at the end)" } else { "" };
                lines.push((sign, format!("{}{end}", part(line, place))));
            }
        }
    }
    if more > 0 {
        lines.push(('…', if more == 1 { "1 more line".to_owned() } else { format!("{more} more lines") }));
    }
    lines
}

/// How many characters two lines have in common at their beginnings; none where one of them has no other.
fn alike(gone: Option<&str>, new: Option<&str>) -> usize {
    let pairs = gone.unwrap_or_default().chars().zip(new.unwrap_or_default().chars());
    pairs.take_while(|(gone, new)| gone == new).count()
}

/// A line, or the part of a long one around the `place` at which it begins to differ.
fn part(line: &str, place: usize) -> String {
    let count = line.chars().count();
    if count <= LONGEST {
        return line.to_owned();
    }
    let skipped = place.saturating_sub(BEFORE).min(count - LONGEST);
    let rest = count - skipped - LONGEST;
    let shown: String = line.chars().skip(skipped).take(LONGEST).collect();
    let ahead = if skipped > 0 { format!("({skipped} characters) …") } else { String::new() };
    let behind = if rest > 0 { format!("… ({rest} characters)") } else { String::new() };
    format!("{ahead}{shown}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str, most: usize) -> Vec<String> {
        difference(before, after, most).into_iter().map(|(sign, line)| format!("{sign} {line}")).collect()
    }

    #[test]
    fn a_difference_has_context() {
        let before: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 10\n", "line ten\n");
        let wanted = ["  line 7", "  line 8", "  line 9", "- line 10", "+ line ten", "  line 11", "  line 12", "  line 13"];
        assert_eq!(shown(&before, &after, 60), wanted);
    }

    #[test]
    fn line_ends_are_seen_where_they_differ() {
        assert_eq!(shown("a\nb\n", "a\nb\r\n", 60), ["  a", "- b", "+ b\r"]);
        assert_eq!(shown("a\r\nb\r\n", "a\r\nc\r\n", 60), ["  a", "- b\r", "+ c\r"]);
        assert_eq!(shown("a", "a\n", 60), ["- a (no line break at the end)", "+ a"]);
        assert_eq!(shown("a", "b", 60), ["- a", "+ b"]);
        assert_eq!(shown("", "b", 60), ["+ b (no line break at the end)"]);
    }

    #[test]
    fn what_is_left_out_is_counted_to_the_last_line() {
        let after: String = (0..5_000).map(|n| format!("{n}\n")).collect();
        let lines = shown("", &after, 40);
        assert_eq!((lines.len(), lines[40].as_str()), (41, "… 4960 more lines"));
        assert_eq!(shown("", "1\n2\n", 1), ["+ 1", "… 1 more line"]);
    }

    #[test]
    fn of_a_long_line_the_part_is_shown_that_differs() {
        let line = |value: &str| format!("{}{value}{}\n", "ä".repeat(50_000), "z".repeat(50_000));
        let [gone, new] = shown(&line("old"), &line("new"), 60).try_into().expect("two lines");
        assert!(gone.starts_with("- (49900 characters) …ä") && gone.ends_with("z… (49703 characters)"), "{gone}");
        assert!(gone.contains("äoldz") && new.contains("änewz") && gone.chars().count() < 500);
    }
}
