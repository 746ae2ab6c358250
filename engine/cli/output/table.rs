//! Columns for lists.

use unicode_width::UnicodeWidthStr;

use crate::output::screen::Screen;
use crate::output::style::{Palette, Tone};

/// On a narrower screen a table that does not fit is told field by field: rows over several lines cannot be read.
const NARROW: usize = 60;

/// Rows in [`columns`], or one field a line where the screen is too narrow for them.
#[must_use]
pub fn fitting<const N: usize>(heading: [&str; N], rows: &[[(Tone, String); N]], screen: Screen) -> String {
    if screen.width < NARROW && !fits(heading, rows, screen) {
        return fields(heading, rows, screen.palette);
    }
    columns(heading, rows, screen.palette)
}

/// Whether no row in [`columns`] goes on in the next line.
#[must_use]
pub fn fits<const N: usize>(heading: [&str; N], rows: &[[(Tone, String); N]], screen: Screen) -> bool {
    columns(heading, rows, Palette::plain()).lines().all(|line| line.width() <= screen.width)
}

/// Each row in lines of its own, under its first cell; what is empty is left out.
fn fields<const N: usize>(heading: [&str; N], rows: &[[(Tone, String); N]], palette: Palette) -> String {
    let names = heading.map(str::to_lowercase);
    let is_told = |at: &usize| rows.iter().any(|row| !row[*at].1.is_empty());
    let widest = (1..N).filter(is_told).map(|at| names[at].width()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        for (at, ((tone, cell), name)) in row.iter().zip(&names).enumerate().filter(|(_, ((_, cell), _))| !cell.is_empty()) {
            let cell = palette.paint(*tone, cell);
            if at == 0 {
                text.push_str(&format!("{cell}\n"));
            } else {
                let gap = " ".repeat(widest - name.width());
                text.push_str(&format!("  {}{gap}  {cell}\n", palette.paint(Tone::Faint, name)));
            }
        }
    }
    text
}

/// Rows in columns as wide as their widest cell; the last column is not padded. Cells have to be safe and uncoloured.
#[must_use]
pub fn columns<const N: usize>(heading: [&str; N], rows: &[[(Tone, String); N]], palette: Palette) -> String {
    let mut widths = heading.map(UnicodeWidthStr::width);
    for row in rows {
        // Nothing stands behind the last cell of a row: it may be as long as it likes, such as a reason in place of a title.
        let last = row.iter().rposition(|(_, cell)| !cell.is_empty()).unwrap_or(0);
        for (width, (_, cell)) in widths.iter_mut().zip(&row[..last]) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = line(heading.map(|name| (Tone::Faint, name)), widths, palette);
    for row in rows {
        text.push_str(&line(row.each_ref().map(|(tone, cell)| (*tone, cell.as_str())), widths, palette));
    }
    text
}

fn line<const N: usize>(cells: [(Tone, &str); N], widths: [usize; N], palette: Palette) -> String {
    let last = cells.iter().rposition(|(_, cell)| !cell.is_empty()).unwrap_or(0);
    let mut text = String::new();
    for (at, ((tone, cell), width)) in cells.into_iter().zip(widths).enumerate().take(last + 1) {
        text.push_str(&palette.paint(tone, cell));
        if at < last {
            text.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_whatever_the_script() {
        let row = |a: &str, b: &str| [(Tone::Plain, a.to_owned()), (Tone::Good, b.to_owned())];
        let table = columns(["name", "title"], &[row("数据", "x"), row("rollback-api", "y"), row("z", "")], Palette::plain());
        assert_eq!(table, "name          title\n数据          x\nrollback-api  y\nz\n");
        let row = |cells: [&str; 3]| cells.map(|cell| (Tone::Plain, cell.to_owned()));
        let rows = [row(["a", "a very long reason", ""]), row(["b", "short", "team"])];
        let table = columns(["name", "title", "owner"], &rows, Palette::plain());
        assert_eq!(table, "name  title  owner\na     a very long reason\nb     short  team\n");
    }

    #[test]
    fn a_table_that_does_not_fit_is_told_field_by_field_on_a_narrow_screen_only() {
        let row = |cells: [&str; 3]| cells.map(|cell| (Tone::Plain, cell.to_owned()));
        let rows = [row(["rollback-api", "Roll the API back to the release before", "team-api"]), row(["b", "", "team"])];
        let wide = columns(["NAME", "TITLE", "OWNER"], &rows, Palette::plain());
        assert_eq!(fitting(["NAME", "TITLE", "OWNER"], &rows, Screen::plain(60)), wide);
        assert_eq!(
            fitting(["NAME", "TITLE", "OWNER"], &rows, Screen::plain(40)),
            "rollback-api\n  title  Roll the API back to the release before\n  owner  team-api\nb\n  owner  team\n"
        );
        let short = fitting(["A", "B", "C"], &[row(["1", "2", "3"])], Screen::plain(40));
        assert_eq!(short, "A  B  C\n1  2  3\n", "what fits stays a table");
    }
}
