//! The lines at the bottom that move: one, or one for each branch of a `parallel`.

use unicode_width::UnicodeWidthStr;

use crate::output::elapsed;
use crate::output::reporters::narrator::{Active, Narrator};
use crate::output::reporters::ongoing::{Ongoing, Promise};
use crate::output::safe;
use crate::output::screen::cut;
use crate::output::style::{Palette, Tone};

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPINNER_ASCII: [&str; 4] = ["|", "/", "-", "\\"];

/// The lines as they look now, one for each attempt that goes on, in at most so many columns and rows; none when nothing
/// goes on.
pub(super) fn lines(
    narrator: &Narrator,
    ongoing: &Ongoing,
    unicode: bool,
    palette: Palette,
    columns: usize,
    rows: usize,
) -> Vec<String> {
    let mut active = narrator.all_active();
    let more = active.len().saturating_sub(rows);
    // The oldest stay in sight: whoever takes long is what one wants to see.
    active.truncate(rows);
    let last = active.len().saturating_sub(1);
    let line = |(at, active): (usize, Active<'_>)| {
        let promise = narrator.promise().filter(|_| at == 0);
        let more = if at == last { more } else { 0 };
        one(&active, more, promise, ongoing, unicode, palette, columns)
    };
    active.into_iter().enumerate().map(line).collect()
}

fn one(
    active: &Active<'_>,
    more: usize,
    promise: Option<&Promise>,
    ongoing: &Ongoing,
    unicode: bool,
    palette: Palette,
    columns: usize,
) -> String {
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
    if let Some(promise) = promise {
        let spent = ongoing.since(promise.since);
        parts.push(match promise.budget.millis().checked_sub(spent) {
            Some(left) => (Tone::Faint, format!("{} left", elapsed::ticking(left))),
            None => (Tone::Warn, format!("{} over budget", elapsed::ticking(spent - promise.budget.millis()))),
        });
    }
    parts.extend(ongoing.latest(active.path).map(|latest| (Tone::Faint, latest)));
    fit(&parts, palette, columns)
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
