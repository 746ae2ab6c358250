//! A run as Markdown, for a wiki page or an issue.
//!
//! Whatever came from a runbook, a person or a command stands in a code span or a fenced block: there it is no markup, calls
//! nobody (`@name`) and links nowhere (`#12`).

use runbook_model::account::StepAccount;
use runbook_model::path::StepPath;

use super::html::mood;
use super::piece::{self, Piece};
use super::quoted::{Part, longest_run, parts, quoted};
use super::{Dossier, Mood, Verdict, clock, facts};
use crate::output::elapsed;
use crate::output::safe::{self, Colours};

/// So many bytes of each end of an output are shown.
const END: usize = 2 * 1024;

/// The report of a run.
#[must_use]
pub fn document(dossier: &Dossier) -> String {
    let account = &dossier.account;
    let verdict = Verdict::of(dossier);
    let mut text = format!("# {}: {}\n\n", code(&account.started.title), verdict.word);
    text.push_str(&format!("{} **{}** {}\n\n", verdict.mood.symbol(), verdict.word, quoting(&verdict.why)));
    if let Some(trouble) = facts::trouble(dossier) {
        text.push_str(&format!("> {}\n\n", quoting(&trouble)));
    }
    table(&mut text, &["", ""], facts::overview(dossier).into_iter().map(|(name, value)| vec![name.to_owned(), code(&value)]));
    section(&mut text, "Promises of time");
    let promises = account.promises.iter().map(|promise| {
        let (what, budget, result) = facts::promise(promise);
        let sign = match (promise.is_broken(), promise.took) {
            (true, _) => "✗",
            (false, Some(_)) => "✓",
            (false, None) => "·",
        };
        vec![code(&what), budget, format!("{sign} {result}")]
    });
    table(&mut text, &["what", "promise", "result"], promises);
    section(&mut text, "Who decided what");
    let decisions = account.decisions.iter().map(|decision| {
        let why = decision.why.as_ref().map(|why| format!(": {}", code(why))).unwrap_or_default();
        let what = format!("{}{why}", code(&decision.what.line()));
        vec![clock(account, decision.at), code(&decision.by.line()), what, about(&decision.path)]
    });
    table(&mut text, &["when (UTC)", "who", "what", "about"], decisions);
    section(&mut text, "What was signed");
    let signatures = account.signatures.iter().map(|signature| {
        let about = signature.path.as_ref().map_or_else(|| "the run".to_owned(), about);
        let what = format!("{}: {}", signature.meaning.word(), code(&signature.said));
        vec![clock(account, signature.at), code(&signature.by.name), what, about, code(&signature.key)]
    });
    table(&mut text, &["when (UTC)", "who", "what", "about", "key"], signatures);
    section(&mut text, "Timeline");
    table(&mut text, &["when (UTC)", "", "step", "kind", "took", "result"], account.steps.iter().map(|step| line(dossier, step)));
    rollback(&mut text, dossier);
    section(&mut text, "What did not go well");
    for step in account.steps.iter().filter(|step| matches!(mood(dossier, step), Mood::Bad | Mood::Warn)) {
        detail(&mut text, dossier, step);
    }
    section(&mut text, "Notes of the script");
    let notes =
        account.notes.iter().map(|note| vec![clock(account, note.at), code(&note.text), code(&facts::stands_at(&note.location))]);
    table(&mut text, &["when (UTC)", "note", "from"], notes);
    section(&mut text, "Parameters");
    let parameters = facts::parameters(dossier).into_iter();
    table(
        &mut text,
        &["name", "value", "from"],
        parameters.map(|(name, value, origin)| vec![code(&name), code(&value), origin.to_owned()]),
    );
    section(&mut text, "Who worked on it");
    let sessions = facts::sessions(dossier).into_iter().map(|worked| {
        let sign = if worked.died { "✗ " } else { "" };
        vec![clock(account, worked.began), code(&worked.who), worked.what.to_owned(), format!("{sign}{}", worked.end)]
    });
    table(&mut text, &["when (UTC)", "who", "what", "end"], sessions);
    section(&mut text, "Where it comes from, and its seal");
    let origin = facts::provenance(dossier).into_iter().chain(facts::trail(dossier));
    table(&mut text, &["", ""], origin.map(|(name, value)| vec![name.to_owned(), code(&value)]));
    section(&mut text, "Check it");
    for (command, what) in facts::checks(dossier) {
        text.push_str(&format!("- {}: {what}\n", code(&command)));
    }
    without_empty_sections(&text)
}

fn line(dossier: &Dossier, step: &StepAccount) -> Vec<String> {
    let began = step.attempts.first().map(|attempt| clock(&dossier.account, attempt.began)).unwrap_or_default();
    let took = step.millis().map(elapsed::short).unwrap_or_default();
    let ending = crate::output::screen::cut(&safe::line(&piece::step_ending(step)), 80);
    let word = dossier.standing(step);
    let result = if ending.is_empty() || ending == word { word.to_owned() } else { format!("{word}: {}", code(&ending)) };
    vec![began, mood(dossier, step).symbol().to_owned(), code(&step.path.told()), step.kind.to_owned(), took, result]
}

fn rollback(text: &mut String, dossier: &Dossier) {
    let account = &dossier.account;
    section(text, "Rollback");
    if let Some(turn) = &account.rollback {
        text.push_str(&format!(
            "Turned around at {} by {}: {}\n\n",
            clock(account, turn.at),
            code(&turn.by.line()),
            code(&turn.why)
        ));
        for (path, _) in &turn.done {
            text.push_str(&format!("1. rolled back: {}\n", about(path)));
        }
    }
    let verb = if account.rollback.is_some() { "still owed" } else { "a rollback would take back" };
    for path in &account.owing {
        text.push_str(&format!("- {verb}: {}\n", about(path)));
    }
    for path in &account.staying {
        text.push_str(&format!("- stays, no rollback is declared: {}\n", about(path)));
    }
    for path in account.doubtful.iter().filter(|_| dossier.at_work.is_none()) {
        text.push_str(&format!("- **in doubt**, nobody knows whether it took effect: {}\n", about(path)));
    }
    text.push('\n');
}

fn detail(text: &mut String, dossier: &Dossier, step: &StepAccount) {
    text.push_str(&format!("### {} {}\n\n", code(&step.path.told()), dossier.standing(step)));
    for attempt in &step.attempts {
        let mut pieces = vec![Piece::Fact("attempt", format!("{}, {:.3}", attempt.intent.attempt, attempt.began))];
        pieces.extend(piece::asked(attempt));
        pieces.push(Piece::Fact("ended", piece::ending(attempt)));
        pieces.extend(piece::came_of(attempt));
        for piece in &pieces {
            match piece {
                Piece::Fact(name, fact) if fact.contains('\n') => {
                    text.push_str(&format!("- {name}:\n\n{}\n", fenced(&safe::block(fact.as_bytes(), Colours::Dropped))));
                }
                Piece::Fact(name, fact) => text.push_str(&format!("- {name}: {}\n", code(fact))),
                Piece::Output { name, size, head, tail } => {
                    let shown = fenced(&ends(head, tail.as_ref()));
                    text.push_str(&format!("- {name}, {size} bytes:\n\n{shown}\n"));
                }
                Piece::Diff(name, lines) => {
                    let lines: String = lines.iter().map(|(sign, line)| format!("{sign} {}\n", safe::line(line))).collect();
                    text.push_str(&format!("- {name}:\n\n{}\n", fenced(&lines)));
                }
            }
        }
        text.push('\n');
    }
}

/// Both ends of an output, and how much is missing between them.
fn ends(head: &[u8], tail: Option<&(u64, Vec<u8>)>) -> String {
    let (missing, tail) = tail.map_or((0, &[][..]), |(missing, tail)| (*missing, tail.as_slice()));
    let whole = [head, tail].concat();
    let shown = |bytes: &[u8]| safe::block(bytes, Colours::Dropped);
    if whole.len() <= 2 * END && missing == 0 {
        return shown(&whole);
    }
    let (first, last) = (&whole[..whole.len().min(END)], &whole[whole.len().saturating_sub(END).max(whole.len().min(END))..]);
    let missing = missing + (whole.len() - first.len() - last.len()) as u64;
    format!("{}\n… {missing} bytes are not shown …\n{}", shown(first), shown(last))
}

/// A text as code, whatever it holds: no markup, no mention, no link.
pub(crate) fn code(text: &str) -> String {
    let text = safe::line(text);
    if text.is_empty() {
        return String::new();
    }
    quoted(&text)
}

/// Lines as a fenced block, whatever they hold.
pub(crate) fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

/// A sentence of ours in which names stand in back-ticks; what lies between is code, the rest is escaped.
pub(crate) fn quoting(text: &str) -> String {
    let mut out = String::new();
    for part in parts(text) {
        let text = match part {
            Part::Name(name) => {
                out.push_str(&code(name));
                continue;
            }
            Part::Text(text) => safe::line(text),
        };
        for c in text.chars() {
            match c {
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' | '~' => {
                    out.push('\\');
                    out.push(c);
                }
                // No escape keeps a mention from calling somebody; code does.
                '@' => out.push_str("`@`"),
                c => out.push(c),
            }
        }
    }
    out
}

fn about(path: &StepPath) -> String {
    if *path == StepPath::root() { "the run".to_owned() } else { code(&path.told()) }
}

pub(crate) fn section(text: &mut String, title: &str) {
    text.push_str(&format!("\n## {title}\n\n"));
}

pub(crate) fn table(text: &mut String, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return;
    }
    text.push_str(&format!("| {} |\n|{}\n", heads.join(" | "), "---|".repeat(heads.len())));
    for row in rows {
        // Nothing but this escape keeps a pipe from ending a cell, in code as well; anywhere else it would be seen.
        let cells: Vec<_> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text.push('\n');
}

/// Takes out headings under which nothing stands.
pub(crate) fn without_empty_sections(text: &str) -> String {
    let mut parts = text.split("\n## ");
    let mut out = parts.next().unwrap_or_default().trim_end().to_owned();
    for part in parts {
        let (title, content) = part.split_once('\n').unwrap_or((part, ""));
        if !content.trim().is_empty() {
            out.push_str(&format!("\n\n## {title}\n\n{}", content.trim()));
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_from_outside_is_code_whatever_it_holds() {
        assert_eq!(code("a|b @alice #12 <b>"), "`a|b @alice #12 <b>`");
        assert_eq!(code("`x` ``y"), "``` `x` ``y ```");
        assert_eq!(fenced("a\n```\nb\n"), "````text\na\n```\nb\n````\n");
        assert_eq!(quoting("at `a*b`: <x> @bob *no*"), "at `a*b`: \\<x\\> `@`bob \\*no\\*");
    }

    proptest! {
        #[test]
        fn a_fence_is_never_closed_from_inside(text in "[`a\n|]{0,30}") {
            let block = fenced(&text);
            let fence = block.lines().next().unwrap().trim_end_matches("text").to_owned();
            prop_assert!(block.lines().skip(1).filter(|line| line.trim_start().starts_with(&fence)).count() == 1, "{block}");
        }
    }
}
