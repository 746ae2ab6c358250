//! What functions and operators do with a value that a rehearsal cannot know.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, ImmutableString, NativeCallContext};
use runbook_model::step::Location;

use crate::script::diagnosis::complaint::{Called, place};
use crate::script::language::shared_functions::SharedFunctions;
use crate::script::performing::stage::Stage;
use crate::script::values::unknown::{TYPE, Unknown, text};

/// Functions that only compute: given an unknown, they give it back.
const FLOWS: &[&str] = &[
    "abs",
    "all_lines",
    "bytes",
    "ceiling",
    "chars",
    "chop",
    "clear",
    "crop",
    "drain",
    "filter",
    "flatten",
    "floor",
    "get",
    "head",
    "json",
    "keys",
    "len",
    "lines",
    "lower",
    "make_lower",
    "make_upper",
    "map",
    "max",
    "min",
    "order",
    "pad",
    "parse_float",
    "parse_int",
    "parse_json",
    "pop",
    "reduce",
    "remove",
    "replace",
    "retain",
    "reverse",
    "round",
    "shift",
    "sort",
    "split",
    "split_rev",
    "sqrt",
    "sub_string",
    "tail",
    "to_array",
    "to_blob",
    "to_chars",
    "to_float",
    "to_int",
    "to_json",
    "to_lower",
    "to_upper",
    "trim",
    "truncate",
    "upper",
    "values",
    "zip",
];

/// Those of them that change what they are called on. With an unknown among their arguments, or in the list, nobody knows into what.
const CHANGES: &[&str] = &[
    "chop", "clear", "crop", "drain", "order", "pad", "pop", "remove", "replace", "retain", "reverse", "shift", "sort", "split",
    "truncate",
];

/// Functions that answer a question: given an unknown, the rehearsal ends.
const DECIDES: &[&str] = &["all", "any", "contains", "ends_with", "find", "index_of", "is_empty", "some", "starts_with"];

/// Teaches all engines what they do by themselves.
pub(super) fn teach(shared: &mut SharedFunctions) {
    shared.named::<Unknown>(TYPE);
    shared.function("to_string", |unknown: Unknown| unknown.shown);
    shared.function("to_debug", |unknown: Unknown| unknown.shown);
    // A property of an unknown is the same unknown: which of them was asked for does not matter to a reader.
    shared.index(|unknown: &mut Unknown, _: ImmutableString| unknown.clone());
    shared.index(|unknown: &mut Unknown, _: i64| unknown.clone());
    shared.function("+", |a: Unknown, b: Dynamic| joined(&Dynamic::from(a), &b));
    shared.function("+", |a: Dynamic, b: Unknown| joined(&a, &Dynamic::from(b)));
    shared.function("+", |a: Unknown, b: Unknown| joined(&Dynamic::from(a), &Dynamic::from(b)));
    for operator in ["-", "*", "/", "%", "**", "<<", ">>", "&", "|", "^", "..", "..="] {
        shared.function(operator, |a: Unknown, _: Dynamic| a);
        shared.function(operator, |_: Dynamic, b: Unknown| b);
        shared.function(operator, |a: Unknown, _: Unknown| a);
    }
    for operator in ["-", "+"] {
        shared.function(operator, |a: Unknown| a);
    }
    // A list to which an unknown is added may have got one item or many.
    shared.function("+=", |list: &mut Dynamic, b: Unknown| *list = Dynamic::from(joined(list, &Dynamic::from(b))));
}

/// Teaches an engine where a rehearsal ends because of them.
pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    for operator in ["==", "!=", "<", "<=", ">", ">="] {
        let [first, second, both, texts] = [(); 4].map(|()| Arc::clone(stage));
        engine.register_fn(operator, move |ctx: NativeCallContext, a: Unknown, _: Dynamic| decide(&ctx, &first, &a));
        engine.register_fn(operator, move |ctx: NativeCallContext, _: Dynamic, b: Unknown| decide(&ctx, &second, &b));
        engine.register_fn(operator, move |ctx: NativeCallContext, a: Unknown, _: Unknown| decide(&ctx, &both, &a));
        // An interpolated text forgets that an unknown went into it; its mark is still there.
        engine.register_fn(operator, move |ctx: NativeCallContext, a: ImmutableString, b: ImmutableString| {
            decide_texts(&ctx, &texts, &[&a, &b])?;
            Called::<bool>::Ok(match ctx.fn_name() {
                "==" => a == b,
                "!=" => a != b,
                "<" => a < b,
                "<=" => a <= b,
                ">" => a > b,
                _ => a >= b,
            })
        });
    }
    for name in DECIDES {
        let [alone, first, second] = [(); 3].map(|()| Arc::clone(stage));
        engine.register_fn(*name, move |ctx: NativeCallContext, a: Unknown| decide(&ctx, &alone, &a));
        engine.register_fn(*name, move |ctx: NativeCallContext, a: Unknown, _: Dynamic| decide(&ctx, &first, &a));
        engine.register_fn(*name, move |ctx: NativeCallContext, _: Dynamic, b: Unknown| decide(&ctx, &second, &b));
    }
    let not = Arc::clone(stage);
    engine.register_fn("!", move |ctx: NativeCallContext, a: Unknown| decide(&ctx, &not, &a));
    for name in ["contains", "starts_with", "ends_with"] {
        let stage = Arc::clone(stage);
        engine.register_fn(name, move |ctx: NativeCallContext, a: ImmutableString, b: ImmutableString| {
            decide_texts(&ctx, &stage, &[&a, &b])?;
            Called::<bool>::Ok(match ctx.fn_name() {
                "starts_with" => a.starts_with(b.as_str()),
                "ends_with" => a.ends_with(b.as_str()),
                _ => a.contains(b.as_str()),
            })
        });
    }
    let split = Arc::clone(stage);
    engine.register_fn("split", move |text: ImmutableString, at: ImmutableString| -> Dynamic {
        // A part of the text would have lost the mark.
        match split.marked(&text) {
            Some(unknown) => Dynamic::from(unknown),
            None => text.split(at.as_str()).map(|part| part.to_owned().into()).collect::<Array>().into(),
        }
    });
    let [length, property, empty, index] = [(); 4].map(|()| Arc::clone(stage));
    let count = |stage: &Stage, text: &str| match stage.marked(text) {
        Some(unknown) => Dynamic::from(unknown),
        None => i64::try_from(text.chars().count()).unwrap_or(i64::MAX).into(),
    };
    engine.register_fn("len", move |text: ImmutableString| count(&length, &text));
    engine.register_get("len", move |text: &mut ImmutableString| count(&property, text));
    engine.register_fn("is_empty", move |ctx: NativeCallContext, text: ImmutableString| {
        decide_texts(&ctx, &empty, &[&text])?;
        Called::<bool>::Ok(text.is_empty())
    });
    engine.register_fn("index_of", move |ctx: NativeCallContext, text: ImmutableString, part: ImmutableString| {
        decide_texts(&ctx, &index, &[&text, &part])?;
        let at = text.find(part.as_str()).map(|at| text[..at].chars().count());
        Called::<i64>::Ok(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
    });
    engine.register_iterator_result::<Unknown, Dynamic>();
    #[allow(deprecated, reason = "marked so by Rhai because it may change; the version is pinned")]
    engine.on_missing_function(|name, args, _, _| {
        // Called after every failing call, so it must name what it accepts.
        if !FLOWS.contains(&name) {
            return Ok(None);
        }
        let Some(unknown) = args.iter().find_map(|arg| unknown_of(arg)).or_else(|| args.first().and_then(|list| item_of(list)))
        else {
            return Ok(None);
        };
        if CHANGES.contains(&name) && args.first().is_some_and(|changed| !changed.is::<Unknown>()) {
            if args[0].is_read_only() {
                return Ok(None);
            }
            let changed = changed(name, args, &unknown);
            if let Some(mut place) = args[0].write_lock::<Dynamic>() {
                *place = changed;
            }
        }
        Ok(Some(Dynamic::from(unknown)))
    });
}

fn unknown_of(value: &Dynamic) -> Option<Unknown> {
    value.read_lock::<Unknown>().map(|unknown| unknown.clone())
}

fn item_of(value: &Dynamic) -> Option<Unknown> {
    value.read_lock::<Array>().and_then(|items| items.iter().find_map(unknown_of))
}

/// What a function that changes in place leaves there: a text into which the mark was put, or nothing that is known.
fn changed(name: &str, args: &[&mut Dynamic], unknown: &Unknown) -> Dynamic {
    match (name, args) {
        ("replace", [whole, part, with]) if whole.is_string() && !part.is::<Unknown>() => {
            match (text(whole), text(part).or_else(|| part.as_char().ok().map(String::from)), text(with)) {
                (Some(whole), Some(part), Some(with)) => whole.replace(&part, &with).into(),
                _ => Dynamic::from(unknown.clone()),
            }
        }
        _ => Dynamic::from(unknown.clone()),
    }
}

/// What `+` gives: text around an unknown stays visible, a sum is simply unknown.
fn joined(a: &Dynamic, b: &Dynamic) -> Unknown {
    let unknown = [a, b].into_iter().find_map(|value| value.read_lock::<Unknown>().map(|unknown| unknown.clone()));
    let Some(unknown) = unknown else {
        return Unknown { shown: String::new(), because: "a value".to_owned(), origin: Location::default() };
    };
    match (text(a), text(b)) {
        (Some(first), Some(second)) => Unknown { shown: [first, second].concat(), ..unknown },
        _ => unknown,
    }
}

fn decide(ctx: &NativeCallContext, stage: &Stage, unknown: &Unknown) -> Called<bool> {
    Err(stage.unknowable(unknown, place(ctx), ctx.fn_name()))
}

fn decide_texts(ctx: &NativeCallContext, stage: &Stage, texts: &[&str]) -> Called<()> {
    match texts.iter().find_map(|text| stage.marked(text)) {
        Some(unknown) => Err(stage.unknowable(&unknown, place(ctx), ctx.fn_name())),
        None => Ok(()),
    }
}
