//! What an option may hold, and what people call it.

/// What an option may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionType {
    /// A text of one or more lines.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number from 1 on.
    Count,
    /// A number.
    Number,
    /// A length of time, such as `"90s"`.
    Length,
    /// A number of bytes: `"10MiB"`.
    Size,
    /// A program with its arguments.
    Argv,
    /// A list of texts.
    Texts,
    /// A text, or a list of texts.
    Names,
    /// A text, a secret, or a list of both.
    Parts,
    /// A map from names to texts, secrets, or lists of both.
    PartsMap,
    /// Anything that JSON can hold, with secrets in it.
    Json,
    /// A map from names to values.
    Values,
    /// A list of HTTP statuses, or one.
    Statuses,
    /// Permission bits: `0o640` or `"0640"`.
    Mode,
    /// A closure without parameters.
    Closure,
    /// Anything that JSON can hold.
    Value,
    /// A map with the options of another table, by its name there.
    Map(&'static str),
    /// How to roll back: an argv, a list of changes, a map with one change, `"nothing"` or a closure with steps.
    Rollback,
    /// How many may fail: a whole number from 0 on, or a share such as `"25%"`.
    Share,
    /// How many more attempts: a number, or `#{ times, every }`.
    Retry,
    /// One of these words.
    Word(&'static [&'static str]),
    /// The alerts that a runbook serves: names, or `#{ alert, labels }`.
    Alerts,
    /// The parameters of a runbook: a map from names to their options.
    Parameters,
}

impl OptionType {
    /// What people call it, with an example where that helps.
    #[must_use]
    pub fn wanted(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Count => "a whole number from 1 on".to_owned(),
            Self::Share => "a whole number from 0 on, or a share such as \"25%\"".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Length => "a length of time, such as \"90s\"".to_owned(),
            Self::Size => "a number of bytes, such as \"10MiB\"".to_owned(),
            Self::Argv => {
                "a program with its arguments, such as [\"systemctl\", \"restart\", \"api\"], or `sh(\"…\")`".to_owned()
            }
            Self::Texts => "a list of texts".to_owned(),
            Self::Names => "a name or a list of names".to_owned(),
            Self::Parts => "a text, a secret, or a list of both that is joined".to_owned(),
            Self::PartsMap => "a map from names to texts, secrets, or lists of both that are joined".to_owned(),
            Self::Json => "a value of numbers, texts, secrets, lists and maps".to_owned(),
            Self::Values => "a map from names to values".to_owned(),
            Self::Statuses => "an HTTP status or a list of them, such as [200, 204]".to_owned(),
            Self::Mode => "permission bits, such as 0o640".to_owned(),
            Self::Closure => "a closure without parameters, such as `|| …`".to_owned(),
            Self::Value => "a value of numbers, texts, lists and maps".to_owned(),
            Self::Map(table) => format!("a map with the options of `{table}`"),
            Self::Rollback => {
                "an argv, a list of argvs, #{ run | write | http }, \"nothing\", or a closure with steps".to_owned()
            }
            Self::Retry => "a whole number from 1 to 1000, or #{ times: 3, every: \"5s\" }".to_owned(),
            Self::Word(words) => words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or "),
            Self::Alerts => "a list of names of alerts, or of #{ alert: \"…\", labels: #{ … } }".to_owned(),
            Self::Parameters => "a map from names to #{ type, help, … }".to_owned(),
        }
    }
}
