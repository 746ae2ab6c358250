//! What a script can do with the result of a program and the answer of a server.

use rhai::{Array, Dynamic, Map, NativeCallContext};
use runbook_model::answer::{ExitStatus, Exited, Response};
use runbook_model::excerpt::{Bytes, Excerpt};

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::language::shared_functions::SharedFunctions;
use crate::script::values::json;

/// How a program ended and what it printed, as a script sees it.
#[derive(Debug, Clone)]
pub(in crate::script) struct Output(pub(in crate::script) Exited);

/// What a server answered, as a script sees it.
#[derive(Debug, Clone)]
pub(in crate::script) struct Reaction(pub(in crate::script) Response);

/// Teaches all engines the properties of both.
pub(in crate::script) fn teach(shared: &mut SharedFunctions) {
    shared.named::<Output>("the result of a program");
    shared.property("stdout", |ctx: NativeCallContext, output: &mut Output| whole(&ctx, &output.0.stdout, "stdout"));
    shared.property("stderr", |ctx: NativeCallContext, output: &mut Output| whole(&ctx, &output.0.stderr, "stderr"));
    shared.property("head", |ctx: NativeCallContext, output: &mut Output| text(&ctx, &cut_end(&output.0.stdout), "head"));
    shared.property("tail", |ctx: NativeCallContext, output: &mut Output| text(&ctx, &cut_start(&output.0.stdout), "tail"));
    shared.property("lines", |ctx: NativeCallContext, output: &mut Output| {
        let text = whole(&ctx, &output.0.stdout, "lines")?;
        Called::<Array>::Ok(text.lines().map(|line| line.to_owned().into()).collect())
    });
    shared.property("code", |output: &mut Output| code(&output.0));
    shared.property("ok", |output: &mut Output| output.0.status.is_success());
    shared.property("duration", |output: &mut Output| i64::try_from(output.0.millis).unwrap_or(i64::MAX));
    shared.property("size", |output: &mut Output| i64::try_from(output.0.stdout.size).unwrap_or(i64::MAX));
    shared.function("json", |ctx: NativeCallContext, output: Output| {
        let text = whole(&ctx, &output.0.stdout, "json()")?;
        parsed(&ctx, &text)
    });
    shared.function("to_string", |output: Output| shown(&output.0));
    shared.function("to_debug", |output: Output| shown(&output.0));
    shared.named::<Reaction>("the answer of a server");
    shared.property("status", |answer: &mut Reaction| i64::from(answer.0.status));
    shared.property("body", |ctx: NativeCallContext, answer: &mut Reaction| whole_body(&ctx, &answer.0, "body"));
    shared.property("headers", |answer: &mut Reaction| {
        answer.0.headers.iter().map(|(name, value)| (name.as_str().into(), value.clone().into())).collect::<Map>()
    });
    shared.property("millis", |answer: &mut Reaction| i64::try_from(answer.0.millis).unwrap_or(i64::MAX));
    shared.function("json", |ctx: NativeCallContext, answer: Reaction| {
        let text = whole_body(&ctx, &answer.0, "json()")?;
        parsed(&ctx, &text)
    });
    shared.function("to_string", |answer: Reaction| format!("status {}", answer.0.status));
    shared.function("to_debug", |answer: Reaction| format!("status {}", answer.0.status));
}

/// The exit code; as shells have it, 128 + n for signal n.
fn code(exited: &Exited) -> i64 {
    match exited.status {
        ExitStatus::Code(code) => i64::from(code),
        ExitStatus::Signal(signal) => 128 + i64::from(signal),
    }
}

fn shown(exited: &Exited) -> String {
    match exited.stdout.head.as_str() {
        Some(text) if exited.stdout.tail.is_none() => trimmed(text).to_owned(),
        _ => format!("{} bytes of output", exited.stdout.size),
    }
}

/// Without the one line end that programs put behind their last line.
fn trimmed(text: &str) -> &str {
    text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text)
}

fn whole(ctx: &NativeCallContext, excerpt: &Excerpt, what: &str) -> Called<String> {
    if excerpt.tail.is_some() {
        let message =
            format!("`.{what}` needs the whole output, but of its {} bytes {} are not kept", excerpt.size, excerpt.dropped());
        return Complaint::new(ctx, Code::NotText, message).help("use `.head` or `.tail`, or let the program print less").raise();
    }
    text(ctx, &excerpt.head, what).map(|text| trimmed(&text).to_owned())
}

fn whole_body(ctx: &NativeCallContext, answer: &Response, what: &str) -> Called<String> {
    if answer.cut {
        let message = format!("`.{what}` needs the whole answer, and only its first {} bytes are kept", answer.body.0.len());
        return Complaint::new(ctx, Code::NotText, message)
            .help("ask for less, or let a program look: `exec::output([\"curl\", …])`")
            .raise();
    }
    text(ctx, &answer.body, what)
}

/// The first bytes, without a character that was cut in two.
fn cut_end(excerpt: &Excerpt) -> Bytes {
    let bytes = &excerpt.head.0;
    match std::str::from_utf8(bytes) {
        Err(error) if excerpt.tail.is_some() && error.error_len().is_none() => Bytes(bytes[..error.valid_up_to()].to_vec()),
        _ => excerpt.head.clone(),
    }
}

/// The last bytes, without a character that was cut in two.
fn cut_start(excerpt: &Excerpt) -> Bytes {
    let Some(tail) = &excerpt.tail else { return excerpt.head.clone() };
    let continued = tail.0.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count();
    Bytes(tail.0[continued..].to_vec())
}

fn text(ctx: &NativeCallContext, bytes: &Bytes, what: &str) -> Called<String> {
    match bytes.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Complaint::new(ctx, Code::NotText, format!("`.{what}` is not UTF-8 text")).raise(),
    }
}

fn parsed(ctx: &NativeCallContext, text: &str) -> Called<Dynamic> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(json::played(&value)),
        Err(error) => Complaint::new(ctx, Code::NotText, format!("this is not JSON: {error}")).raise(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_model::excerpt::KEPT;

    #[test]
    fn characters_cut_in_two_are_left_out() {
        let excerpt = Excerpt::of("aä€𝄞".repeat(KEPT / 4).as_bytes());
        assert!(cut_end(&excerpt).as_str().is_some_and(|text| text.starts_with("aä€")));
        assert!(cut_start(&excerpt).as_str().is_some_and(|text| text.ends_with("𝄞")));
        assert_eq!(trimmed("a\n\n"), "a\n");
        assert_eq!(trimmed("a\r\n"), "a");
    }
}
