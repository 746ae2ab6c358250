//! Every step, with more behind its line.

use runbook_model::account::{Account, AttemptAccount, Standing, StepAccount};
use runbook_model::path::StepPath;

use super::{escape, sections};
use crate::dossier::html::timeline::mood;
use crate::dossier::piece::{self, Piece};
use crate::dossier::{Dossier, Mood};
use crate::output::elapsed;
use crate::output::safe;
use crate::output::screen::cut;

/// So many bytes of each end of an output are shown; the journal and `runbook show RUN STEP` have more.
const END: usize = 4 * 1024;
/// From so many steps on, less of each.
const MANY: usize = 500;
const END_OF_MANY: usize = 512;

/// The steps that go forward.
pub(super) fn forward(dossier: &Dossier) -> String {
    listed(dossier, "steps", "Steps", |step| !step.path.is_rollback())
}

/// The steps of the rollback.
pub(super) fn backward(dossier: &Dossier) -> String {
    listed(dossier, "rolled-back", "Steps of the rollback", |step| step.path.is_rollback())
}

fn listed(dossier: &Dossier, id: &str, title: &str, wanted: impl Fn(&StepAccount) -> bool) -> String {
    let mut text = String::new();
    let mut phase = StepPath::root();
    for (nth, step) in dossier.account.steps.iter().enumerate().filter(|(_, step)| wanted(step)) {
        let within = dossier.account.phases.iter().map(|(path, _, _)| path).filter(|path| step.path.is_within(path));
        let innermost = within.max_by_key(|path| path.depth()).cloned().unwrap_or_default();
        if innermost != phase {
            // What comes behind a phase would else be read as a part of it.
            let heading = if innermost.is_root() { "Outside of phases".to_owned() } else { innermost.told() };
            text.push_str(&format!("<h3>{}</h3>\n", escape::line(&heading)));
            phase = innermost;
        }
        text.push_str(&one(dossier, nth, step));
    }
    sections::section(id, title, &text)
}

fn one(dossier: &Dossier, nth: usize, step: &StepAccount) -> String {
    let mood = mood(dossier, step);
    let needs_a_look = matches!(mood, Mood::Bad | Mood::Warn) || step.standing == Standing::Waiting;
    let open = if needs_a_look { " open" } else { "" };
    let took = step.millis().map(elapsed::short).unwrap_or_default();
    let ending = match (step.standing, piece::step_ending(step)) {
        (Standing::Done, ending) if ending == "done" || ending == "exit code 0" => String::new(),
        (_, ending) => cut(&safe::line(&ending), 120),
    };
    let word = dossier.standing(step);
    let mut text = format!(
        concat!(
            "<details id=\"step-{}\" class=\"step {}\"{}>\n<summary><span class=\"sign {}\" title=\"{}\">{}</span>",
            "<span class=\"kind\">{}</span><span class=\"name\">{} <span class=\"aside\">{}</span></span>",
            "<span class=\"took\">{}</span></summary>\n"
        ),
        nth,
        mood.class(),
        open,
        mood.class(),
        word,
        mood.symbol(),
        step.kind,
        escape::line(&step.named()),
        escape::line(&ending),
        took,
    );
    text.push_str(&format!("<p class=\"aside\">{word} · <code>{}</code></p>\n", escape::line(&step.path.told())));
    if let (true, Some(_)) = (step.attempts.is_empty(), &step.plan) {
        text.push_str(&format!("<dl class=\"pieces\">{}</dl>\n", fact("rollback", &piece::step_ending(step))));
    }
    let end = if dossier.account.steps.len() > MANY { END_OF_MANY } else { END };
    for attempt in &step.attempts {
        text.push_str(&attempted(&dossier.account, attempt, step.attempts.len() > 1, end));
    }
    for decision in dossier.account.decisions.iter().filter(|decision| decision.path == step.path) {
        let why = decision.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let line = format!("{} {}{why}", decision.by.line(), decision.what.line());
        text.push_str(&format!("<p>{} {}</p>\n", sections::clock(&dossier.account, decision.at), escape::line(&line)));
    }
    text.push_str("</details>\n");
    text
}

fn attempted(account: &Account, attempt: &AttemptAccount, several: bool, end: usize) -> String {
    let mut text = String::new();
    if several {
        let took = attempt.took().map_or_else(|| "no end recorded".to_owned(), elapsed::short);
        text.push_str(&format!(
            "<h4>Attempt {} <span class=\"aside\">{} · {took}</span></h4>\n",
            attempt.intent.attempt,
            sections::clock(account, attempt.began)
        ));
    }
    let mut pieces = vec![Piece::Fact("began", format!("{:.3}, record {}", attempt.began, attempt.seq))];
    pieces.extend(piece::asked(attempt));
    pieces.push(Piece::Fact("ended", piece::ending(attempt)));
    pieces.extend(piece::came_of(attempt));
    text.push_str("<dl class=\"pieces\">\n");
    for piece in &pieces {
        text.push_str(&match piece {
            Piece::Fact(name, text) => fact(name, text),
            Piece::Output { name, size, head, tail } => {
                let shown = output(head, tail.as_ref(), end);
                format!("<dt>{name}</dt><dd><span class=\"aside\">{size} bytes</span>{shown}</dd>\n")
            }
            Piece::Diff(name, lines) => format!("<dt>{name}</dt><dd>{}</dd>\n", diff(lines)),
        });
    }
    text.push_str("</dl>\n");
    text
}

fn fact(name: &str, text: &str) -> String {
    if text.contains('\n') {
        return format!("<dt>{name}</dt><dd><pre>{}</pre></dd>\n", escape::block(text.as_bytes()));
    }
    format!("<dt>{name}</dt><dd><code>{}</code></dd>\n", escape::line(text))
}

/// Both ends of an output, and how much is missing between them.
fn output(head: &[u8], tail: Option<&(u64, Vec<u8>)>, end: usize) -> String {
    let (missing, tail) = tail.map_or((0, &[][..]), |(missing, tail)| (*missing, tail.as_slice()));
    if head.len() + tail.len() <= 2 * end && missing == 0 {
        return format!("<pre>{}</pre>", escape::block(head));
    }
    let whole = [head, tail].concat();
    let first = &whole[..whole.len().min(end)];
    let last = &whole[whole.len().saturating_sub(end).max(first.len())..];
    let missing = missing + (whole.len() - first.len() - last.len()) as u64;
    format!(
        "<pre>{}</pre><p class=\"aside\">… {missing} bytes are not shown …</p><pre>{}</pre>",
        escape::block(first),
        escape::block(last)
    )
}

fn diff(lines: &[(char, String)]) -> String {
    let mut text = String::from("<pre class=\"diff\">");
    for (sign, line) in lines {
        let class = match sign {
            '-' => "minus",
            '+' => "plus",
            _ => "same",
        };
        text.push_str(&format!("<span class=\"{class}\">{sign} {}</span>\n", escape::line(line)));
    }
    text.push_str("</pre>");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_output_keeps_its_ends_and_says_what_is_missing() {
        let head = vec![b'a'; 40_000];
        let shown = output(&head, Some(&(1_000_000_000, vec![b'z'; 40_000])), 4_096);
        assert!(shown.len() < 10_000 && shown.contains("… 1000071808 bytes are not shown …"), "{}", shown.len());
        assert!(shown.contains("aaa</pre>") && shown.contains("<pre>zzz"));
        assert_eq!(output(b"<x>", None, 4_096), "<pre>&lt;x&gt;</pre>");
    }
}
