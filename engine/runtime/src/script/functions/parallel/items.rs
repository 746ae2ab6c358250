//! What the branches of a `parallel` are for: items, each with a key by which it is found again.

use std::collections::BTreeSet;

use rhai::{Array, Dynamic, Map, NativeCallContext};

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint, place};
use crate::script::functions::options::Options;
use crate::script::performing::stage::Stage;
use crate::script::values::frozen::frozen;
use crate::script::values::json;
use crate::script::values::unknown::text;

/// The most items of one `parallel`.
const MOST: usize = 10_000;

/// The items with their keys, in order.
pub(super) fn keyed(
    ctx: &NativeCallContext,
    stage: &Stage,
    options: &Options<'_>,
    items: Dynamic,
) -> Called<Vec<(String, Dynamic)>> {
    let items = items.flatten();
    if let Some(unknown) = stage.unknown_in(&items) {
        return Err(stage.unknowable(&unknown, place(ctx), "parallel"));
    }
    let found = json::named(&items).to_owned();
    let Some(items) = items.try_cast::<Array>() else {
        return complain(ctx, format!("a parallel wants a list of items, this is {found}")).raise();
    };
    if items.len() > MOST {
        return complain(ctx, format!("a parallel has at most 10,000 items, this has {}", items.len()))
            .help("do them in several, one after the other")
            .raise();
    }
    let named_by = options.text("key");
    let mut keys = BTreeSet::new();
    let mut keyed = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let item = frozen(item);
        let key = key(ctx, stage, at, &item, named_by.as_deref())?;
        if !keys.insert(key.clone()) {
            return Complaint::new(ctx, Code::Branches, format!("two items have the key \"{key}\""))
                .help("an item is found again by its key when the run is resumed: leave out the second, or name them apart")
                .raise();
        }
        keyed.push((key, item));
    }
    Ok(keyed)
}

fn key(ctx: &NativeCallContext, stage: &Stage, at: usize, item: &Dynamic, named_by: Option<&str>) -> Called<String> {
    let named = match (item.read_lock::<Map>(), named_by) {
        (Some(map), Some(name)) => match map.get(name) {
            Some(value) => value.flatten_clone(),
            None => return complain(ctx, format!("item {at} has no `{name}`, by which it would be known")).raise(),
        },
        (Some(_), None) => {
            return complain(ctx, format!("item {at} is a map, and nothing says which of its values it is known by"))
                .help("say it: `parallel(\"…\", items, #{ key: \"name\" }, |item| { … })`")
                .raise();
        }
        (None, Some(name)) => {
            let found = json::named(item);
            return complain(ctx, format!("item {at} is {found}, and has no `{name}`, by which it would be known")).raise();
        }
        (None, None) => item.clone(),
    };
    // A key that is not known yet would be another one in the run.
    if let Some(unknown) = stage.unknown_in(&named) {
        return Err(stage.unknowable(&unknown, place(ctx), "parallel"));
    }
    let key = if named.is_int() { Some(named.to_string()) } else { text(&named) };
    match key {
        Some(key) if key.trim().is_empty() => complain(ctx, format!("the key of item {at} is empty")).raise(),
        Some(key) if key.chars().count() > 200 || key.contains(char::is_control) => {
            complain(ctx, format!("the key of item {at} is not one line of at most 200 characters")).raise()
        }
        Some(key) => Ok(key),
        None => {
            let found = json::named(&named);
            complain(ctx, format!("item {at} is known by {found}, and not by a text or a whole number")).raise()
        }
    }
}

fn complain(ctx: &NativeCallContext, message: String) -> Complaint {
    Complaint::new(ctx, Code::BadOption, message)
}
