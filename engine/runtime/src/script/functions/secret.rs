//! `secret("db/password")`: a value that goes into a few options, and into nothing else.
//!
//! The script never has the value, only the name; so there is nothing that could leak. It is refused as text all the same, or a
//! program would get the mark instead of the password.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, ImmutableString, Map, NativeCallContext};
use runbook_model::secret::{LONGEST_NAME, is_name};

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint, place};
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::diagnosis::span;
use crate::script::performing::stage::{Stage, Stop};
use crate::script::values::json;
use crate::script::values::unknown::marks_in;

/// The name of the type in messages of Rhai.
const TYPE: &str = "secret";

/// Where a secret may go.
pub(in crate::script) const WAY_OUT: &str = "a secret goes into `env`, `env_files` or `stdin` of a program, `headers`, `json` or `body` of a \
                                  request, or `content` of a file; together with text as a list: `[\"Bearer \", secret(\"…\")]`";

/// A secret by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::script) struct Secret {
    pub(in crate::script) name: String,
}

/// Whether there is a secret anywhere in this value.
pub(in crate::script) fn inside(value: &Dynamic) -> bool {
    if value.is_shared() {
        return inside(&value.flatten_clone());
    }
    if let Some(items) = value.read_lock::<Array>() {
        return items.iter().any(inside);
    }
    if let Some(items) = value.read_lock::<Map>() {
        return items.values().any(inside);
    }
    value.is::<Secret>()
}

/// Why this is no name of a secret.
pub(in crate::script) fn misnamed(name: &str) -> Option<String> {
    (!is_name(name)).then(|| format!("`{}` is no name of a secret", name.escape_debug()))
}

/// What a name of a secret looks like.
pub(in crate::script) fn name_help() -> String {
    format!("letters, digits, `-`, `_` and `.`, with `/` between parts, as in `db/password`; at most {LONGEST_NAME}")
}

pub(in crate::script) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    engine.register_type_with_name::<Secret>(TYPE);
    let own = Arc::clone(stage);
    engine.register_fn("secret", move |ctx: NativeCallContext, name: Dynamic| match own.unknown_in(&name) {
        Some(unknown) => Err(own.unknowable(&unknown, place(&ctx), "secret")),
        None => named(&ctx, &name),
    });
    // Rhai swallows the error of a `to_string` that it calls by itself, in an interpolated text or a list: so the script is
    // stopped, and nothing happens behind this point.
    for name in ["to_string", "to_debug"] {
        let stage = Arc::clone(stage);
        engine.register_fn(name, move |ctx: NativeCallContext, secret: &mut Secret| -> Called<ImmutableString> {
            let location = place(&ctx);
            let diagnostic = Diagnostic::error(Code::SecretAsText, as_text(&secret.name))
                .at(span::at(&stage.script.sources, &location))
                .help(WAY_OUT);
            Err(stage.halt(Stop::Refused(Box::new(diagnostic))))
        });
    }
    for operator in ["+", "+=", "==", "!=", "<", "<=", ">", ">=", "contains", "starts_with", "ends_with"] {
        engine.register_fn(operator, |ctx: NativeCallContext, a: Secret, _: Dynamic| refused(&ctx, &a));
        engine.register_fn(operator, |ctx: NativeCallContext, _: Dynamic, b: Secret| refused(&ctx, &b));
        engine.register_fn(operator, |ctx: NativeCallContext, _: ImmutableString, b: Secret| refused(&ctx, &b));
        engine.register_fn(operator, |ctx: NativeCallContext, a: Secret, _: ImmutableString| refused(&ctx, &a));
        engine.register_fn(operator, |ctx: NativeCallContext, a: Secret, _: Secret| refused(&ctx, &a));
    }
    engine.register_fn("to_json", |ctx: NativeCallContext, map: &mut Map| -> Called<String> {
        if map.values().any(inside) {
            return Complaint::new(&ctx, Code::SecretAsText, "a secret stands in a value that becomes text")
                .help(WAY_OUT)
                .raise();
        }
        Ok(rhai::format_map_as_json(&marks_in(map)))
    });
}

fn named(ctx: &NativeCallContext, name: &Dynamic) -> Called<Dynamic> {
    let Some(text) = name.read_lock::<ImmutableString>().map(|name| name.to_string()) else {
        let found = json::named(&name.flatten_clone()).to_owned();
        return Complaint::new(ctx, Code::BadOption, format!("`secret` wants the name of a secret, this is {found}")).raise();
    };
    match misnamed(&text) {
        Some(message) => Complaint::new(ctx, Code::BadOption, message).help(name_help()).raise(),
        None => Ok(Dynamic::from(Secret { name: text })),
    }
}

fn refused(ctx: &NativeCallContext, secret: &Secret) -> Called<Dynamic> {
    let what = match ctx.fn_name() {
        "+" | "+=" => as_text(&secret.name),
        other => format!("the secret `{}` cannot be compared (`{other}`)", secret.name),
    };
    Complaint::new(ctx, Code::SecretAsText, what).help(WAY_OUT).raise()
}

fn as_text(name: &str) -> String {
    format!("the secret `{name}` cannot become text")
}
