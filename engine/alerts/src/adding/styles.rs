//! Rule files as many people write them, made by chance: whatever the style, a link is added exactly, or left.

use proptest::prelude::*;

use super::plan;
use super::tests::{known, plain};
use crate::findings::judge;
use crate::rules;

/// How somebody writes.
#[derive(Debug, Clone)]
struct Style {
    /// Spaces before the dash of a rule, beyond its list.
    dash: usize,
    /// Spaces between the dash and its first key.
    gap: usize,
    /// How much deeper a map is.
    step: usize,
    end: &'static str,
    comment: String,
    blank: bool,
}

/// One rule: its name as it is written, and its other keys in their order.
#[derive(Debug, Clone)]
struct Written {
    name: &'static str,
    flow: bool,
    /// After so many keys the name comes.
    nth: usize,
    annotations: usize,
    expression: usize,
}

/// How a name may be written; those with `A` or `B` are served.
const NAMES: [&str; 8] = ["A", "\"B\"", "'A'", "C", "&n A", "!!str B", "Other one", "\"\\u0041\""];

fn style() -> impl Strategy<Value = Style> {
    (0..3usize, 1..4usize, 1..5usize, any::<bool>(), "( +#[ a-zé{}:\"'&*-]{0,9})?", any::<bool>()).prop_map(
        |(dash, gap, step, crlf, comment, blank)| Style {
            dash,
            gap,
            step,
            end: if crlf { "\r\n" } else { "\n" },
            comment,
            blank,
        },
    )
}

fn written() -> impl Strategy<Value = Written> {
    (proptest::sample::select(NAMES.to_vec()), proptest::bool::weighted(0.2), 0..3usize, 0..10usize, 0..5usize)
        .prop_map(|(name, flow, nth, annotations, expression)| Written { name, flow, nth, annotations, expression })
}

impl Written {
    /// The lines of a rule, whose keys stand `at` so many spaces.
    fn lines(&self, style: &Style, at: usize) -> Vec<String> {
        let (pad, deep) = (" ".repeat(at), " ".repeat(at + style.step));
        let comment = &style.comment;
        if self.flow {
            return vec![format!(
                "{pad}{{\"alert\": {}, expr: up, labels: {{a: \"}}\"}}}}{comment}",
                self.name.replace("&n ", "")
            )];
        }
        let expression = match self.expression {
            0 => vec![format!("{pad}expr: up == 0{comment}")],
            1 => vec![format!("{pad}expr: |"), format!("{deep}up"), String::new(), format!("{deep}  == 0 # no comment")],
            2 => vec![format!("{pad}expr: >-{comment}"), format!("{deep}up == 0")],
            3 => vec![format!("{pad}expr: 'up =="), format!("{deep}0'{comment}")],
            _ => vec![format!("{pad}expr: \"up{{a=\\\"b\\\"}}\"{comment}"), format!("{pad}for:   5m")],
        };
        let annotations = match self.annotations {
            0 => vec![],
            1 => vec![format!("{pad}annotations:{comment}"), format!("{deep}summary: é: \"x\" {comment}").replace("é: ", "é ")],
            2 => vec![format!("{pad}annotations: {{summary: \"a, b\", \"d\": e}}{comment}")],
            3 => vec![format!("{pad}annotations: {{}}")],
            4 => vec![format!("{pad}annotations:{comment}")],
            5 => vec![
                format!("{pad}annotations:"),
                format!("{deep}# above{comment}"),
                format!("{deep}text: |-"),
                format!("{deep}  a: b"),
            ],
            6 => vec![format!("{pad}annotations: {{"), format!("{deep}summary: x,"), format!("{deep}}}{comment}")],
            7 => vec![format!("{pad}\"annotations\":"), format!("{deep}\"summary\": 'it''s'{comment}")],
            8 => vec![format!("{pad}annotations: null")],
            _ => vec![format!("{pad}annotations: &{} !!map {{x: y}}", self.name.len())],
        };
        let mut keys = vec![expression, annotations, vec![format!("{pad}labels: {{severity: page}}")]];
        keys.insert(self.nth, vec![format!("{pad}alert: {}{comment}", self.name)]);
        keys.concat()
    }
}

fn file(style: &Style, rules: &[Written], last_line_ends: bool) -> String {
    let mut lines = vec!["# ours".to_owned(), format!("groups:{}", style.comment), "- name: g".to_owned(), "  rules:".to_owned()];
    for rule in rules {
        let dash = 2 + style.dash;
        let at = dash + 1 + style.gap;
        let mut own = rule.lines(style, at);
        // The dash stands where the first key is indented.
        own[0] = format!("{}-{}{}", " ".repeat(dash), " ".repeat(style.gap), &own[0][at..]);
        lines.extend(own);
        lines.extend(style.blank.then(String::new));
    }
    let text = lines.join(style.end);
    if last_line_ends { text + style.end } else { text.trim_end().to_owned() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn in_every_style_a_link_is_added_exactly_or_left(
        style in style(),
        written in proptest::collection::vec(written(), 1..5),
        last_line_ends in any::<bool>(),
    ) {
        let before = file(&style, &written, last_line_ends);
        let read = rules::read("f", &before);
        prop_assert_eq!(&read.unread, &None, "{}", before);
        prop_assert_eq!(read.rules.len(), written.len(), "{}", before);
        let planned = plan(&read, &before, &known(), "https://h", &plain());

        // Every alert that is served has its link now, or somebody is told.
        let served = read.rules.iter().filter(|rule| ["A", "B"].contains(&rule.alert.as_str())).count();
        prop_assert_eq!(planned.additions.len() + planned.left.len(), served, "{}", before);
        // Only what says `null` needs a person.
        let refusable = written.iter().filter(|rule| !rule.flow && rule.annotations == 8).count();
        prop_assert!(planned.left.len() <= refusable, "{:?}\n{}", planned.left, before);

        // Without what was added it is the file that it was.
        let mut rest = planned.after.as_str();
        let mut back = String::new();
        let mut additions = planned.additions.clone();
        additions.sort_by_key(|addition| addition.at);
        for addition in &additions {
            let (head, tail) = rest.split_at(addition.at - back.len());
            back.push_str(head);
            rest = tail.strip_prefix(addition.insert.as_str()).expect("what was added");
        }
        back.push_str(rest);
        prop_assert_eq!(&back, &before);
        // A line ends as the lines of the file do.
        prop_assert!(planned.additions.iter().all(|addition| addition.insert.matches('\n').count() == addition.insert.matches(style.end).count()));
        // And `check` has nothing to say about what has its link.
        let after = rules::read("f", &planned.after);
        let said = judge(&after, &known(), &plain());
        prop_assert_eq!(said.len(), planned.left.len() + read.rules.len() - served, "{:?}\n{}", said, planned.after);
        prop_assert_eq!(plan(&after, &planned.after, &known(), "https://h", &plain()).after, planned.after);
    }
}
