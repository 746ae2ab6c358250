//! Colours by meaning. Nothing is said by colour alone: every mark has a shape and a word as well.

use anstyle::{AnsiColor, Style};

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// It went well.
    Good,
    /// It failed.
    Bad,
    /// It needs a look.
    Warn,
    /// It happens while rolling back.
    Back,
    /// It was withheld.
    Withheld,
    /// It cannot be known.
    Unknown,
    /// It matters less.
    Faint,
    /// It matters more.
    Strong,
}

/// Colours, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    coloured: bool,
}

impl Palette {
    /// No colours.
    #[must_use]
    pub fn plain() -> Self {
        Self { coloured: false }
    }

    /// The colours of the terminal.
    #[must_use]
    pub fn coloured() -> Self {
        Self { coloured: true }
    }

    /// Whether there are colours.
    #[must_use]
    pub fn is_coloured(self) -> bool {
        self.coloured
    }

    /// Text in the colour of its meaning. The text has to be safe already.
    #[must_use]
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let style = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Good => Style::new().fg_color(Some(AnsiColor::Green.into())),
            Tone::Bad => Style::new().bold().fg_color(Some(AnsiColor::Red.into())),
            Tone::Warn => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
            Tone::Back => Style::new().fg_color(Some(AnsiColor::Magenta.into())),
            Tone::Withheld => Style::new().fg_color(Some(AnsiColor::Cyan.into())),
            Tone::Unknown => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
            Tone::Faint => Style::new().dimmed(),
            Tone::Strong => Style::new().bold(),
        };
        if self.coloured && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
