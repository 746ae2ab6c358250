//! What a test expects.

use rhai::{Array, Dynamic, Engine, ImmutableString, NativeCallContext};
use runbook_model::Value;

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::values::json;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("assert", |ctx: NativeCallContext, holds: Dynamic| assert(&ctx, &holds, "this does not hold"));
    engine.register_fn("assert", |ctx: NativeCallContext, holds: Dynamic, why: ImmutableString| assert(&ctx, &holds, &why));
    engine.register_fn("assert_eq", |ctx: NativeCallContext, found: Dynamic, wanted: Dynamic| equal(&ctx, &found, &wanted));
    engine.register_fn("assert_has", |ctx: NativeCallContext, whole: Dynamic, part: Dynamic| has(&ctx, &whole, &part));
}

fn assert(ctx: &NativeCallContext, holds: &Dynamic, why: &str) -> Called<()> {
    match holds.as_bool() {
        Ok(true) => Ok(()),
        Ok(false) => Complaint::new(ctx, Code::Expected, why).raise(),
        Err(_) => {
            let found = json::named(&holds.flatten_clone()).to_owned();
            Complaint::new(ctx, Code::BadOption, format!("`assert` wants `true` or `false`, this is {found}")).raise()
        }
    }
}

fn equal(ctx: &NativeCallContext, found: &Dynamic, wanted: &Dynamic) -> Called<()> {
    let (found, wanted) = (value(found), value(wanted));
    if found == wanted {
        return Ok(());
    }
    Complaint::new(ctx, Code::Expected, "this is not what the test expects").help(compared(&found, &wanted)).raise()
}

fn has(ctx: &NativeCallContext, whole: &Dynamic, part: &Dynamic) -> Called<()> {
    let holds = match (whole.read_lock::<ImmutableString>(), part.read_lock::<ImmutableString>(), whole.read_lock::<Array>()) {
        (Some(whole), Some(part), _) => whole.contains(part.as_str()),
        (_, _, Some(items)) => items.iter().any(|item| value(item) == value(part)),
        _ => {
            let message = "`assert_has` looks for a text in a text, or for an item in a list";
            return Complaint::new(ctx, Code::BadOption, message).raise();
        }
    };
    if holds {
        return Ok(());
    }
    let (whole, part) = (value(whole), value(part));
    Complaint::new(ctx, Code::Expected, format!("{part} is not in it"))
        .help(format!("what there is:\n{}", lines(&whole).join("\n")))
        .raise()
}

/// A value as JSON; what JSON has no word for, as its text.
fn value(dynamic: &Dynamic) -> Value {
    json::recorded(dynamic).unwrap_or_else(|_| Value::String(dynamic.to_string()))
}

/// Both side by side; lists and texts of several lines, line by line.
fn compared(found: &Value, wanted: &Value) -> String {
    let (found_lines, wanted_lines) = (lines(found), lines(wanted));
    if found_lines.len() < 2 && wanted_lines.len() < 2 {
        return format!("found  {found}\nwanted {wanted}");
    }
    let mut text = String::from("the difference:");
    for change in similar::TextDiff::from_slices(&refs(&wanted_lines), &refs(&found_lines)).iter_all_changes() {
        let mark = match change.tag() {
            similar::ChangeTag::Delete => "- wanted ",
            similar::ChangeTag::Insert => "+ found  ",
            similar::ChangeTag::Equal => "         ",
        };
        text.push_str(&format!("\n{mark}{}", change.value()));
    }
    text
}

fn refs(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(ToString::to_string).collect(),
        Value::String(text) if text.contains('\n') => text.lines().map(str::to_owned).collect(),
        other => vec![other.to_string()],
    }
}
