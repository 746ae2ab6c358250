//! Comparing values of different types is an error: `5 == "5"` would be false for ever, and nobody would know.

use rhai::{Array, ImmutableString, Map, NativeCallContext};

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::language::shared_functions::SharedFunctions;

macro_rules! unlike {
    ($shared:ident: $($a:ty, $b:ty => $words:literal;)*) => {$(
        for operator in ["==", "!=", "<", "<=", ">", ">="] {
            $shared.function(operator, |ctx: NativeCallContext, _: $a, _: $b| refuse(&ctx, $words));
            $shared.function(operator, |ctx: NativeCallContext, _: $b, _: $a| refuse(&ctx, $words));
        }
    )*};
}

/// Overrides the comparisons of Rhai between types that are never equal. Comparing with `()` stays possible: that is
/// how a script asks whether something is there.
pub(in crate::script) fn teach(shared: &mut SharedFunctions) {
    unlike! { shared:
        i64, ImmutableString => "a number with a text";
        f64, ImmutableString => "a number with a text";
        bool, ImmutableString => "true or false with a text";
        bool, i64 => "true or false with a number";
        bool, f64 => "true or false with a number";
        Array, ImmutableString => "a list with a text";
        Array, i64 => "a list with a number";
        Map, ImmutableString => "a map with a text";
        Map, i64 => "a map with a number";
        Map, Array => "a map with a list";
    }
}

fn refuse(ctx: &NativeCallContext, what: &str) -> Called<bool> {
    Complaint::new(ctx, Code::UnlikeTypes, format!("`{}` compares {what}", ctx.fn_name()))
        .help("convert one side: `.to_string()` makes a text, `parse_int(…)` and `parse_float(…)` a number")
        .raise()
}
