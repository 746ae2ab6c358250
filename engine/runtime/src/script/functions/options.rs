//! Options of one call, checked against their table.

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, NativeCallContext};
use runbook_model::Value;
use runbook_model::length::Length;
use runbook_model::lock::{self, Locks};
use runbook_model::parameter::nearest;
use runbook_model::size::Size;
use runbook_model::step::Location;

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint, place};
use crate::script::functions::parts;
use crate::script::functions::secret;
use crate::script::language::option_type::OptionType;
use crate::script::language::schema::Table;
use crate::script::performing::stage::Stage;
use crate::script::values::json::{self, NotRecordable};
use crate::script::values::unknown::{Unknown, text};

/// The options of one call, of known names and of the right types.
#[derive(Debug)]
pub(in crate::script) struct Options<'a> {
    table: &'static Table,
    map: Map,
    stage: &'a Stage,
    call: Location,
    /// Where these options stand inside those of the call: `params.service.`.
    inside: String,
}

impl<'a> Options<'a> {
    /// Reads the options of a call.
    pub(in crate::script) fn read(
        ctx: &NativeCallContext,
        stage: &'a Stage,
        table: &'static Table,
        given: Dynamic,
    ) -> Called<Self> {
        Self::checked(stage, table, given, place(ctx), String::new())
    }

    /// The options of a call without any.
    pub(in crate::script) fn none(ctx: &NativeCallContext, stage: &'a Stage, table: &'static Table) -> Called<Self> {
        Self::checked(stage, table, Map::new().into(), place(ctx), String::new())
    }

    fn checked(stage: &'a Stage, table: &'static Table, given: Dynamic, call: Location, inside: String) -> Called<Self> {
        let given = given.flatten();
        let type_name = json::named(&given).to_owned();
        if let Some(unknown) = given.read_lock::<Unknown>() {
            return Err(stage.unknowable(&unknown, call, table.name));
        }
        let Some(map) = given.try_cast::<Map>() else {
            let message = format!("the options of `{}` are a map, this is {type_name}", table.name);
            return complaint(stage, &call, inside.trim_end_matches('.'), Code::BadOption, message)
                .help(format!("write {}", table.usage))
                .raise();
        };
        let options = Self { table, map, stage, call, inside };
        for (name, value) in &options.map {
            match table.option(name) {
                None => return options.unknown(name),
                Some(option) if !fits(option.kind, value) && secret::inside(value) && option.kind != OptionType::Argv => {
                    let message = format!("`{name}` of `{}` takes no secret", options.table.name);
                    return options.complain(name, Code::SecretAsText, message).help(secret::WAY_OUT).raise();
                }
                Some(option) if !fits(option.kind, value) => {
                    return options.wrong(name, format!("this is {}", json::named(&value.flatten_clone())));
                }
                Some(_) => {}
            }
        }
        if let Some(missing) = table.options.iter().find(|option| option.required && !options.map.contains_key(option.name)) {
            let message = format!("`{}` needs the option `{}`: {}", table.name, missing.name, missing.help);
            return options.complain(options.inside.trim_end_matches('.'), Code::BadOption, message).raise();
        }
        Ok(options)
    }

    /// The options of a map inside these.
    pub(in crate::script) fn inner(&self, table: &'static Table, given: Dynamic, key: &str) -> Called<Self> {
        Self::checked(self.stage, table, given, self.call.clone(), format!("{}{key}.", self.inside))
    }

    /// Whether the option is there.
    pub(in crate::script) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// The names of the options that are there.
    pub(in crate::script) fn names(&self) -> impl Iterator<Item = &str> {
        self.map.keys().map(|name| name.as_str())
    }

    /// The value as it is, with nothing shared.
    pub(in crate::script) fn raw(&self, name: &str) -> Option<Dynamic> {
        self.map.get(name).map(Dynamic::flatten_clone)
    }

    /// The text.
    pub(in crate::script) fn text(&self, name: &str) -> Option<String> {
        self.map.get(name).and_then(text)
    }

    /// The flag; false when absent.
    pub(in crate::script) fn flag(&self, name: &str) -> bool {
        self.map.get(name).and_then(|value| value.as_bool().ok()).unwrap_or(false)
    }

    /// The number.
    pub(in crate::script) fn number(&self, name: &str) -> Option<f64> {
        self.map.get(name).and_then(number)
    }

    /// The whole number, from 1 to `most`.
    pub(in crate::script) fn count(&self, name: &str, most: u32) -> Called<Option<u32>> {
        let Some(number) = self.map.get(name).and_then(|value| value.as_int().ok()) else { return Ok(None) };
        match u32::try_from(number) {
            Ok(number) if (1..=most).contains(&number) => Ok(Some(number)),
            _ => self.wrong(name, format!("this is {number}; 1 to {most} is possible")),
        }
    }

    /// The part of so many items that a number or a share such as `"25%"` means, rounded down; 0 when absent.
    pub(in crate::script) fn share(&self, name: &str, of: usize) -> Called<u32> {
        let Some(given) = self.raw(name) else { return Ok(0) };
        let found = given.to_string();
        let (number, per) = match given.as_int() {
            Ok(number) => (u64::try_from(number).ok(), false),
            Err(_) => {
                let percent = found.strip_suffix('%').and_then(|percent| percent.trim().parse().ok());
                (percent.filter(|percent| *percent <= 100), true)
            }
        };
        match number {
            Some(percent) if per => Ok(u32::try_from(of as u64 * percent / 100).unwrap_or(u32::MAX)),
            Some(number) => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
            None => self.wrong(name, format!("this is {found}")),
        }
    }

    /// The length of time.
    pub(in crate::script) fn length(&self, name: &str) -> Called<Option<Length>> {
        match self.text(name).map(|text| text.parse::<Length>()) {
            None => Ok(None),
            Some(Ok(length)) => Ok(Some(length)),
            Some(Err(error)) => {
                self.known(name)?;
                self.complain(name, Code::BadOption, format!("`{name}`: {error}")).raise()
            }
        }
    }

    /// The number of bytes.
    pub(in crate::script) fn size(&self, name: &str) -> Called<Option<Size>> {
        match self.text(name).map(|text| text.parse::<Size>()) {
            None => Ok(None),
            Some(Ok(size)) => Ok(Some(size)),
            Some(Err(error)) => {
                self.known(name)?;
                self.complain(name, Code::BadOption, format!("`{name}`: {error}")).raise()
            }
        }
    }

    /// The locks: `lock`, one name or several, and `lock_wait`.
    pub(in crate::script) fn locks(&self) -> Called<Locks> {
        let names = self.text("lock").map_or_else(|| self.texts("lock"), |name| vec![name]);
        if let Some(odd) = names.iter().find(|name| !lock::is_name(name)) {
            let message = format!("`{}` is no name for a lock", odd.escape_debug());
            return self
                .complain("lock", Code::BadOption, message)
                .help("letters, digits, `-`, `_` and `.`, not beginning with `-` or `.`, at most 100")
                .raise();
        }
        let wait = self.length("lock_wait")?;
        if wait.is_some() && names.is_empty() {
            return self.complain("lock_wait", Code::BadOption, "`lock_wait` is of no use without `lock`").raise();
        }
        Ok(Locks { names, wait })
    }

    /// The texts; empty when absent.
    pub(in crate::script) fn texts(&self, name: &str) -> Vec<String> {
        self.list(name).iter().filter_map(text).collect()
    }

    /// The list; empty when absent.
    pub(in crate::script) fn list(&self, name: &str) -> Vec<Dynamic> {
        match self.raw(name).map(Dynamic::try_cast::<Array>) {
            Some(Some(items)) => items.into_iter().map(Dynamic::flatten).collect(),
            _ => Vec::new(),
        }
    }

    /// The value as JSON; an unknown in it becomes the text of its mark.
    pub(in crate::script) fn value(&self, name: &str) -> Called<Option<Value>> {
        match self.raw(name) {
            Some(value) => self.recorded(name, &value),
            None => Ok(None),
        }
    }

    /// The same of a value that stands for the option's.
    pub(in crate::script) fn recorded(&self, name: &str, value: &Dynamic) -> Called<Option<Value>> {
        match json::recorded(value) {
            Ok(value) => Ok(Some(value)),
            Err(NotRecordable::Unknown(unknown)) => Ok(Some(Value::String(unknown.shown))),
            Err(NotRecordable::Type { name: odd, place }) => self.wrong(name, format!("{odd} stands at `{name}{place}`")),
        }
    }

    /// The closure.
    pub(in crate::script) fn closure(&self, name: &str) -> Option<FnPtr> {
        self.raw(name).and_then(Dynamic::try_cast::<FnPtr>)
    }

    /// A complaint about the value of an option.
    pub(in crate::script) fn wrong<T>(&self, name: &str, found: String) -> Called<T> {
        self.known(name)?;
        let wanted = self.table.option(name).map(|option| option.kind.wanted()).unwrap_or_default();
        self.complain(name, Code::BadOption, format!("`{name}` of `{}` wants {wanted}; {found}", self.table.name)).raise()
    }

    /// Ends a rehearsal that cannot know whether the value is wrong.
    fn known(&self, name: &str) -> Called<()> {
        match self.map.get(name).and_then(|value| self.stage.unknown_inside(value)) {
            Some(unknown) => {
                let location = located(self.stage, &self.call, &format!("{}{name}", self.inside));
                Err(self.stage.unknowable(&unknown, location, name))
            }
            None => Ok(()),
        }
    }

    /// Whether the mark of something that a rehearsal does not know yet stands in a text: of what it will be, nothing is wrong
    /// so far.
    pub(in crate::script) fn is_open(&self, text: &str) -> bool {
        self.stage.marked(text).is_some()
    }

    /// A complaint at an option, or at the call when the name is empty.
    pub(in crate::script) fn complain(&self, name: &str, code: Code, message: impl Into<String>) -> Complaint {
        complaint(self.stage, &self.call, &format!("{}{name}", self.inside), code, message.into())
    }

    fn unknown<T>(&self, name: &str) -> Called<T> {
        let (message, help) = unknown_option(self.table, name);
        self.complain(name, Code::UnknownOption, message).help(help).raise()
    }
}

/// What to say about a key that a table does not have, and how to help.
pub(in crate::script) fn unknown_option(table: &Table, name: &str) -> (String, String) {
    let names = || table.options.iter().map(|option| option.name);
    let message = format!("unknown option `{name}` for `{}`", table.name);
    match nearest(name, names()) {
        Some(near) => (message, format!("did you mean `{near}`?")),
        None => (message, format!("its options are: {}", names().collect::<Vec<_>>().join(", "))),
    }
}

fn complaint(stage: &Stage, call: &Location, key: &str, code: Code, message: String) -> Complaint {
    Complaint { code, message, help: None, location: located(stage, call, key) }
}

fn located(stage: &Stage, call: &Location, key: &str) -> Location {
    stage.script.spots.key(call, key).unwrap_or_else(|| call.clone())
}

fn number(value: &Dynamic) -> Option<f64> {
    #[allow(clippy::cast_precision_loss, reason = "bounds of parameters are written by people")]
    value.as_float().ok().or_else(|| value.as_int().ok().map(|number| number as f64))
}

/// A word of a command line: texts, numbers and flags.
pub(in crate::script) fn word(value: &Dynamic) -> Option<String> {
    let value = value.flatten_clone();
    if value.is_int() || value.is_float() || value.is_bool() || value.is_char() {
        return Some(value.to_string());
    }
    text(&value)
}

/// Whether an option of this kind may hold the value.
pub(in crate::script) fn fits(kind: OptionType, value: &Dynamic) -> bool {
    let value = value.flatten_clone();
    let is_text = || value.is_string() || value.is::<Unknown>();
    let all = |each: fn(&Dynamic) -> bool| value.read_lock::<Array>().is_some_and(|items| items.iter().all(each));
    match kind {
        OptionType::Text | OptionType::Length | OptionType::Size => is_text(),
        OptionType::Flag => value.is_bool(),
        OptionType::Count => value.is_int(),
        OptionType::Share => value.is_int() || is_text(),
        OptionType::Number => value.is_int() || value.is_float(),
        OptionType::Argv | OptionType::Alerts => value.is_array(),
        OptionType::Names => is_text() || all(|item| text(&item.flatten_clone()).is_some()),
        OptionType::Texts => all(|item| text(&item.flatten_clone()).is_some()),
        OptionType::Parts => parts::fits(&value),
        OptionType::PartsMap => value.read_lock::<Map>().is_some_and(|map| map.values().all(parts::fits)),
        OptionType::Statuses => value.is_int() || all(Dynamic::is_int),
        OptionType::Mode => value.is_int() || value.is_string(),
        OptionType::Closure => value.is_fnptr(),
        OptionType::Value | OptionType::Json => true,
        OptionType::Map(_) | OptionType::Parameters | OptionType::Values => value.is_map(),
        OptionType::Rollback => value.is_array() || value.is_map() || value.is_string() || value.is_fnptr(),
        OptionType::Retry => value.is_int() || value.is_map(),
        OptionType::Word(words) => value.read_lock::<ImmutableString>().is_some_and(|word| words.contains(&word.as_str())),
    }
}
