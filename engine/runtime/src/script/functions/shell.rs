//! `sh("…", #{ … })`: a line for the shell whose values it receives as arguments.

use rhai::{Array, Dynamic, Engine, ImmutableString, Map, NativeCallContext};

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::functions::declaration::is_identifier;
use crate::script::functions::options::word;
use crate::script::functions::secret::Secret;
use crate::script::values::json;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("sh", |ctx: NativeCallContext, script: ImmutableString| sh(&ctx, &script, &Map::new()));
    engine.register_fn("sh", |ctx: NativeCallContext, script: ImmutableString, values: Map| sh(&ctx, &script, &values));
}

/// The argv of `/bin/sh` for a script. Values are positional arguments, which the shell never reads as code; the script
/// uses them by name, and must quote them as any variable: `"$name"`.
fn sh(ctx: &NativeCallContext, script: &str, values: &Map) -> Called<Array> {
    let mut assignments = String::new();
    let mut arguments = Vec::with_capacity(values.len());
    for (at, (name, value)) in values.iter().enumerate() {
        if !is_identifier(name) {
            return Complaint::new(ctx, Code::BadOption, format!("`{name}` is no name of a shell variable"))
                .help("use letters, digits and `_`, not beginning with a digit")
                .raise();
        }
        if value.is::<Secret>() {
            return Complaint::new(
                ctx,
                Code::SecretInArgument,
                format!("the value of `{name}` is a secret, and becomes an argument"),
            )
            .help("hand it over in `env` of the command, where the line has it as a variable of that name")
            .raise();
        }
        let Some(word) = word(value) else {
            let found = value.flatten_clone();
            return Complaint::new(ctx, Code::BadOption, format!("the value of `{name}` is {}, not a word", json::named(&found)))
                .raise();
        };
        assignments.push_str(&format!("{name}=\"${{{}}}\"; ", at + 1));
        arguments.push(word);
    }
    let script = format!("{assignments}{script}");
    let words = ["/bin/sh".to_owned(), "-c".to_owned(), script, "sh".to_owned()].into_iter().chain(arguments);
    Ok(words.map(Dynamic::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn argv(script: &str, value: &str) -> Vec<String> {
        let mut engine = crate::script::language::sandbox::bare();
        register(&mut engine);
        let mut scope = rhai::Scope::new();
        scope.push("script", script.to_owned()).push("value", value.to_owned());
        let words: Array = engine.eval_with_scope(&mut scope, "sh(script, #{ who: value, x: 1 })").expect("an argv");
        words.into_iter().map(|word| word.to_string()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn no_value_is_read_as_code(value in "[^\0]{0,24}") {
            let argv = argv("printf %s \"$who\"", &value);
            let output = std::process::Command::new(&argv[0]).args(&argv[1..]).output().expect("a shell");
            prop_assert!(output.status.success());
            prop_assert_eq!(output.stdout, value.into_bytes());
        }
    }

    #[test]
    fn values_are_arguments() {
        assert_eq!(
            argv("echo \"$who\"", "$(id)"),
            ["/bin/sh", "-c", "who=\"${1}\"; x=\"${2}\"; echo \"$who\"", "sh", "$(id)", "1"]
        );
    }
}
