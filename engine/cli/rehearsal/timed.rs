//! How long earlier runs took as a whole, and which of them say something about the next one.

use std::collections::{BTreeMap, BTreeSet};

use runbook_model::estimate::Estimate;
use runbook_model::parameter::Given;

/// More names than that are not read.
const MOST_NAMES: usize = 4;

type Params = BTreeMap<String, Given>;

/// A live run that completed.
#[derive(Debug)]
pub(super) struct Timed {
    /// What it got.
    pub(super) params: Params,
    /// What it took, in milliseconds.
    pub(super) millis: u64,
}

/// What all of them took.
pub(super) fn of_all(timed: &[Timed]) -> Option<Estimate> {
    Estimate::of(timed.iter().map(|timed| timed.millis).collect())
}

/// What a run with these parameters will likely take: by those that got the same ones, if there was any such; otherwise by
/// all of them, and what was different then.
pub(super) fn next(timed: &[Timed], params: &Params) -> (Option<Estimate>, Vec<String>) {
    let same: Vec<_> = timed.iter().filter(|timed| differing(&timed.params, params).is_empty()).collect();
    if !same.is_empty() {
        return (Estimate::of(same.into_iter().map(|timed| timed.millis).collect()), Vec::new());
    }
    let names: BTreeSet<_> = timed.iter().flat_map(|timed| differing(&timed.params, params)).collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    let mut words: Vec<_> = names.into_iter().take(MOST_NAMES).map(|name| then(timed, name)).collect();
    if more > 0 {
        words.push(format!("{more} more that differed"));
    }
    (of_all(timed), words)
}

/// The parameters that are not the same.
fn differing<'a>(then: &'a Params, now: &'a Params) -> BTreeSet<&'a str> {
    let names = then.keys().chain(now.keys());
    let value = |params: &'a Params, name: &str| params.get(name).map(|given| &given.value);
    names.filter(|name| value(then, name) != value(now, name)).map(String::as_str).collect()
}

/// What a parameter was then, where that is one and the same thing in all runs.
fn then(timed: &[Timed], name: &str) -> String {
    let mut values = timed.iter().map(|timed| timed.params.get(name).map(|given| &given.value));
    let first = values.next().flatten();
    match first {
        Some(value) if values.all(|other| other == Some(value)) => format!("`{name}` {value}"),
        Some(_) => format!("another `{name}`"),
        None => format!("no `{name}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_model::parameter::Origin;
    use serde_json::json;

    fn params(watch: &str, service: &str) -> Params {
        let given = |value: &str| Given { value: json!(value), origin: Origin::Typed };
        [("watch".to_owned(), given(watch)), ("service".to_owned(), given(service))].into()
    }

    #[test]
    fn runs_with_the_same_parameters_count_alone() {
        let timed =
            [Timed { params: params("2s", "api"), millis: 3_000 }, Timed { params: params("5m", "api"), millis: 300_000 }];
        let (estimate, differs) = next(&timed, &params("5m", "api"));
        assert_eq!((estimate.unwrap().median, estimate.unwrap().runs, differs), (300_000, 1, vec![]));
    }

    #[test]
    fn otherwise_what_was_different_is_named() {
        let timed = [Timed { params: params("2s", "api"), millis: 3_000 }, Timed { params: params("2s", "web"), millis: 4_000 }];
        let (estimate, differs) = next(&timed, &params("5m", "db"));
        assert_eq!(estimate.unwrap().runs, 2);
        assert_eq!(differs, ["another `service`", "`watch` \"2s\""]);
        assert_eq!(next(&[], &params("5m", "db")), (None, vec![]));
    }
}
