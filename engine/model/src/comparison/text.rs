//! A value as lines that a person can compare.

use serde_json::Value;

/// JSON, a member a line. A list of plain values stands in one line, as one would type it: a program with its arguments is
/// read as a whole.
pub(super) fn lines(value: &Value) -> String {
    let mut text = String::new();
    write(value, "", &mut text);
    text
}

fn write(value: &Value, indent: &str, text: &mut String) {
    let inner = format!("{indent}  ");
    match value {
        Value::Object(members) if !members.is_empty() => {
            let members = members.iter().map(|(name, value)| (format!("{}: ", Value::from(name.as_str())), value));
            list(members.collect(), ['{', '}'], (indent, &inner), text);
        }
        Value::Array(items) if items.iter().any(|item| item.is_array() || item.is_object()) => {
            list(items.iter().map(|item| (String::new(), item)).collect(), ['[', ']'], (indent, &inner), text);
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(Value::to_string).collect();
            text.push_str(&format!("[{}]", items.join(", ")));
        }
        other => text.push_str(&other.to_string()),
    }
}

fn list(items: Vec<(String, &Value)>, [open, close]: [char; 2], (indent, inner): (&str, &str), text: &mut String) {
    text.push(open);
    let last = items.len() - 1;
    for (at, (name, value)) in items.into_iter().enumerate() {
        text.push_str(&format!("\n{inner}{name}"));
        write(value, inner, text);
        if at < last {
            text.push(',');
        }
    }
    text.push_str(&format!("\n{indent}{close}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_program_with_its_arguments_stands_in_one_line() {
        let value = json!({ "argv": ["ln", "-s", "a \"b\""], "env": {}, "more": [{ "a": 1 }, []] });
        let wanted = "{\n  \"argv\": [\"ln\", \"-s\", \"a \\\"b\\\"\"],\n  \"env\": {},\n  \"more\": [\n    {\n      \"a\": 1\n    },\n    []\n  ]\n}";
        assert_eq!(lines(&value), wanted);
    }

    proptest! {
        #[test]
        fn it_is_still_the_same_value(texts in prop::collection::vec(".{0,6}", 0..4), number: i64, deep in 0usize..4) {
            let mut value = json!({ "texts": texts, "number": number, "none": null });
            for _ in 0..deep {
                value = json!([value, { "x": value }]);
            }
            let read: Value = serde_json::from_str(&lines(&value)).expect("JSON");
            prop_assert_eq!(read, value);
        }
    }
}
