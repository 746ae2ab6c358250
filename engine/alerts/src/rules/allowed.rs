//! `# runbook: allow no-link`: comments that allow findings. The parser drops comments, so they are looked for by lines.

use std::collections::BTreeSet;

const MARK: &str = "# runbook: allow ";

/// What the comments of a rule allow: those on its own lines, and one that stands alone above it.
pub(super) fn allowed(lines: &[&str], first: usize, last: usize) -> BTreeSet<String> {
    let line = |number: usize| number.checked_sub(1).and_then(|at| lines.get(at)).copied().unwrap_or_default();
    let above = first.checked_sub(1).map(line).filter(|text| text.trim_start().starts_with('#'));
    // A rule of a million lines holds no comment for us.
    let own = (first..=last.min(first + 2000)).map(line);
    let words = above.into_iter().chain(own).filter_map(|text| text.split_once(MARK)).flat_map(|(_, words)| {
        words.split([' ', ',']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    });
    words.collect()
}
