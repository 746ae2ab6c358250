//! Names of steps and phases: short, and none twice.

use std::collections::BTreeSet;

/// Letters of a command that make the name of its step.
pub(super) const LONGEST_NAME: usize = 60;

/// The beginning of a text, in one line of at most so many bytes.
pub(super) fn short(text: &str, longest: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.len() <= longest {
        return text;
    }
    let end = text.floor_char_boundary(longest - "…".len());
    format!("{}…", text[..end].trim_end())
}

/// The name, with a number behind it when it is taken.
pub(super) fn unique(taken: &mut BTreeSet<String>, name: &str) -> String {
    let numbered = |at: usize| if at == 1 { name.to_owned() } else { format!("{name} ({at})") };
    let free = (1..).map(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}
