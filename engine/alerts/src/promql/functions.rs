//! What is known of functions: those of Prometheus and of Loki, by what they do to labels.

/// Aggregations that make one element of many.
pub(super) const AGGREGATIONS: [&str; 10] =
    ["sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values", "quantile"];
/// Aggregations that choose among elements, and leave each as it is.
pub(super) const CHOICES: [&str; 4] = ["topk", "bottomk", "limitk", "limit_ratio"];

/// Functions of one number.
pub(super) const SCALARS: [&str; 3] = ["scalar", "time", "pi"];
/// Of the time when nothing is given to them: one element without labels.
pub(super) const OF_TIME: [&str; 9] =
    ["minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year", "timestamp"];

/// Functions whose result has the labels of their vector, but for the name of the metric.
const KEEPING: &[&str] = &[
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "ceil",
    "changes",
    "clamp",
    "clamp_max",
    "clamp_min",
    "cos",
    "cosh",
    "deg",
    "delta",
    "deriv",
    "exp",
    "floor",
    "histogram_avg",
    "histogram_count",
    "histogram_fraction",
    "histogram_stddev",
    "histogram_stdvar",
    "histogram_sum",
    "holt_winters",
    "double_exponential_smoothing",
    "idelta",
    "increase",
    "irate",
    "ln",
    "log10",
    "log2",
    "predict_linear",
    "rad",
    "rate",
    "resets",
    "round",
    "sgn",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "sort_by_label",
    "sort_by_label_desc",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "quantile_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "last_over_time",
    "first_over_time",
    "present_over_time",
    "mad_over_time",
    "ts_of_min_over_time",
    "ts_of_max_over_time",
    "ts_of_last_over_time",
    "ts_of_first_over_time",
    "bytes_over_time",
    "bytes_rate",
    "rate_counter",
    "sort",
    "sort_desc",
];

/// Whether the result has the labels of the vector that is given to it.
pub(super) fn keeps_labels(function: &str) -> bool {
    KEEPING.contains(&function) || OF_TIME.contains(&function)
}
