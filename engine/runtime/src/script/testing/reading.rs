//! Reads what a test gives out of the maps in which it is written.

use std::collections::BTreeMap;

use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};
use runbook_model::Value;
use runbook_model::host::is_host;
use runbook_model::length::Length;

use super::file::Background;
use super::given::{Answered, Given, Word};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::functions::options::{fits, unknown_option};
use crate::script::language::schema::{Table, table};
use crate::script::language::vocabulary::MODULES;
use crate::script::values::json;

/// `given(what, #{ … })` or `given(what, [#{ … }, …])`.
pub(super) fn given(ctx: &NativeCallContext, what: &str, answer: Dynamic) -> Called<Given> {
    let answer = answer.flatten();
    let maps = match answer.clone().try_cast::<Array>() {
        Some(items) => items.into_iter().map(Dynamic::flatten).collect(),
        None => vec![answer],
    };
    let mut given = Given { what: what.to_owned(), answers: Vec::new() };
    if let Some(space) = given.space() {
        let (function, subject) = what.split_once(' ').unwrap_or((what, ""));
        let name = function.split_once("::").map_or("", |(_, name)| name);
        let looks = MODULES.iter().find(|(module, _)| *module == space).map_or(&[][..], |(_, looks)| looks);
        if !name.contains('*') && !looks.contains(&name) {
            let looks: Vec<String> = looks.iter().map(|look| format!("`{space}::{look}`")).collect();
            let message = format!("`{function}` is no look, so nothing would ever be given by it; there is {}", looks.join(", "));
            return complain(ctx, Code::BadOption, message);
        }
        // To see whether a file is there is to see what it is: journals and rehearsals name that look alone.
        if function == "fs::exists" {
            given.what = format!("fs::stat {subject}");
        }
    }
    if what.trim().is_empty() || maps.is_empty() {
        return complain(ctx, Code::BadOption, "`given` wants to know what it is about, and at least one answer".to_owned());
    }
    for map in maps {
        let answered = answered(ctx, map)?;
        if let Some(wrong) = answered.wrong(given.is_look()) {
            return complain(ctx, Code::BadOption, format!("what is given for `{what}` is no answer: {wrong}"));
        }
        given.answers.push(answered);
    }
    Ok(given)
}

fn answered(ctx: &NativeCallContext, map: Dynamic) -> Called<Answered> {
    let map = checked(ctx, table("given"), map)?;
    let text =
        |name: &str| map.get(name).and_then(|value| value.clone().into_immutable_string().ok()).map(|text| text.to_string());
    let whole = |name: &str| map.get(name).and_then(|value| value.as_int().ok());
    let says = match text("says").as_deref() {
        Some("yes") => Some(Word::Yes),
        Some("nothing") => Some(Word::Nothing),
        Some(_) => Some(Word::No),
        None => None,
    };
    let takes = match text("takes").map(|takes| takes.parse::<Length>()) {
        Some(Err(error)) => return complain(ctx, Code::BadOption, format!("`takes`: {error}")),
        Some(Ok(takes)) => Some(takes),
        None => None,
    };
    let (exits, status) = (whole("exits"), whole("status"));
    if exits.is_some_and(|code| !(0..=255).contains(&code)) {
        return complain(ctx, Code::BadOption, "`exits` is from 0 to 255".to_owned());
    }
    if status.is_some_and(|status| !(100..=599).contains(&status)) {
        return complain(ctx, Code::BadOption, "`status` is from 100 to 599".to_owned());
    }
    Ok(Answered {
        gives: map.get("gives").map(|value| value_of(ctx, value)).transpose()?,
        fails: text("fails"),
        prints: text("prints"),
        complains: text("complains"),
        exits: exits.and_then(|code| i32::try_from(code).ok()),
        status: status.and_then(|status| u16::try_from(status).ok()),
        body: text("body"),
        headers: headers(&map),
        takes,
        says,
        chooses: text("chooses"),
        enters: text("enters"),
        after: text("after"),
    })
}

fn headers(map: &Map) -> BTreeMap<String, String> {
    let given = map.get("headers").and_then(|value| value.clone().try_cast::<Map>()).unwrap_or_default();
    given.into_iter().map(|(name, value)| (name.to_lowercase(), value.to_string())).collect()
}

/// `given(#{ settings, params, hosts })`: laid over what was given before.
pub(super) fn surroundings(ctx: &NativeCallContext, background: &mut Background, map: Dynamic) -> Called<()> {
    let map = checked(ctx, table("given.all"), map)?;
    for (name, into_params) in [("settings", false), ("params", true)] {
        for (key, value) in map.get(name).and_then(|value| value.clone().try_cast::<Map>()).unwrap_or_default() {
            let value = value_of(ctx, &value)?;
            if into_params {
                background.params.insert(key.to_string(), value);
            } else {
                background.settings.insert(key.to_string(), value);
            }
        }
    }
    for (group, hosts) in map.get("hosts").and_then(|value| value.clone().try_cast::<Map>()).unwrap_or_default() {
        let named = hosts.into_typed_array::<ImmutableString>().unwrap_or_default();
        if named.is_empty() || !named.iter().all(|host| is_host(host)) {
            return complain(ctx, Code::BadOption, format!("`{group}` wants a list of names of hosts, at least one"));
        }
        background.hosts.insert(group.to_string(), named.iter().map(ToString::to_string).collect());
    }
    if let Some(env) = map.get("env").and_then(|env| env.clone().into_immutable_string().ok()) {
        background.env = Some(env.to_string());
    }
    Ok(())
}

/// The parameters of `run(#{ … })`.
pub(super) fn params(ctx: &NativeCallContext, map: &Map) -> Called<BTreeMap<String, Value>> {
    map.iter().map(|(name, value)| Ok((name.to_string(), value_of(ctx, value)?))).collect()
}

/// A map with the keys of a table, and values of their types.
fn checked(ctx: &NativeCallContext, of: &'static Table, map: Dynamic) -> Called<Map> {
    let found = json::named(&map).to_owned();
    let Some(map) = map.try_cast::<Map>() else {
        return Complaint::new(ctx, Code::BadOption, format!("`given` wants a map here, this is {found}"))
            .help(format!("write `{}`", of.usage))
            .raise();
    };
    for (name, value) in &map {
        match of.option(name) {
            None => {
                let (message, help) = unknown_option(of, name);
                return Complaint::new(ctx, Code::UnknownOption, message).help(help).raise();
            }
            Some(option) if !fits(option.kind, value) => {
                let found = json::named(&value.flatten_clone()).to_owned();
                return complain(ctx, Code::BadOption, format!("`{name}` wants {}; this is {found}", option.kind.wanted()));
            }
            Some(_) => {}
        }
    }
    Ok(map)
}

fn value_of(ctx: &NativeCallContext, value: &Dynamic) -> Called<Value> {
    match json::recorded(value) {
        Ok(value) => Ok(value),
        Err(_) => complain(ctx, Code::BadOption, "only numbers, texts, lists and maps can be given".to_owned()),
    }
}

pub(super) fn complain<T>(ctx: &NativeCallContext, code: Code, message: String) -> Called<T> {
    Complaint::new(ctx, code, message).raise()
}
