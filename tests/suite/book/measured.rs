//! How long the phases of a shipped runbook took when it was performed on real components, beside what they promise.
//!
//! The tests of the procedures keep the times when they are asked to (`BLESS=1 cargo test --test procedures exercises`). Nothing fails when they change: a test that
//! measures time is a test of the machine.

use std::fs;
use std::time::Duration;

use runbook_model::length::Length;
use serde_json::Value;

use super::page::repository;

/// The section of a runbook's page; empty where nothing was measured.
pub(super) fn section(runbook: &str) -> String {
    let Ok(text) = fs::read_to_string(repository().join(format!("docs/measured/{runbook}.json"))) else { return String::new() };
    let record: Value = serde_json::from_str(&text).expect("the measured times are JSON");
    let runs = record["runs"].as_array().expect("runs");
    let newest = runs.last().expect("a run");
    let mut rows = row("the whole", runs.iter().map(|run| &run["whole"]).collect());
    for phase in newest["phases"].as_array().expect("phases") {
        let name = phase["name"].as_str().expect("a name");
        let all = runs.iter().flat_map(|run| run["phases"].as_array().into_iter().flatten()).filter(|one| one["name"] == name);
        rows += &row(&format!("`{}`", name.replace("%25", "%")), all.collect());
    }
    format!(
        "## Measured\n\nPerformed by the tests on the real components, with their small data and short waits, and every question answered at once: what is left of a budget is for \
         people and for data of your size. The median of {}, on {}.\n\n| | budget | measured | share |\n|---|---|---|---|\n{rows}\n",
        if runs.len() == 1 { "one run".to_owned() } else { format!("{} runs", runs.len()) },
        record["machine"].as_str().expect("a machine"),
    )
}

fn row(name: &str, times: Vec<&Value>) -> String {
    let mut millis: Vec<_> = times.iter().filter_map(|time| time["millis"].as_u64()).collect();
    millis.sort_unstable();
    let median = millis[millis.len() / 2];
    let budget = times.last().and_then(|time| time["budget"].as_str());
    let share = budget.map(|budget| {
        let budget = Duration::from(budget.parse::<Length>().expect("a length of time"));
        share(median, u64::try_from(budget.as_millis()).unwrap_or(u64::MAX))
    });
    format!("| {name} | {} | {} | {} |\n", budget.unwrap_or(""), seconds(median), share.unwrap_or_default())
}

/// Two digits say all that there is to say.
fn seconds(millis: u64) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => format!("{} s", millis / 1000),
    }
}

/// A bar of ten, and the share in percent.
fn share(millis: u64, budget: u64) -> String {
    let tenths = millis.saturating_mul(10).div_ceil(budget.max(1)).min(10);
    let filled = usize::try_from(tenths).unwrap_or(10);
    let permille = millis.saturating_mul(1000) / budget.max(1);
    let percent = if permille == 0 { "< 0.1 %".to_owned() } else { format!("{}.{} %", permille / 10, permille % 10) };
    format!("`{}{}` {percent}", "█".repeat(filled), "░".repeat(10 - filled))
}

#[test]
fn a_budget_is_drawn_as_a_bar() {
    assert_eq!(share(1, 600_000), "`█░░░░░░░░░` < 0.1 %");
    assert_eq!(share(30_000, 60_000), "`█████░░░░░` 50.0 %");
    assert_eq!(share(90_000, 60_000), "`██████████` 150.0 %");
    assert_eq!([999, 1_250, 61_000].map(seconds), ["999 ms", "1.2 s", "61 s"]);
}
