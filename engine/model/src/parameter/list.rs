//! Lists of texts: several hosts, several instances of one alert.

use std::collections::BTreeSet;

use serde_json::Value;

/// So many items a list may have when its parameter does not say how many.
pub const MOST: usize = 100;
/// The longest text of a list, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// The items of a text: between commas, or a JSON list of texts when it begins with `[`. Spaces around an item do not count, and an
/// empty text has none.
///
/// # Errors
/// Says what is wanted instead.
pub(super) fn items(text: &str) -> Result<Vec<String>, String> {
    if text.len() > LONGEST {
        return Err(format!("at most {LONGEST} bytes are wanted, this has {}", text.len()));
    }
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|_| "a list of texts is wanted: `a, b`, or `[\"a\", \"b\"]`".to_owned());
    }
    Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

/// A list as one would type it.
#[must_use]
pub fn text(items: &[String]) -> String {
    let plain = |item: &String| !item.is_empty() && item.trim() == item && !item.contains(',') && !item.starts_with('[');
    if items.iter().all(plain) { items.join(",") } else { Value::from(items).to_string() }
}

/// The items of a value, if it is a list of texts in which none stands twice.
///
/// # Errors
/// Says what is wanted instead.
pub(super) fn of(value: &Value) -> Result<Vec<&str>, String> {
    let items = value.as_array().and_then(|items| items.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    let items = items.ok_or_else(|| "a list of texts is wanted".to_owned())?;
    let mut seen = BTreeSet::new();
    match items.iter().find(|item| !seen.insert(**item)) {
        Some(twice) => Err(format!("each item is wanted once; this has `{}` twice", super::shown(twice))),
        None => Ok(items),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the items are, what is written of them is read as them.
        #[test]
        fn what_is_written_is_read(given in proptest::collection::vec("[ a,\\[\\]\"\\\\]{0,4}", 0..5)) {
            prop_assert_eq!(items(&text(&given)).unwrap(), given);
        }
    }

    #[test]
    fn items_stand_between_commas_or_in_a_json_list() {
        assert_eq!(items(" a, b ,,c").unwrap(), ["a", "b", "c"]);
        assert_eq!(items("[\"a,b\"]").unwrap(), ["a,b"]);
        assert_eq!(items("").unwrap(), Vec::<String>::new());
        assert!(items("[1]").is_err() && items("[\"a\"").is_err() && items(&"a,".repeat(LONGEST)).is_err());
        assert!(of(&serde_json::json!(["a", "b", "a"])).unwrap_err().contains("`a` twice"));
        assert!(of(&serde_json::json!(["a", 1])).is_err() && of(&serde_json::json!("a")).is_err());
    }
}
