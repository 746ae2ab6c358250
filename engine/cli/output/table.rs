//! Columns for lists.

use unicode_width::UnicodeWidthStr;

use crate::output::style::{Palette, Tone};

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
}
