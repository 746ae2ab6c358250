//! Adds the links that are missing, and touches no byte elsewhere: comments, quotes and line ends stay as their owner wrote them.

mod address;
mod place;

#[cfg(test)]
mod tests;

use crate::findings::Wanted;
use crate::mapping::{Known, may_answer};
use crate::rules::{self, File, Rule};

/// A link that can be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The alert.
    pub alert: String,
    /// The line of its name.
    pub line: usize,
    /// The runbook.
    pub runbook: String,
    /// Where, as a byte of the text.
    at: usize,
    /// What.
    insert: String,
}

/// An alert that has no link and gets none, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The alert.
    pub alert: String,
    /// The line of its name.
    pub line: usize,
    /// Why.
    pub why: String,
}

/// The links that a file lacks: those that can be added, and those that a person has to write.
#[must_use]
pub fn propose(file: &File, text: &str, runbooks: &[Known], base: &str, wanted: &Wanted) -> (Vec<Addition>, Vec<Left>) {
    let (mut additions, mut left) = (Vec::<Addition>::new(), Vec::new());
    for rule in &file.rules {
        if rule.annotations.get(&wanted.annotation).is_some_and(|said| !said.text.trim().is_empty())
            || rule.allowed.contains("no-link")
        {
            continue;
        }
        match proposed(rule, text, runbooks, base, wanted) {
            Ok(Some(addition)) if additions.iter().any(|other| other.at == addition.at) => {}
            Ok(Some(addition)) => additions.push(addition),
            Ok(None) => {}
            Err(why) => left.push(Left { alert: rule.alert.clone(), line: rule.place.line, why }),
        }
    }
    (additions, left)
}

fn proposed(rule: &Rule, text: &str, runbooks: &[Known], base: &str, wanted: &Wanted) -> Result<Option<Addition>, String> {
    let serving: Vec<_> = runbooks.iter().filter(|known| may_answer(&known.declaration, &rule.alert, &rule.fixed)).collect();
    let known = match serving.as_slice() {
        // That is a finding of `check`, and no work for here.
        [] => return Ok(None),
        [known] => known,
        several => {
            let names: Vec<_> = several.iter().map(|known| format!("`{}`", known.name)).collect();
            return Err(format!("{} serve it", names.join(" and ")));
        }
    };
    let address = address::of(rule, known, base)?;
    if rule.annotations.contains_key(&wanted.annotation) {
        return Err(format!("its `{}` is empty: write {address}", wanted.annotation));
    }
    let (at, insert) = place::of(rule, text, &wanted.annotation, &address)?;
    Ok(Some(Addition { alert: rule.alert.clone(), line: rule.place.line, runbook: known.name.clone(), at, insert }))
}

/// What was added does not read as it should; nothing may be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "with the link of `{alert}` added, the file would say something else as well; nothing was written: add it by hand (line {line})"
)]
pub struct Unsafe {
    alert: String,
    line: usize,
}

/// The text with additions. It is read once more: every rule has to say what it said, and its link.
///
/// # Errors
/// It does not.
pub fn applied(file: &File, text: &str, additions: &[Addition], annotation: &str) -> Result<String, Unsafe> {
    let mut sorted: Vec<_> = additions.iter().collect();
    sorted.sort_by_key(|addition| std::cmp::Reverse(addition.at));
    let mut after = text.to_owned();
    for addition in &sorted {
        after.insert_str(addition.at, &addition.insert);
    }
    let read = rules::read(&file.name, &after);
    let first = additions.first().map(|addition| Unsafe { alert: addition.alert.clone(), line: addition.line });
    let linked = |file: &File| file.rules.iter().filter(|rule| rule.annotations.contains_key(annotation)).count();
    let all_linked = linked(&read) >= linked(file) + additions.len();
    let same_rules = read.rules.len() == file.rules.len() && read.unread == file.unread && all_linked;
    let differing = file.rules.iter().zip(&read.rules).find(|(before, after)| !same(before, after, annotation));
    match (first, differing) {
        (Some(first), _) if !same_rules => Err(first),
        (_, Some((before, _))) => Err(Unsafe { alert: before.alert.clone(), line: before.place.line }),
        _ => Ok(after),
    }
}

fn same(before: &Rule, after: &Rule, annotation: &str) -> bool {
    let texts = |rule: &Rule| {
        rule.annotations
            .iter()
            .filter(|(name, _)| *name != annotation)
            .map(|(name, said)| (name.clone(), said.text.clone()))
            .collect::<Vec<_>>()
    };
    let rest = |rule: &Rule| (rule.alert.clone(), rule.fixed.clone(), rule.computed.clone(), rule.expression.clone());
    texts(before) == texts(after) && rest(before) == rest(after)
}
