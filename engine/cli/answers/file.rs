//! The file, as it is written.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::path::Path;

use runbook_model::Value;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::failure::Failure;

/// What the scripted world answers. Every table may be missing; so may the file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answers {
    /// What the script sees as `settings`, over those of the configuration.
    pub settings: serde_json::Map<String, Value>,
    /// Parameters, as they would be typed; `-p` is stronger.
    pub params: BTreeMap<String, Value>,
    /// How commands go, by the name or path of the step.
    pub(super) commands: BTreeMap<String, OneOrMany<CommandAnswer>>,
    /// What looks see, by what they look at.
    pub(super) sees: BTreeMap<String, OneOrMany<LookAnswer>>,
    /// What people say, by the question.
    pub(super) confirms: BTreeMap<String, ConfirmAnswer>,
}

/// One answer, or several that come one after the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

/// By hand, because an untagged enum says of any slip only that nothing fits.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one answer in braces, or a list of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(OneOrMany::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMany::Many)
            }
        }

        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<T> OneOrMany<T> {
    pub(super) fn all(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// How one attempt of a command goes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CommandAnswer {
    /// Its standard output.
    pub(super) prints: Option<String>,
    /// Its exit code.
    pub(super) exits: Option<i32>,
    /// Its standard error, when it fails.
    pub(super) complains: Option<String>,
    /// For an `http` command: the status of the answer.
    pub(super) status: Option<u16>,
    /// And its body.
    pub(super) body: Option<String>,
    /// How long it takes, on a clock that nobody waits for.
    pub(super) takes: Option<String>,
}

/// What one look sees.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LookAnswer {
    /// The status of an HTTP answer.
    pub(super) status: Option<u16>,
    /// And its body.
    pub(super) body: Option<String>,
    /// What a program prints.
    pub(super) prints: Option<String>,
    /// Its exit code.
    pub(super) exits: Option<i32>,
    /// The content of a file.
    pub(super) content: Option<String>,
    /// Any other value: the target of a link, names, `true`.
    pub(super) value: Option<Value>,
    /// The look cannot be taken.
    pub(super) fails: Option<String>,
    /// It is seen once the change of this step took effect.
    pub(super) after: Option<String>,
}

/// What a person says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "an answer in [confirms] is \"yes\", \"no\", { choose = \"…\" } or { enter = \"…\" }")]
pub(super) enum ConfirmAnswer {
    /// `"yes"` or `"no"`.
    Plain(Plain),
    /// `{ choose = "…" }`.
    Choose {
        /// The choice.
        choose: String,
    },
    /// `{ enter = "…" }`.
    Enter {
        /// What is typed.
        enter: String,
    },
}

/// A plain answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Plain {
    Yes,
    No,
}

impl Answers {
    /// Reads the file; without one there are no answers.
    ///
    /// # Errors
    /// It cannot be read, or has mistakes.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::of(&text, path),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Failure::usage(format!("cannot read `{}`: {error}", path.display()))),
        }
    }

    pub(super) fn of(text: &str, path: &Path) -> Result<Self, Failure> {
        let wrong = |detail: String| Failure::usage(format!("`{}` has mistakes; nothing was run", path.display())).detail(detail);
        let answers: Self = toml::from_str(text)
            .map_err(|error| wrong(error.to_string()).hint("`docs/src/reference/crash-matrix.md` says what may stand there"))?;
        answers.judge().map_err(wrong)?;
        Ok(answers)
    }
}
