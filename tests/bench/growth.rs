//! T17: whether a run is sealed as fast when many were sealed before it.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use jiff::Timestamp;
use runbook_runtime::audit::{Archive, Founding};

use crate::invented;
use crate::options::Options;
use crate::output::tell;
use crate::place::Place;
use crate::sample::Sample;
use crate::verdict::Table;

/// So many runs are sealed and timed at each size. Packs are put together when fifty have gathered: this many meet that once.
const TIMED: u64 = 50;

pub(crate) fn measure(options: &Options, table: &mut Table) -> Result<(), String> {
    // A hundred thousand take some minutes: only when they are asked for by name.
    let sizes: &[u64] = match (options.smoke, options.names("T17")) {
        (true, _) => &[10, 60],
        (false, true) => &[100, 1_000, 10_000, 100_000],
        (false, false) => &[100, 1_000],
    };
    let place = Place::new()?;
    // It grows in memory, where a flush costs nothing, and is timed on a disk.
    let growing = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).map_err(|error| error.to_string())?;
    let trail = growing.path().join("trail.git");
    let archive = opened(&trail)?;
    let (mut sealed, mut results) = (0, Vec::new());
    for &size in sizes {
        let mut grown = Sample::default();
        for number in sealed..size {
            let seal = invented::seal(number)?;
            let began = Instant::now();
            archive.conclude(&seal).map_err(|error| error.to_string())?;
            grown.add(began.elapsed().as_secs_f64() * 1e3);
        }
        sealed = size;
        let seals = timed(&place, &trail, size)?;
        tell(&format!("a trail of {size}: {} ms", seals.millis.line()));
        table.figure(&format!("a run sealed into a trail of {size}"), seals.millis.clone(), "ms");
        table.figure(&format!("  while it grew to {size}, in memory"), grown, "ms");
        table.figure(&format!("  bytes that it wrote, at {size}"), seals.kib.clone(), "KiB");
        results.push((size, seals));
    }
    // Against a thousand where there are so many: a trail of ten runs is another thing in kind.
    let Some(at) = results.iter().rposition(|(size, _)| *size <= 1_000).filter(|at| at + 1 < results.len()) else {
        return Ok(());
    };
    let (small, before) = &results[at];
    for (large, seals) in &results[at + 1..] {
        let against = |name: &str| format!("{name} a run sealed into a trail of {large} × into one of {small}");
        let mut ratio = Sample::default();
        ratio.add(seals.millis.median() / before.millis.median());
        table.row("T17", &against("time of"), ratio, "×", 2.0, 1.3);
        table.counted("T17", &against("bytes of"), seals.kib.median() / before.kib.median(), "×", 1.3, 1.05);
    }
    Ok(())
}

/// What some seals took.
struct Seals {
    millis: Sample,
    kib: Sample,
}

/// Seals runs into a copy of the trail, each as a process of its own would: opened anew.
fn timed(place: &Place, trail: &Path, size: u64) -> Result<Seals, String> {
    let copy = place.path(&format!("trail-{size}.git"));
    let copied = Command::new("cp").arg("-a").arg(trail).arg(&copy).status().map_err(|error| error.to_string())?;
    if !copied.success() {
        return Err("the trail could not be copied".to_owned());
    }
    // What the copy has left unwritten must not be flushed on our time.
    rustix::fs::sync();
    let mut seals = Seals { millis: Sample::default(), kib: Sample::default() };
    for number in size..size + TIMED {
        let seal = invented::seal(number)?;
        let (wrote, began) = (written()?, Instant::now());
        opened(&copy)?.conclude(&seal).map_err(|error| error.to_string())?;
        seals.millis.add(began.elapsed().as_secs_f64() * 1e3);
        seals.kib.add((written()? - wrote) / 1024.0);
    }
    std::fs::remove_dir_all(&copy).map_err(|error| error.to_string())?;
    Ok(seals)
}

/// How many bytes this process has written into files, or wherever.
fn written() -> Result<f64, String> {
    let counters = std::fs::read_to_string("/proc/self/io").map_err(|error| error.to_string())?;
    let line = counters.lines().find_map(|line| line.strip_prefix("wchar: ")).ok_or("no count of bytes")?;
    line.trim().parse().map_err(|_| "no count of bytes".to_owned())
}

pub(crate) fn opened(trail: &Path) -> Result<Archive, String> {
    let founding = Founding { at: Timestamp::UNIX_EPOCH, host: "bench".to_owned() };
    Archive::open(trail, Some(&founding)).map_err(|error| error.to_string())
}
