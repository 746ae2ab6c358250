//! The operators of Rhai: the language server knows them only from a definition file.

/// Operators, and each pair of types that they take with what comes out.
type Computed = (&'static [&'static str], &'static [(&'static str, &'static str, &'static str)]);

/// Operators, and each pair of types that they take.
type Assigned = (&'static [&'static str], &'static [(&'static str, &'static str)]);

/// What is computed with two values.
const GIVES: &[Computed] = &[
    (
        &["+", "-", "*", "/", "%", "**"],
        &[("int", "int", "int"), ("float", "float", "float"), ("float", "int", "float"), ("int", "float", "float")],
    ),
    (&["&", "|", "^", "<<", ">>"], &[("int", "int", "int")]),
    (&["&", "|", "^"], &[("bool", "bool", "bool")]),
    (&["..", "..="], &[("int", "int", "Range<int>")]),
    (
        &["+"],
        &[
            ("String", "?", "String"),
            ("?", "String", "String"),
            ("char", "char", "String"),
            ("Array", "Array", "Array"),
            ("Map", "Map", "Map"),
            ("Blob", "Blob", "Blob"),
        ],
    ),
    (&["-"], &[("String", "String", "String"), ("String", "char", "String")]),
    // A comparison of types that are never equal is refused; whether something is there is asked with `()`.
    (
        &["==", "!=", "<", "<=", ">", ">="],
        &[
            ("int", "int", "bool"),
            ("float", "float", "bool"),
            ("float", "int", "bool"),
            ("int", "float", "bool"),
            ("bool", "bool", "bool"),
            ("char", "char", "bool"),
            ("String", "String", "bool"),
            ("String", "char", "bool"),
            ("char", "String", "bool"),
        ],
    ),
    (
        &["==", "!="],
        &[
            ("Array", "Array", "bool"),
            ("Map", "Map", "bool"),
            ("Blob", "Blob", "bool"),
            ("Range<int>", "Range<int>", "bool"),
            ("?", "()", "bool"),
            ("()", "?", "bool"),
        ],
    ),
    (
        &["in"],
        &[
            ("?", "Array", "bool"),
            ("String", "String", "bool"),
            ("char", "String", "bool"),
            ("String", "Map", "bool"),
            ("int", "Blob", "bool"),
            ("int", "Range<int>", "bool"),
        ],
    ),
];

/// What changes the value before it.
const CHANGES: &[Assigned] = &[
    (&["+=", "-=", "*=", "/=", "%=", "**="], &[("int", "int"), ("float", "float"), ("float", "int")]),
    (&["&=", "|=", "^=", "<<=", ">>="], &[("int", "int")]),
    (&["&=", "|="], &[("bool", "bool")]),
    (
        &["+="],
        &[
            ("String", "?"),
            ("Array", "Array"),
            ("Array", "?"),
            ("Map", "Map"),
            ("Blob", "Blob"),
            ("Blob", "int"),
            ("Blob", "char"),
            ("Blob", "String"),
        ],
    ),
    (&["-="], &[("String", "String"), ("String", "char")]),
];

/// What stands before one value.
const SIGNS: &[(&str, &str)] = &[("!", "bool"), ("+", "int"), ("+", "float"), ("-", "int"), ("-", "float")];

/// The definition file of them.
pub(super) fn text() -> String {
    let mut text = String::from("module static;\n\n");
    for (operators, types) in GIVES {
        for (a, b, gives) in *types {
            operators.iter().for_each(|operator| text.push_str(&format!("op {operator}({a}, {b}) -> {gives};\n")));
        }
    }
    for (operators, types) in CHANGES {
        for (a, b) in *types {
            operators.iter().for_each(|operator| text.push_str(&format!("op {operator}({a}, {b}) -> ();\n")));
        }
    }
    SIGNS.iter().for_each(|(sign, of)| text.push_str(&format!("op {sign}({of}) -> {of};\n")));
    text
}

#[cfg(test)]
mod tests {
    use rhai::Dynamic;

    use super::*;
    use crate::script::language::sandbox;

    /// A value of a type, as a script writes it, and what Rhai calls its type.
    fn sample(of: &str) -> (&'static str, &'static str) {
        match of {
            "int" => ("(2)", "i64"),
            "float" => ("(2.5)", "f64"),
            "bool" => ("true", "bool"),
            "char" => ("'a'", "char"),
            "String" => ("\"a\"", "string"),
            "Array" => ("[1]", "array"),
            "Map" => ("#{ a: 1 }", "map"),
            "Blob" => ("blob(1)", "blob"),
            "Range<int>" => ("(1..=3)", "range="),
            "()" => ("()", "()"),
            "?" => ("true", "bool"),
            _ => panic!("no sample of `{of}`"),
        }
    }

    #[test]
    fn rhai_computes_what_is_said() {
        let engine = sandbox::bare();
        let computed = |script: &str| engine.eval::<Dynamic>(script).unwrap_or_else(|error| panic!("{script}: {error}"));
        for (operators, types) in GIVES {
            for (a, b, gives) in *types {
                for operator in *operators {
                    let script = format!("type_of({} {operator} {})", sample(a).0, sample(b).0);
                    let found = computed(&script).into_string().unwrap_or_default();
                    assert_eq!(found.trim_end_matches('='), sample(gives).1.trim_end_matches('='), "{script}");
                }
            }
        }
        for (operators, types) in CHANGES {
            for (a, b) in *types {
                for operator in *operators {
                    let script = format!("let a = {}; a {operator} {};", sample(a).0, sample(b).0);
                    engine.run(&script).unwrap_or_else(|error| panic!("{script}: {error}"));
                }
            }
        }
        for (sign, of) in SIGNS {
            assert_eq!(computed(&format!("type_of({sign}{})", sample(of).0)).into_string().as_deref(), Ok(sample(of).1));
        }
    }
}
