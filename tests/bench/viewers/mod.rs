//! T20: a thousand people look at a run that goes on, and two hundred requests a second come beside that.
//!
//! The crowd has addresses of its own (`127.0.1.1` and on) and a session each, as people have: what limits an attacker must
//! not limit them. Everything is held against the journal: when a record was written, and when each of them heard of it.

mod asking;
mod crowd;
mod http;
mod page;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::options::Options;
use crate::output;
use crate::place::Place;
use crate::sample::Sample;
use crate::verdict::Table;
use page::Page;

/// A change of the run that somebody hears of after this is late, in milliseconds.
const LATE: f64 = 1_000.0;

pub(crate) fn measure(options: &Options, table: &mut Table) -> Result<(), String> {
    if !options.wants(&["T20"]) {
        return Ok(());
    }
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(crowded(options, table))
}

/// The run: it waits for `gate`, and then each of its steps takes a tenth of a second.
fn source(steps: usize) -> String {
    format!(
        "command(\"gate\", #{{ run: [\"sh\", \"-c\", \"read x < gate\"] }});\n\
         for n in 0..{steps} {{ command(`step ${{n}}`, #{{ run: [\"sleep\", \"0.1\"] }}); }}"
    )
}

async fn crowded(options: &Options, table: &mut Table) -> Result<(), String> {
    let viewers = options.sized(1_000, 40);
    let steps = options.sized(250, 10);
    let place = Place::with(&source(steps))?;
    place.runbook("plain", "command(\"x\", #{ run: [\"true\"] });")?;
    // A history of some days, and more than one runbook to choose from.
    for n in 0..options.sized(40, 3) {
        place.runbook(&format!("other-{n}"), "command(\"x\", #{ run: [\"true\"] });")?;
        crate::measured::run(place.ours(&["exec", "plain", "--unsealed", "costs"]), 0)?;
    }
    page::gate(&place.path("gate"))?;
    let page = Arc::new(Page::serve(&place)?);
    let owner = http::Visitor::program(&page, 0);
    let run = owner.start("main").await?;

    let (over, ended) = watch::channel(false);
    let crowd = crowd::gather(&page, &run, viewers, ended.clone()).await?;
    let before = page.used()?;
    let began = std::time::Instant::now();
    let asking = tokio::spawn(asking::ask(page.clone(), run.clone(), options.sized(200, 50), ended));
    std::fs::write(place.path("gate"), "x\n").map_err(|error| error.to_string())?;
    owner.until_over(&run).await?;
    let took = began.elapsed();
    let after = page.used()?;
    // Whoever has not heard of the end by now has time to: the last news is on its way.
    tokio::time::sleep(Duration::from_secs(2)).await;
    over.send(true).map_err(|error| error.to_string())?;
    let asked = asking.await.map_err(|error| error.to_string())?;
    let heard = crowd.told().await;

    let whole = owner.rows(&run).await?;
    let written = journal(&place, &run)?;
    let mut delays = Vec::new();
    let mut lost = 0;
    for viewer in &heard {
        delays.extend(viewer.delays(&written));
        lost += usize::from(viewer.rows != whole || viewer.records < written.len() as u64);
    }
    let late = delays.iter().filter(|delay| **delay > LATE).count();
    let percent = took.as_secs_f64() / 100.0;
    let fault = asked.failed.iter().map(|(why, count)| format!("{count} × {why}")).collect::<Vec<_>>().join(", ");
    if !fault.is_empty() {
        output::tell(&format!("T20: requests that failed: {fault}"));
    }
    let events: usize = heard.iter().map(|viewer| viewer.heard.len()).sum();
    output::tell(&format!(
        "T20: {} viewers, {events} events of {} records, {} requests in {took:.1?}",
        heard.len(),
        written.len(),
        asked.millis.len()
    ));
    table.counted("T20", "viewers who did not see every change", count(lost), "", 0.0, 0.0);
    table.counted("T20", "viewers who are not there at the end", count(viewers - heard.len()), "", 0.0, 0.0);
    table.counted("T20", "requests that failed", count(asked.failed.values().sum()), "", 0.0, 0.0);
    table.row(
        "T20",
        "news late by more than a second, of all",
        one(count(late) / count(delays.len().max(1)) * 100.0),
        "%",
        0.1,
        0.0,
    );
    for (percent, must, aim) in [(50, 400.0, 150.0), (95, 1_000.0, 400.0), (99, 1_500.0, 600.0)] {
        table.row(
            "T20",
            &format!("from the journal to a viewer, p{percent}"),
            one(percentile(&mut delays, percent)),
            "ms",
            must,
            aim,
        );
    }
    let mut millis = asked.millis;
    for (percent, must, aim) in [(50, 50.0, 10.0), (95, 200.0, 50.0), (99, 500.0, 100.0)] {
        table.row(
            "T20",
            &format!("an answer at 200 requests a second, p{percent}"),
            one(percentile(&mut millis, percent)),
            "ms",
            must,
            aim,
        );
    }
    for (path, mut millis) in asked.by_path {
        table.figure(&format!("p95 of `{path}`"), one(percentile(&mut millis, 95)), "ms");
    }
    table.row("T20", "memory of the server, with everybody there", one(after.mebibytes), "MiB", 256.0, 96.0);
    table.figure("memory of the server before the run began to move", one(before.mebibytes), "MiB");
    table.figure("processor time of the server, of one core", one((after.seconds - before.seconds) / percent), "%");
    Ok(())
}

/// When each record was written, in milliseconds since 1970.
fn journal(place: &Place, run: &str) -> Result<Vec<f64>, String> {
    let text =
        std::fs::read_to_string(place.path(&format!(".runbook/runs/{run}/journal.jsonl"))).map_err(|error| error.to_string())?;
    let moment = |line: &str| {
        let record: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).ok()?;
        let at: jiff::Timestamp = record.get("at")?.as_str()?.parse().ok()?;
        #[expect(clippy::cast_precision_loss, reason = "microseconds of this century fit")]
        Some(at.as_microsecond() as f64 / 1_000.0)
    };
    text.lines().map(|line| moment(line).ok_or_else(|| format!("no time in {line}"))).collect()
}

fn one(figure: f64) -> Sample {
    let mut sample = Sample::default();
    sample.add(figure);
    sample
}

#[expect(clippy::cast_precision_loss, reason = "some thousand")]
fn count(count: usize) -> f64 {
    count as f64
}

fn percentile(figures: &mut [f64], percent: usize) -> f64 {
    figures.sort_by(f64::total_cmp);
    let at = (figures.len() * percent).div_ceil(100).saturating_sub(1);
    figures.get(at).copied().unwrap_or(f64::NAN)
}
