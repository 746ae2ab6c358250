//! What is added to a file, and what is left to a person.

use super::{address, place};
use crate::findings::Wanted;
use crate::mapping::{Known, may_answer};
use crate::rules::{self, File, Rule};

/// So many additions of one file are tried one by one, when all of them together would do harm.
const TRIED: usize = 200;

/// A link that is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The alert.
    pub alert: String,
    /// The line of its name.
    pub line: usize,
    /// The runbook.
    pub runbook: String,
    /// The link.
    pub address: String,
    /// The rules that it is the link of: one, or several that are one by an alias.
    pub(super) rules: Vec<usize>,
    /// Where, as a byte of the text.
    pub(super) at: usize,
    /// What.
    pub(super) insert: String,
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

/// What becomes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The text with the additions. It was read once more: every rule says what it said, and its link.
    pub after: String,
    /// The links that are added.
    pub additions: Vec<Addition>,
    /// The alerts that a person has to give their link.
    pub left: Vec<Left>,
    /// The alerts without a link that no runbook serves.
    pub unserved: Vec<String>,
}

/// Plans the links that a file lacks. What cannot be added without changing something else is left.
#[must_use]
pub fn plan(file: &File, text: &str, runbooks: &[Known], base: &str, wanted: &Wanted) -> Plan {
    let (additions, mut left, unserved) = proposed(file, text, runbooks, base, wanted);
    let apply = |additions: &[Addition]| applied(file, text, additions, &wanted.annotation);
    if let Some(after) = apply(&additions) {
        return Plan { after, additions, left, unserved };
    }
    // Some do harm: one that others merge in or have as an alias. The others need not wait for it.
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (nth, addition) in additions.into_iter().enumerate() {
        let alone = nth < TRIED && apply(std::slice::from_ref(&addition)).is_some();
        if alone { good.push(addition) } else { bad.push(addition) }
    }
    let after = apply(&good).unwrap_or_else(|| {
        bad.append(&mut good);
        text.to_owned()
    });
    left.extend(bad.into_iter().map(|addition| Left {
        why: format!("with it, the file would say something else as well: write {}", addition.address),
        alert: addition.alert,
        line: addition.line,
    }));
    left.sort_by_key(|left| left.line);
    Plan { after, additions: good, left, unserved }
}

fn proposed(file: &File, text: &str, runbooks: &[Known], base: &str, wanted: &Wanted) -> (Vec<Addition>, Vec<Left>, Vec<String>) {
    let (mut additions, mut left, mut unserved) = (Vec::<Addition>::new(), Vec::new(), Vec::new());
    for (nth, rule) in file.rules.iter().enumerate() {
        let has = rule.annotations.get(&wanted.annotation).is_some_and(|said| !said.text.trim().is_empty());
        if has || rule.allowed.contains("no-link") {
            continue;
        }
        match of(nth, rule, text, runbooks, base, wanted) {
            Ok(Some(addition)) => match additions.iter_mut().find(|other| other.at == addition.at) {
                // The same rule once more: its list is an alias. A label of the group may ask for another link.
                Some(same) if same.insert == addition.insert => same.rules.push(nth),
                Some(_) => left.push(Left {
                    alert: rule.alert.clone(),
                    line: rule.place.line,
                    why: format!("it stands here and elsewhere by an alias, and here it wants {}", addition.address),
                }),
                None => additions.push(addition),
            },
            Ok(None) => unserved.push(rule.alert.clone()),
            Err(why) => left.push(Left { alert: rule.alert.clone(), line: rule.place.line, why }),
        }
    }
    (additions, left, unserved)
}

fn of(nth: usize, rule: &Rule, text: &str, runbooks: &[Known], base: &str, wanted: &Wanted) -> Result<Option<Addition>, String> {
    let serving: Vec<_> = runbooks.iter().filter(|known| may_answer(&known.declaration, &rule.alert, &rule.fixed)).collect();
    let known = match serving.as_slice() {
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
    let (alert, runbook) = (rule.alert.clone(), known.name.clone());
    Ok(Some(Addition { alert, line: rule.place.line, runbook, address, rules: vec![nth], at, insert }))
}

/// The text with additions; `None` when it would not say what it said and the links, and nothing more.
pub(super) fn applied(file: &File, text: &str, additions: &[Addition], annotation: &str) -> Option<String> {
    let mut sorted: Vec<_> = additions.iter().collect();
    sorted.sort_by_key(|addition| addition.at);
    let mut after = String::with_capacity(text.len() + sorted.iter().map(|addition| addition.insert.len()).sum::<usize>());
    let mut from = 0;
    for addition in &sorted {
        after.push_str(text.get(from..addition.at)?);
        after.push_str(&addition.insert);
        from = addition.at;
    }
    after.push_str(&text[from..]);
    let read = rules::read(&file.name, &after);
    let mut links = vec![None; file.rules.len()];
    for addition in additions {
        for rule in &addition.rules {
            *links.get_mut(*rule)? = Some(addition.address.as_str());
        }
    }
    let same_file = read.rules.len() == file.rules.len()
        && read.unread.is_none() == file.unread.is_none()
        && read.skipped.len() == file.skipped.len()
        && read.unread_documents.len() == file.unread_documents.len();
    let as_wanted =
        file.rules.iter().zip(&read.rules).zip(links).all(|((before, after), link)| same(before, after, annotation, link));
    (same_file && as_wanted).then_some(after)
}

/// Whether a rule says what it said, and `link`, if it gets one.
fn same(before: &Rule, after: &Rule, annotation: &str, link: Option<&str>) -> bool {
    let rest = |rule: &Rule| {
        (rule.alert.clone(), rule.fixed.clone(), rule.computed.clone(), rule.expression.clone(), rule.allowed.clone())
    };
    let texts = |rule: &Rule| rule.annotations.iter().map(|(name, said)| (name.clone(), said.text.clone())).collect::<Vec<_>>();
    let mut wanted = texts(before);
    if let Some(link) = link {
        wanted.push((annotation.to_owned(), link.to_owned()));
        wanted.sort();
    }
    wanted == texts(after) && rest(before) == rest(after)
}
