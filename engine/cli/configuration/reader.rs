//! Reads tables of a configuration file, and collects every mistake with its place.

use std::ops::Range;
use std::path::Path;

use runbook_model::Value;
use runbook_model::length::Length;
use runbook_model::parameter::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::configuration::complaint::Complaint;
use crate::configuration::{Origin, Sourced};

pub(super) struct Reader<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    pub(super) complaints: Vec<Complaint>,
}

impl Reader<'_> {
    pub(super) fn complain(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.complaints.push(Complaint { message: message.into(), span, help });
    }

    pub(super) fn origin(&self, span: &Range<usize>) -> Origin {
        let line = 1 + self.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
        Origin::File { path: self.path.to_owned(), line }
    }

    /// Complains about every key of `table` that is not known.
    pub(super) fn only(&mut self, place: &str, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let help = match nearest(key.get_ref(), known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            self.complain(key.span(), format!("unknown key `{}`{place}", key.get_ref()), Some(help));
        }
    }

    fn wanted(&mut self, value: &Spanned<DeValue<'_>>, key: &str, want: &str) {
        self.complain(value.span(), format!("`{key}` wants {want}, this is {}", value.get_ref().type_str()), None);
    }

    pub(super) fn table<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> Option<&'t DeTable<'i>> {
        let value = table.get(key)?;
        let found = value.get_ref().as_table();
        if found.is_none() {
            self.wanted(value, key, "a table");
        }
        found
    }

    pub(super) fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<Sourced<String>> {
        let value = table.get(key)?;
        match value.get_ref().as_str() {
            Some(text) if !text.is_empty() => Some(Sourced::new(text.to_owned(), self.origin(&value.span()))),
            Some(_) => {
                self.complain(value.span(), format!("`{key}` is empty"), None);
                None
            }
            None => {
                self.wanted(value, key, "a string");
                None
            }
        }
    }

    pub(super) fn texts(&mut self, table: &DeTable<'_>, key: &str) -> Option<Sourced<Vec<String>>> {
        let value = table.get(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wanted(value, key, "a list of strings");
            return None;
        };
        let mut texts = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => self.wanted(item, key, "strings"),
            }
        }
        Some(Sourced::new(texts, self.origin(&value.span())))
    }

    pub(super) fn length(&mut self, table: &DeTable<'_>, key: &str) -> Option<Sourced<Length>> {
        let Sourced { value, origin } = self.text(table, key)?;
        match value.parse() {
            Ok(length) => Some(Sourced::new(length, origin)),
            Err(error) => {
                self.complain(table.get(key)?.span(), format!("`{key}`: {error}"), None);
                None
            }
        }
    }

    pub(super) fn flag(&mut self, table: &DeTable<'_>, key: &str) -> Option<Sourced<bool>> {
        let value = table.get(key)?;
        let found = value.get_ref().as_bool().map(|flag| Sourced::new(flag, self.origin(&value.span())));
        if found.is_none() {
            self.wanted(value, key, "`true` or `false`");
        }
        found
    }

    /// A value as scripts see it; dates and times become text.
    pub(super) fn value(&mut self, value: &Spanned<DeValue<'_>>) -> Value {
        match value.get_ref() {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Datetime(datetime) => Value::from(datetime.to_string()),
            DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => Value::from(number),
                Err(_) => {
                    self.complain(value.span(), "this number does not fit into 64 bits", None);
                    Value::Null
                }
            },
            DeValue::Float(float) => match float.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Value::from(number),
                _ => {
                    self.complain(value.span(), "scripts cannot hold a number that is not finite", None);
                    Value::Null
                }
            },
            DeValue::Array(array) => array.iter().map(|item| self.value(item)).collect(),
            DeValue::Table(table) => {
                Value::Object(table.iter().map(|(key, item)| (key.get_ref().to_string(), self.value(item))).collect())
            }
        }
    }
}
