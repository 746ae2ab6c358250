use proptest::prelude::*;

use super::read;

/// Which of `a b c le` are lost.
fn lost(expression: &str) -> String {
    let read = read(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    ["a", "b", "c", "le"].into_iter().filter(|label| read.lost(label).is_some()).collect::<Vec<_>>().join(" ")
}

#[test]
fn labels_are_followed_through_everything_that_keeps_or_takes_them() {
    for (expression, gone) in [
        ("up", ""),
        ("up{a=\"\"}", "a"),
        ("{__name__=~\"x.+\", b!=\"\"} offset 5m @ end() > 1e-3", ""),
        // Aggregations.
        ("sum(x)", "a b c le"),
        ("SUM BY (a, b) (rate(x[5m])) > 1", "c le"),
        ("sum(x) by (a)", "b c le"),
        ("count without (a, le) (x)", "a le"),
        ("sum by (a) (sum by (a, b) (x))", "b c le"),
        ("sum by (a, b) (sum by (b) (x))", "a c le"),
        ("topk by (a) (3, x)", ""),
        ("topk(3, sum by (a) (x))", "b c le"),
        ("quantile by (a) (0.9, x)", "b c le"),
        ("count_values by (a) (\"b\", x)", "c le"),
        ("histogram_quantile(0.99, sum by (le, a) (rate(x_bucket[5m])))", "b c le"),
        // Functions.
        ("absent(x{a=\"1\", b=~\"2\"})", "b c le"),
        ("absent(x{a=\"1\", a!=\"2\"})", "a b c le"),
        ("absent(x{a=~\"1\", a=\"2\"})", "b c le"),
        ("absent_over_time(x{a=\"1\"}[5m])", "b c le"),
        ("absent(sum by (a) (x))", "a b c le"),
        ("vector(1)", "a b c le"),
        ("vector(scalar(x))", "a b c le"),
        ("time() > 5", "a b c le"),
        ("hour() > 5", "a b c le"),
        ("hour(x) > 5", ""),
        ("predict_linear(x[1h], 4 * 3600) < 0", ""),
        ("quantile_over_time(0.5, sum by (a) (x)[1h:5m])", "b c le"),
        ("label_replace(sum(x), \"a\", \"$1\", \"b\", \"(.*)\")", "b c le"),
        ("label_replace(sum(x), \"a\", \"\", \"b\", \"(.*)\")", "a b c le"),
        ("label_join(sum by (b) (x), \"a\", \"-\", \"b\", \"c\")", "c le"),
        ("clamp_min(sum by (a) (x), 1)", "b c le"),
        ("a_function_of_tomorrow(sum(x))", ""),
        // Operators.
        ("-sum by (a) (x) ^ 2", "b c le"),
        ("1 - sum by (a) (x)", "b c le"),
        ("1 - 2 > bool 3", "a b c le"),
        ("sum by (a) (x) / sum by (a) (y)", "b c le"),
        ("sum by (a) (x) / on (a, b) y", "b c le"),
        ("x > on (a) y", "b c le"),
        ("x / ignoring (b) y", "b"),
        ("x / ignoring (b) sum without (b) (y)", "b"),
        ("x * on (a) group_left (b) y", ""),
        ("sum by (a) (x) * on (a) group_left (b, c) y", "le"),
        ("x * on (a) group_left (b) sum by (a) (y)", "b"),
        ("x * on (a, c) group_left () sum by (a) (y)", "c"),
        ("sum by (a) (x) * on (a) group_right (b) y", "b"),
        ("sum by (a) (x) * on (a) group_right (c) y", "c"),
        ("sum by (a) (x) and on (b) y", "b c le"),
        ("sum by (a) (x) unless y", "b c le"),
        ("sum by (a) (x) or sum by (b) (y)", "c le"),
        ("sum by (a) (x) or a_function_of_tomorrow(y)", ""),
        ("sum by (a) (x) > a_function_of_tomorrow(y)", ""),
        ("sum(x) > 1 and on () sum(y) or vector(0)", "a b c le"),
        // What stands in texts and comments is nothing.
        ("sum by (a) (x{t=\"by (b)\", u='\\'', v=`\\`}) # by (c)\n > 1", "b c le"),
        ("sum:x:rate5m{a=\"b\"} > :y:z", ""),
        ("count == 1", ""),
        ("sum by (\"a\") ({\"http.requests\", \"odd.name\"=\"x\"})", "b c le"),
        // Loki.
        ("sum by (a) (rate({app=\"x\"} |= \"error\" != `y` | json | b=\"c\" [5m])) > 1", "b c le"),
        ("quantile_over_time(0.9, {app=\"x\"} | unwrap t [5m]) by (a)", "b c le"),
        ("count_over_time({app=\"x\"} [5m])", ""),
        ("up{a=\"b\"} != 1", ""),
    ] {
        assert_eq!(lost(expression), gone, "{expression}");
    }
}

#[test]
fn what_is_not_understood_has_no_answer() {
    for text in [
        "",
        "sum(",
        "sum)",
        "x{",
        "x{a}b",
        "x[5m",
        "1 +",
        "x y",
        "sum by a (x)",
        "x offset",
        "x @",
        "\"",
        "$x",
        "x * group_left y",
        "{{ .x }}",
        "x{a=\"b\" or a=\"c\"}",
        "x keep_metric_names",
        "x default 0",
        "rate({app=\"x\"} |= \"y\")",
        "é",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn depth_and_length_are_bounded() {
    for deep in [
        "(".repeat(100_000),
        format!("{}x{}", "(".repeat(10_000), ")".repeat(10_000)),
        "-".repeat(100_000),
        format!("x{}", " or x".repeat(50_000)),
        format!("x{}", " ^ x".repeat(50_000)),
        format!("{}x", "sum(".repeat(10_000)),
        format!("x{}", "[5m:1m]".repeat(10_000)),
        "x".repeat(1 << 20),
    ] {
        assert!(read(&deep).is_err(), "{}", deep.len());
    }
    assert!(read(&format!("sum(x){}", " or sum(x)".repeat(150))).unwrap().lost("a").is_some());
    assert!(read(&format!("{}sum(x){}", "(".repeat(150), ")".repeat(150))).unwrap().lost("a").is_some());
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "(sum|by|without|on|group_left|absent|offset|[() a\"'`\\\\#\n{}\\[\\]=!,:@^-]|5m|é){0,30}") {
        if let Ok(expression) = read(&text) {
            drop(expression.lost("a"));
        }
    }
}
