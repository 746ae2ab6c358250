//! Where secrets come from: the `[secrets]` of the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use runbook_model::length::Length;

/// In seconds.
const USUAL_TIMEOUT: u64 = 60;

/// Where one secret comes from, or all whose names fit a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A variable of the engine's environment.
    Env {
        /// Its name.
        variable: String,
    },
    /// A file that nobody else can read.
    File {
        /// The file: absolute.
        path: PathBuf,
    },
    /// What a program prints.
    Command {
        /// The program and its arguments. For a pattern the name of the secret comes behind them.
        argv: Vec<String>,
        /// After this time it is stopped.
        timeout: Length,
    },
    /// A file encrypted with age, decrypted by the user's own `age` or `rage`.
    Age {
        /// The file: absolute.
        file: PathBuf,
        /// The file with the identity: absolute. Without one a passphrase is asked for at the terminal.
        identity: Option<PathBuf>,
        /// After this time it is stopped.
        timeout: Length,
    },
}

impl Source {
    /// How long a program may take that gives a secret, when the configuration does not say: a person may have to type a
    /// passphrase.
    #[must_use]
    pub fn usual_timeout() -> Length {
        Length::from_secs(USUAL_TIMEOUT)
    }

    /// Whether looking costs nothing and asks nobody.
    #[must_use]
    pub fn is_at_hand(&self) -> bool {
        matches!(self, Self::Env { .. } | Self::File { .. })
    }

    /// Where it is, in a few words for people.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Env { variable } => format!("the variable {variable}"),
            Self::File { path } => format!("the file {}", path.display()),
            Self::Command { argv, .. } => format!("the command {}", argv.first().map(String::as_str).unwrap_or_default()),
            Self::Age { file, .. } => format!("the age file {}", file.display()),
        }
    }
}

/// All sources, by the name of the secret or by a pattern: `db/*` is every name that begins with `db/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    by_name: BTreeMap<String, Source>,
}

/// The source of one secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookup<'a> {
    /// The source.
    pub source: &'a Source,
    /// It was found by a pattern.
    pub by_pattern: bool,
}

impl Sources {
    /// Sources by name or pattern.
    #[must_use]
    pub fn new(by_name: BTreeMap<String, Source>) -> Self {
        Self { by_name }
    }

    /// Where the secret of this name comes from: its own entry, else the longest pattern that fits.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<Lookup<'_>> {
        if let Some(source) = self.by_name.get(name) {
            return Some(Lookup { source, by_pattern: false });
        }
        let patterns = self.by_name.iter().filter_map(|(pattern, source)| Some((pattern.strip_suffix('*')?, source)));
        let fitting = patterns.filter(|(prefix, _)| name.starts_with(prefix));
        fitting.max_by_key(|(prefix, _)| prefix.len()).map(|(_, source)| Lookup { source, by_pattern: true })
    }

    /// The names and patterns that there are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The names, without patterns, of those that can be looked at without asking anybody.
    pub(super) fn at_hand(&self) -> impl Iterator<Item = &str> {
        let at_hand = self.by_name.iter().filter(|(name, source)| !name.ends_with('*') && source.is_at_hand());
        at_hand.map(|(name, _)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_itself_goes_before_patterns_and_longer_patterns_before_shorter() {
        let env = |variable: &str| Source::Env { variable: variable.to_owned() };
        let entries = [("db/*", "ALL_DB"), ("*", "ALL"), ("db/admin", "ADMIN"), ("db/a*", "A")];
        let sources = Sources::new(entries.map(|(name, variable)| (name.to_owned(), env(variable))).into());
        let found = |name| sources.of(name).map(|found| (found.source.words(), found.by_pattern));
        assert_eq!(found("db/admin"), Some(("the variable ADMIN".to_owned(), false)));
        assert_eq!(found("db/app"), Some(("the variable A".to_owned(), true)));
        assert_eq!(found("db/x"), Some(("the variable ALL_DB".to_owned(), true)));
        assert_eq!(found("x"), Some(("the variable ALL".to_owned(), true)));
        assert_eq!(Sources::default().of("x"), None);
    }
}
