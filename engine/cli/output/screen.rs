//! What can be shown where the output goes.

use std::ffi::OsString;
use std::os::fd::AsFd;

use clap::ValueEnum;
use unicode_width::UnicodeWidthChar;

use crate::output::style::Palette;

/// When something is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal that can, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl When {
    /// The word that a person types.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

/// What a stream can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Colours.
    pub palette: Palette,
    /// Whether a line can be drawn again: a terminal that is not dumb.
    pub live: bool,
    /// Whether lines are laid out as at a terminal, with marks in place of times: at one that is not dumb, and where colours are
    /// insisted on, because somebody shows it at one.
    pub marked: bool,
    /// Whether marks outside ASCII can be shown.
    pub unicode: bool,
    /// Columns; 80 when nobody knows.
    pub width: usize,
}

impl Screen {
    /// Looks at a stream and the environment.
    ///
    /// `NO_COLOR` (when not empty) and `TERM=dumb` take colours away, `CLICOLOR_FORCE` (neither empty nor `0`) gives them where there
    /// is no terminal, `--color` decides over all of them. Where colours are insisted on and `NO_COLOR` is set, there are marks
    /// without colours.
    pub fn of(stream: impl AsFd, colour: When, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let variable = |name: &str| variable(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty());
        let is_terminal = rustix::termios::isatty(&stream);
        let term = variable("TERM");
        let dumb = term.as_deref().is_none_or(|term| term == "dumb");
        let insisted = variable("CLICOLOR_FORCE").is_some_and(|force| force != "0");
        let live = is_terminal && !dumb;
        let coloured = match colour {
            When::Always => true,
            When::Never => false,
            When::Auto if variable("NO_COLOR").is_some() => false,
            When::Auto => live || insisted,
        };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default().to_lowercase();
        Self {
            palette: if coloured { Palette::coloured() } else { Palette::plain() },
            live,
            marked: live || insisted || colour == When::Always,
            // The console of Linux has room for 512 glyphs, and ours are not among them.
            unicode: (locale.contains("utf-8") || locale.contains("utf8")) && term.as_deref() != Some("linux"),
            width: width(&stream).or_else(|| variable("COLUMNS")?.parse().ok()).filter(|width| *width > 0).unwrap_or(80),
        }
    }
}

#[cfg(test)]
impl Screen {
    /// A screen of so many columns, without colours.
    pub(crate) fn plain(width: usize) -> Self {
        Self { palette: Palette::plain(), live: false, marked: true, unicode: true, width }
    }
}

/// What standard error can show.
#[must_use]
pub fn on_stderr(colour: When) -> Screen {
    Screen::of(std::io::stderr(), colour, &|name| std::env::var_os(name))
}

/// What standard output can show.
#[must_use]
pub fn on_stdout(colour: When) -> Screen {
    Screen::of(std::io::stdout(), colour, &|name| std::env::var_os(name))
}

/// The columns of a terminal, as they are now.
#[must_use]
pub fn width(stream: impl AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// The rows of a terminal, as they are now.
#[must_use]
pub fn height(stream: impl AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_row)).filter(|rows| *rows > 0)
}

/// Cuts text, already safe and without colours, to so many columns; what is cut is replaced by `…`.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    let wide = |c: char| c.width().unwrap_or(0);
    if text.chars().map(wide).sum::<usize>() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let mut shown: String = text
        .chars()
        .take_while(|c| {
            let fits = wide(*c) <= left;
            left = left.saturating_sub(wide(*c));
            fits
        })
        .collect();
    if columns > 0 {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn a_file_gets_no_colours_unless_somebody_insists() {
        let file = tempfile::tempfile().unwrap();
        let env = |name: &str| (name == "TERM").then(|| OsString::from("xterm"));
        let auto = Screen::of(&file, When::Auto, &env);
        assert!(!auto.palette.is_coloured() && !auto.live && auto.width == 80);
        let always = Screen::of(&file, When::Always, &env);
        assert!(always.palette.is_coloured() && always.marked && !always.live && !auto.marked);
    }

    #[test]
    fn marks_can_be_had_without_colours() {
        let file = tempfile::tempfile().unwrap();
        let env = |name: &str| matches!(name, "CLICOLOR_FORCE" | "NO_COLOR").then(|| OsString::from("1"));
        let screen = Screen::of(&file, When::Auto, &env);
        assert!(screen.marked && !screen.live && !screen.palette.is_coloured());
        let env = |name: &str| (name == "CLICOLOR_FORCE").then(|| OsString::from("0"));
        assert!(!Screen::of(&file, When::Auto, &env).marked);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(cut("数据库", 5), "数据…");
        assert_eq!(cut("数据库", 4), "数…");
        assert_eq!(cut("abc", 3), "abc");
    }

    proptest! {
        #[test]
        fn what_is_cut_fits(text in "\\PC{0,40}", columns in 0usize..30) {
            let shown = cut(&text, columns);
            let sum: usize = shown.chars().map(|c| c.width().unwrap_or(0)).sum();
            prop_assert!(sum <= columns, "{shown:?}: {} {sum}", shown.width());
        }
    }
}
