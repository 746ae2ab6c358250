//! Parameters: what a runbook declares, and what a person gives.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Value;
use crate::length::Length;
use crate::secret::is_name;

pub mod list;

/// What a runbook declares about one parameter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parameter {
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The value when none is given; the parameter is required when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Value>,
    /// A regular expression that the whole text must match (strings, and each item of a list).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The values that may be chosen (`enum` only).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<String>,
    /// The smallest value (numbers), or the least number of items (lists).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The largest value (numbers), or the greatest number of items (lists; [`list::MOST`] unless given).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The label of an alert that fills it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_label: Option<String>,
}

/// The type of a parameter's values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Text without control characters, at most 4,096 bytes.
    #[default]
    String,
    /// A whole number of 64 bits.
    Int,
    /// A number.
    Float,
    /// `true` or `false`.
    Bool,
    /// One of `of`.
    Enum,
    /// A length of time, such as `"90s"`; the script gets the text.
    Duration,
    /// Texts, each once: `a, b` or a JSON list.
    List,
    /// The name of a secret of `[secrets]`, never its value. A person chooses it: no link and no alert does.
    Secret,
}

impl Kind {
    /// The names that a runbook may write.
    pub const NAMES: [(&'static str, Self); 8] = [
        ("string", Self::String),
        ("int", Self::Int),
        ("float", Self::Float),
        ("bool", Self::Bool),
        ("enum", Self::Enum),
        ("duration", Self::Duration),
        ("list", Self::List),
        ("secret", Self::Secret),
    ];

    /// The name that a runbook writes.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find_map(|(name, kind)| (kind == self).then_some(name)).unwrap_or("string")
    }
}

/// A value, and where it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// The value.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// Where the value of a parameter came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Typed by the person who started the run.
    Typed,
    /// The runbook's own fallback.
    Fallback,
    /// A label of an alert.
    Alert,
    /// A link.
    Link,
}

/// The longest text that a parameter may hold, in bytes.
pub const LONGEST: usize = 4096;

/// Something is wrong with a parameter. Found before anything runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More than one value for it. Which of them was meant, nobody can know.
    #[error("the parameter `{name}` is given twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// No such parameter.
    #[error("there is no parameter `{name}`{}", suggested(.near, .known))]
    Unknown {
        /// The name that was given.
        name: String,
        /// The most similar known one.
        near: Option<String>,
        /// The known ones.
        known: Vec<String>,
    },
    /// A parameter without fallback was not given.
    #[error("the parameter `{name}` is required{}: give it with `-p {name}=…`", help_of(.help))]
    Missing {
        /// Its name.
        name: String,
        /// What it is for.
        help: Option<String>,
    },
    /// A value of the wrong type or outside its bounds.
    #[error("`{value}` is no good value for the parameter `{name}`: {want}")]
    BadValue {
        /// The parameter.
        name: String,
        /// The value, cut and without control characters.
        value: String,
        /// What is wanted.
        want: String,
    },
}

fn suggested(near: &Option<String>, known: &[String]) -> String {
    match (near, known) {
        (Some(near), _) => format!("; did you mean `{near}`?"),
        (None, []) => "; this runbook has none".to_owned(),
        (None, known) => format!("; there are: {}", known.join(", ")),
    }
}

fn help_of(help: &Option<String>) -> String {
    help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default()
}

/// Turns texts that a person gave into typed values, and fills in fallbacks.
///
/// # Errors
/// Every problem at once, so that a person mends them in one go: unknown names first, then values, then missing ones.
pub fn resolve(
    declared: &BTreeMap<String, Parameter>,
    given: &[(String, String, Origin)],
) -> Result<BTreeMap<String, Given>, Vec<Refused>> {
    let mut refused = Vec::new();
    let mut values = BTreeMap::new();
    for (at, (name, text, origin)) in given.iter().enumerate() {
        if given[..at].iter().any(|(before, ..)| before == name) {
            refused.push(Refused::Twice { name: shown(name) });
            continue;
        }
        match declared.get(name) {
            None => refused.push(Refused::Unknown {
                name: shown(name),
                near: nearest(name, declared.keys().map(String::as_str)).map(str::to_owned),
                known: declared.keys().cloned().collect(),
            }),
            Some(parameter) => match parameter.read_of(text, *origin) {
                Ok(value) => {
                    values.insert(name.clone(), Given { value, origin: *origin });
                }
                Err(want) => refused.push(Refused::BadValue { name: name.clone(), value: parameter.shown(text), want }),
            },
        }
    }
    for (name, parameter) in declared {
        if given.iter().any(|(given, ..)| given == name) {
            continue;
        }
        match &parameter.fallback {
            Some(value) => {
                values.insert(name.clone(), Given { value: value.clone(), origin: Origin::Fallback });
            }
            None => refused.push(Refused::Missing { name: name.clone(), help: parameter.help.clone() }),
        }
    }
    if refused.is_empty() { Ok(values) } else { Err(refused) }
}

/// At most 60 characters, control characters replaced.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(60).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(60).is_some() { cut + "…" } else { cut }
}

/// The candidate that a person most likely meant, if any is near.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(&name, &candidate.to_lowercase()), candidate))
        // One that shares no letter with it (`c` for `a`) is no slip of the finger, and neither are two in a word as short as
        // `open` for `nope`.
        .filter(|(distance, candidate)| {
            let (given, known) = (name.chars().count(), candidate.chars().count());
            *distance <= 1 + known.min(given) / 5 && *distance < known.max(given)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The nearest candidate when no other one is as near: of values such as `v1` and `v2`, neither is what `v3` was meant to be.
fn only_nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let near = nearest(name, candidates.clone())?;
    nearest(name, candidates.filter(|other| *other != near))
        .is_none_or(|other| distance(name, other) > distance(name, near))
        .then_some(near)
}

/// How many slips of the finger make one name of the other; the case of letters is none.
fn distance(one: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(&one.to_lowercase(), &other.to_lowercase())
}

impl Parameter {
    /// A text that was refused, as it may be shown: what stands where the name of a secret is wanted may be the secret.
    #[must_use]
    pub fn shown(&self, text: &str) -> String {
        if self.kind == Kind::Secret { "(not shown)".to_owned() } else { shown(text) }
    }

    /// Reads a value from text that came from somewhere.
    ///
    /// # Errors
    /// Says what is wanted instead.
    pub fn read_of(&self, text: &str, origin: Origin) -> Result<Value, String> {
        if self.kind == Kind::Secret && matches!(origin, Origin::Link | Origin::Alert) {
            return Err("a person chooses a secret; no link and no alert does".to_owned());
        }
        self.read(text)
    }

    /// Reads a value from text.
    ///
    /// # Errors
    /// Says what is wanted instead.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let value = match self.kind {
            Kind::Int => text.parse::<i64>().map(Value::from).map_err(|_| "a whole number is wanted".to_owned())?,
            Kind::Float => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Value::from(number),
                _ => return Err("a number is wanted".to_owned()),
            },
            Kind::Bool => match text {
                "true" | "yes" => Value::Bool(true),
                "false" | "no" => Value::Bool(false),
                _ => return Err("`true` or `false` is wanted".to_owned()),
            },
            Kind::List => Value::from(list::items(text)?),
            Kind::String | Kind::Enum | Kind::Duration | Kind::Secret => Value::String(text.to_owned()),
        };
        self.accept(&value)?;
        Ok(value)
    }

    /// Whether a value of the right type keeps to the bounds; used for given values and fallbacks alike.
    ///
    /// # Errors
    /// Says what is wanted instead.
    pub fn accept(&self, value: &Value) -> Result<(), String> {
        match (self.kind, value) {
            (Kind::Bool, Value::Bool(_)) => Ok(()),
            (Kind::Int, Value::Number(number)) if number.is_i64() => self.within(number.as_f64()),
            (Kind::Float, Value::Number(number)) => self.within(number.as_f64()),
            (Kind::Duration, Value::String(text)) => text.parse::<Length>().map(drop).map_err(|error| error.to_string()),
            (Kind::Enum, Value::String(text)) if self.of.contains(text) => Ok(()),
            (Kind::Enum, _) => {
                Err(match value.as_str().and_then(|text| only_nearest(text, self.of.iter().map(String::as_str))) {
                    Some(near) => format!("one of {} is wanted; did you mean `{near}`?", self.of.join(", ")),
                    None => format!("one of {} is wanted", self.of.join(", ")),
                })
            }
            (Kind::String, Value::String(text)) => self.accept_text(text),
            (Kind::Secret, Value::String(text)) if is_name(text) => Ok(()),
            (Kind::Secret, _) => Err("the name of a secret of `[secrets]` is wanted, and never its value".to_owned()),
            (Kind::List, value) => self.accept_items(&list::of(value)?),
            _ => Err(format!("a value of type {} is wanted", self.kind.name())),
        }
    }

    fn within(&self, number: Option<f64>) -> Result<(), String> {
        let number = number.unwrap_or(f64::NAN);
        match (self.min, self.max) {
            (Some(min), _) if number < min => Err(format!("at least {min} is wanted")),
            (_, Some(max)) if number > max => Err(format!("at most {max} is wanted")),
            _ => Ok(()),
        }
    }

    fn accept_items(&self, items: &[&str]) -> Result<(), String> {
        #[expect(clippy::cast_precision_loss, reason = "a list of 2^53 items does not fit into memory")]
        let count = items.len() as f64;
        #[expect(clippy::cast_precision_loss, reason = "a hundred")]
        let bounds = Self { min: self.min, max: self.max.or(Some(list::MOST as f64)), ..Self::default() };
        bounds
            .within(Some(count))
            .map_err(|want| format!("{want}, this has {}", items.len()).replace(" is wanted", " items are wanted"))?;
        items.iter().try_for_each(|item| self.accept_text(item).map_err(|want| format!("`{}`: {want}", shown(item))))
    }

    fn accept_text(&self, text: &str) -> Result<(), String> {
        if text.len() > LONGEST {
            return Err(format!("at most {LONGEST} bytes are wanted, this has {}", text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err("text without control characters is wanted".to_owned());
        }
        // A fallback such as "" stands for "none given" and need not match.
        if let Some(pattern) = &self.pattern
            && self.fallback.as_ref().and_then(Value::as_str) != Some(text)
        {
            let whole =
                regex_lite::Regex::new(&format!("^(?:{pattern})$")).map_err(|error| format!("its pattern is broken: {error}"))?;
            if !whole.is_match(text) {
                return Err(format!("text that matches the pattern {pattern} is wanted"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
