//! Values as a Rhai script writes them.

use runbook_model::Value;

/// The value as a literal; what Rhai has no literal for (a number beyond 64 bits) as the nearest float.
pub(crate) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "()".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => number.to_string(),
            (None, Some(number)) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.1}"),
            (None, Some(number)) => number.to_string(),
            (None, None) => "0".to_owned(),
        },
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(items) if items.is_empty() => "#{}".to_owned(),
        Value::Object(items) => {
            let items: Vec<_> = items.iter().map(|(key, item)| format!("{}: {}", quoted(key), literal(item))).collect();
            format!("#{{ {} }}", items.join(", "))
        }
    }
}

/// A text in quotes, without a byte that could end it or hide in it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c) => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
