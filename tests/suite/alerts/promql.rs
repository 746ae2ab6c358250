//! What is said of labels, held against Prometheus itself: `promtool` evaluates expressions that nobody would write, and no element
//! of a result may have a label that is called lost.

use std::fmt::Write as _;
use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use runbook_alerts::promql::read;

use crate::support::Place;

const LABELS: [&str; 4] = ["a", "b", "c", "le"];
const EXPRESSIONS: usize = 3_000;

fn names() -> impl Strategy<Value = String> {
    proptest::sample::subsequence(LABELS.to_vec(), 0..=3).prop_map(|names| names.join(", "))
}

fn selector() -> impl Strategy<Value = String> {
    let matcher = prop_oneof![
        Just(String::new()),
        ("[abc]", prop_oneof!["=", "!=", "=~", "!~"], "[12]?")
            .prop_map(|(label, sign, value)| format!("{{{label}{sign}\"{value}\"}}")),
        ("[abc]", "[12]", "[abc]").prop_map(|(one, value, other)| format!("{{{one}=\"{value}\", {other}=~\".*\"}}")),
    ];
    // A selector that could give everything is refused: there is always a name.
    ("[xy]", matcher, prop_oneof![4 => Just(""), 1 => Just(" offset 1m")])
        .prop_map(|(name, matcher, offset)| format!("{name}{matcher}{offset}"))
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => selector(),
        1 => Just("vector(1)".to_owned()),
        1 => selector().prop_map(|selector| format!("absent({selector})")),
        1 => selector().prop_filter("an offset stands behind the range", |it| !it.contains("offset"))
            .prop_map(|selector| format!("absent_over_time({selector}[1m])")),
        1 => selector().prop_filter("an offset stands behind the range", |it| !it.contains("offset"))
            .prop_map(|selector| format!("max_over_time({selector}[5m])")),
        1 => Just("day_of_week()".to_owned()),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        let side = inner.clone().prop_map(|inner| format!("({inner})"));
        let aggregation = (
            prop_oneof!["sum", "MAX", "count", "group", "topk", "quantile", "count_values"],
            prop_oneof![Just(String::new()), names().prop_map(|names| format!("by ({names})")), names().prop_map(|names| format!("without ({names})"))],
            inner.clone(),
            any::<bool>(),
        )
            .prop_map(|(operator, grouping, inner, first)| {
                let parameter = match operator.as_str() {
                    "topk" => "2, ",
                    "quantile" => "0.5, ",
                    "count_values" => "\"c\", ",
                    _ => "",
                };
                if first { format!("{operator} {grouping} ({parameter}{inner})") } else { format!("{operator}({parameter}{inner}) {grouping}") }
            });
        let matching = prop_oneof![
            3 => Just(String::new()),
            2 => names().prop_map(|names| format!("on ({names})")),
            2 => names().prop_map(|names| format!("ignoring ({names})")),
            4 => (prop_oneof!["on", "ignoring"], names(), prop_oneof!["group_left", "group_right"], names())
                .prop_map(|(by, names, group, included)| format!("{by} ({names}) {group} ({included})")),
        ];
        let binary = (side.clone(), prop_oneof![r"\+", r"\*", ">", "== bool", r"\^"], matching, side.clone())
            .prop_map(|(left, operator, matching, right)| format!("{left} {operator} {matching} {right}"));
        let set = (side.clone(), prop_oneof!["and", "or", "unless"], names(), prop_oneof!["on", "ignoring"], side.clone())
            .prop_map(|(left, operator, names, by, right)| format!("{left} {operator} {by} ({names}) {right}"));
        prop_oneof![
            4 => aggregation,
            4 => binary,
            2 => set,
            1 => side.clone().prop_map(|inner| format!("-{inner}")),
            1 => side.clone().prop_map(|inner| format!("1 - {inner}")),
            1 => side.clone().prop_map(|inner| format!("{inner} > scalar(x)")),
            1 => inner.clone().prop_map(|inner| format!("absent({inner})")),
            1 => inner.clone().prop_map(|inner| format!("round({inner})")),
            1 => inner.clone().prop_map(|inner| format!("histogram_quantile(0.5, {inner})")),
            1 => side.prop_map(|inner| format!("last_over_time({inner}[3m:1m])")),
            1 => (inner.clone(), "[abc]", prop_oneof![Just(""), Just("$1"), Just("k")], "[abc]")
                .prop_map(|(inner, to, with, from)| format!("label_replace({inner}, \"{to}\", \"{with}\", \"{from}\", \"(.*)\")")),
            1 => (inner, "[abc]", "[abc]", "[abc]")
                .prop_map(|(inner, to, one, other)| format!("label_join({inner}, \"{to}\", \"-\", \"{one}\", \"{other}\")")),
        ]
    })
}

#[test]
fn no_label_that_is_called_lost_is_in_a_result_of_prometheus() {
    let mut runner = TestRunner::deterministic();
    let expressions: Vec<String> =
        (0..EXPRESSIONS).map(|_| expression().new_tree(&mut runner).expect("an expression").current()).collect();
    let mut file = "rule_files: []\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n".to_owned();
    for (metric, labels) in [
        ("x", "a=\"1\""),
        ("x", "a=\"2\",b=\"1\""),
        ("x", "a=\"1\",b=\"2\",c=\"1\""),
        ("x", "b=\"2\",c=\"2\",le=\"+Inf\""),
        ("x", "b=\"2\",c=\"2\",le=\"1\""),
        ("y", ""),
        ("y", "a=\"1\""),
        ("y", "a=\"1\",b=\"2\",c=\"1\""),
        ("y", "a=\"2\",b=\"2\",c=\"2\",le=\"1\""),
    ] {
        writeln!(file, "  - {{series: '{metric}{{{labels}}}', values: '1 2 3'}}").unwrap();
    }
    file.push_str("  promql_expr_test:\n");
    for expression in &expressions {
        writeln!(file, "  - {{expr: {}, eval_time: 2m, exp_samples: []}}", serde_json::Value::from(expression.as_str())).unwrap();
    }
    let place = Place::new();
    let ran = Command::new("promtool").args(["test", "rules"]).arg(place.write("test.yml", &file)).output().expect("promtool");
    let told = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();

    let (mut elements, mut caught) = (0, 0);
    for case in told.split("    expr: ").skip(1) {
        let (quoted, rest) = case.split_once(", time: ").expect("an expression");
        let text: String = serde_json::from_str(quoted).expect("a text in quotes");
        if rest.contains("parse error") {
            assert!(rest.contains("must not occur in ON and GROUP clause"), "the generator writes PromQL: {text}\n{rest}");
            continue;
        }
        let expression = read(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let Some((_, got)) = rest.split_once("got: ") else { continue };
        for label in LABELS {
            let there = got
                .split(['{', '}'])
                .skip(1)
                .step_by(2)
                .any(|labels| labels.split(", ").any(|it| it.starts_with(&format!("{label}="))));
            match expression.lost(label) {
                Some(why) => {
                    assert!(!there, "{text}: `{label}` is there, although {why}\n{got}");
                    caught += 1;
                }
                None => elements += usize::from(there),
            }
        }
    }
    // Or the test would say nothing.
    assert!(elements > 500 && caught > 2_000, "{elements} {caught}");
}
