//! The Go templates in annotations, read as far as links need it: which labels stand where, and whether they are escaped.

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text that stays as it is.
    Text(String),
    /// Something between `{{` and `}}`.
    Action(Action),
}

/// Something between `{{` and `}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What stands there, without the braces.
    pub source: String,
    /// The labels that it reads.
    pub labels: Vec<String>,
    /// Whether its result is made safe for a query.
    pub escaped: bool,
}

/// A template that Prometheus would refuse; the alert would fire with an error in place of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// `{{` without `}}`.
    #[error("a `{{{{` is never closed")]
    Open,
    /// `{{ }}`.
    #[error("there is nothing between `{{{{` and `}}}}`")]
    Empty,
    /// `{{ end }}` without a beginning, or the other way round.
    #[error("`if`, `range` or `with` and `end` do not match")]
    Unbalanced,
}

/// The pieces of a text.
///
/// # Errors
/// It is no template that could be used.
pub fn pieces(text: &str) -> Result<Vec<Piece>, BadTemplate> {
    let mut pieces = Vec::new();
    let mut rest = text;
    // What is open, and whether `.` is something else in there.
    let mut open: Vec<bool> = Vec::new();
    while let Some((before, after)) = rest.split_once("{{") {
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        let end = end_of(after).ok_or(BadTemplate::Open)?;
        let inner = &after[..end];
        rest = &after[end + 2..];
        // `{{-` and `-}}` take away space around: that changes nothing for us.
        let source = inner.strip_prefix('-').unwrap_or(inner);
        let source = source.strip_suffix('-').unwrap_or(source).trim();
        if source.starts_with("/*") {
            continue;
        }
        if source.is_empty() {
            return Err(BadTemplate::Empty);
        }
        match source.split_whitespace().next() {
            Some("if") => open.push(false),
            Some("range" | "with" | "define" | "block") => open.push(true),
            Some("end") => drop(open.pop().ok_or(BadTemplate::Unbalanced)?),
            _ => {}
        }
        let is_own = !open.contains(&true);
        let escaped = source.split('|').any(|stage| {
            matches!(stage.split_whitespace().next(), Some("urlquery" | "urlQueryEscape" | "queryEscape" | "pathEscape"))
        });
        pieces.push(Piece::Action(Action { source: source.to_owned(), labels: labels(source, is_own), escaped }));
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    if open.is_empty() { Ok(pieces) } else { Err(BadTemplate::Unbalanced) }
}

/// Where the `}}` stands that ends an action; one inside of a quoted text does not.
fn end_of(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quote = None;
    let mut at = 0;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(b'"'), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (None, byte @ (b'"' | b'`')) => quote = Some(byte),
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The labels of the alert that an action reads: `$labels.x`, `index $labels "x"`, and `.Labels.x` where `.` is the alert. In
/// `range query "up"` it is an element of a result.
fn labels(source: &str, is_own: bool) -> Vec<String> {
    let mut found = Vec::new();
    for mark in ["$labels", ".Labels"].into_iter().take(if is_own { 2 } else { 1 }) {
        for (at, _) in source.match_indices(mark) {
            let after = &source[at + mark.len()..];
            let name = match after.strip_prefix('.') {
                Some(after) => after,
                None => after.trim_start().strip_prefix('"').unwrap_or_default(),
            };
            let name: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !name.is_empty() && !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn action(text: &str) -> Action {
        match pieces(text).unwrap().into_iter().next() {
            Some(Piece::Action(action)) => action,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn labels_are_found_however_they_are_written() {
        assert_eq!(action("{{ $labels.pod }}").labels, ["pod"]);
        assert_eq!(action("{{- .Labels.pod -}}").labels, ["pod"]);
        assert_eq!(action("{{ index $labels \"pod\" }}").labels, ["pod"]);
        assert!(action("{{ $value | humanize }}").labels.is_empty());
        assert!(action("{{ $labels.pod | urlquery }}").escaped && !action("{{ $labels.pod }}").escaped);
        assert!(action("{{ urlquery $labels.pod }}").escaped);
        let text = "{{ range query \"up\" }}{{ .Labels.pod }}{{ $labels.node }}{{ end }}{{ if .Labels.zone }}{{ .Labels.host }}{{ end }}";
        let read: Vec<_> = pieces(text)
            .unwrap()
            .into_iter()
            .flat_map(|piece| match piece {
                Piece::Action(action) => action.labels,
                Piece::Text(_) => Vec::new(),
            })
            .collect();
        assert_eq!(read, ["node", "zone", "host"]);
    }

    #[test]
    fn braces_in_quotes_end_nothing() {
        assert_eq!(action("{{ printf \"}}%s\" $labels.x }}").labels, ["x"]);
        assert_eq!(action("{{ `}}` }}").source, "`}}`");
    }

    #[test]
    fn what_prometheus_refuses_is_refused() {
        for (text, why) in [
            ("a {{ $labels.x", BadTemplate::Open),
            ("{{ \"}}", BadTemplate::Open),
            ("{{ }}", BadTemplate::Empty),
            ("{{ if $x }}", BadTemplate::Unbalanced),
            ("{{ end }}", BadTemplate::Unbalanced),
        ] {
            assert_eq!(pieces(text), Err(why), "{text}");
        }
        assert!(pieces("{{ if $x }}a{{ else }}b{{ end }} {{/* note */}}").is_ok());
    }

    proptest! {
        #[test]
        fn text_without_braces_stays(text in "[^{]{0,80}") {
            let found = pieces(&text).unwrap();
            prop_assert_eq!(found, if text.is_empty() { vec![] } else { vec![Piece::Text(text)] });
        }

        #[test]
        fn nothing_makes_it_panic(text in "([{}\"`\\\\$. a-z|-]|é){0,80}") {
            drop(pieces(&text));
        }
    }
}
