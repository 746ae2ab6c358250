//! The one line at the bottom that moves.

use unicode_width::UnicodeWidthStr;

use crate::output::elapsed;
use crate::output::reporters::narrator::Narrator;
use crate::output::reporters::ongoing::Ongoing;
use crate::output::safe;
use crate::output::screen::cut;
use crate::output::style::{Palette, Tone};

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPINNER_ASCII: [&str; 4] = ["|", "/", "-", "\\"];

/// The line as it looks now, in at most so many columns; `None` when nothing goes on.
pub(super) fn line(narrator: &Narrator, ongoing: &Ongoing, unicode: bool, palette: Palette, columns: usize) -> Option<String> {
    let (active, more) = narrator.active()?;
    let frames: &[&str] = if unicode { &SPINNER } else { &SPINNER_ASCII };
    let spent = ongoing.since(active.since);
    let frame = frames[usize::try_from(spent / 100).unwrap_or(0) % frames.len()];
    let mut parts = vec![
        (Tone::Strong, frame.to_owned()),
        (Tone::Faint, active.kind.to_owned()),
        (Tone::Plain, safe::line(&active.text)),
        (Tone::Faint, elapsed::ticking(spent)),
    ];
    if more > 0 {
        parts.push((Tone::Faint, format!("(and {more} more)")));
    }
    if let Some(promise) = narrator.promise() {
        let spent = ongoing.since(promise.since);
        parts.push(match promise.budget.millis().checked_sub(spent) {
            Some(left) => (Tone::Faint, format!("{} left", elapsed::ticking(left))),
            None => (Tone::Warn, format!("{} over budget", elapsed::ticking(spent - promise.budget.millis()))),
        });
    }
    parts.extend(ongoing.latest(active.path).map(|latest| (Tone::Faint, latest)));
    Some(fit(&parts, palette, columns))
}

/// Joins parts with spaces, and cuts where the columns end: a line that wraps cannot be drawn over.
fn fit(parts: &[(Tone, String)], palette: Palette, columns: usize) -> String {
    let mut left = columns;
    let mut line = String::new();
    for (at, (tone, text)) in parts.iter().enumerate() {
        let gap = usize::from(at > 0);
        if left <= gap {
            break;
        }
        let shown = cut(text, left - gap);
        left -= gap + shown.width().min(left - gap);
        line.push_str(if gap > 0 { " " } else { "" });
        line.push_str(&palette.paint(*tone, &shown));
    }
    line
}
