//! T17: whether a run is sealed as fast when many were sealed before it.

use std::path::{Path, PathBuf};
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

/// So many runs are sealed and timed at each size. Packs are put together when twenty-five have gathered: so many meet that twice.
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
    let (mut sealed, mut trails) = (0, Vec::new());
    for &size in sizes {
        let mut grown = Sample::default();
        for number in sealed..size {
            let seal = invented::seal(number)?;
            let began = Instant::now();
            archive.conclude(&seal).map_err(|error| error.to_string())?;
            grown.add(began.elapsed().as_secs_f64() * 1e3);
        }
        sealed = size;
        tell(&format!("a trail of {size} has grown"));
        table.figure(&format!("a run sealed while the trail grew to {size}, in memory"), grown, "ms");
        trails.push(Trail::copied(&place, &trail, size)?);
    }
    // What the copies have left unwritten must not be flushed on our time.
    rustix::fs::sync();
    // In turn, as all else here: what disturbs the machine disturbs all of them.
    for turn in 0..TIMED {
        trails.iter_mut().try_for_each(|trail| trail.sealed(turn))?;
    }
    for trail in &trails {
        table.figure(&format!("a run sealed into a trail of {}", trail.size), trail.millis.clone(), "ms");
        table.figure(&format!("bytes that it wrote, at {}", trail.size), trail.kib.clone(), "KiB");
    }
    // Against a thousand where there are so many: a trail of ten runs is another thing in kind.
    let at = trails.iter().rposition(|trail| trail.size <= 1_000).filter(|at| at + 1 < trails.len()).unwrap_or(0);
    let Some((small, larger)) = trails.get(at..).and_then(<[Trail]>::split_first) else { return Ok(()) };
    for large in larger {
        let against = |what: &str| format!("{what} a run sealed into a trail of {} × into one of {}", large.size, small.size);
        let mut time = Sample::default();
        time.add(large.millis.median() / small.millis.median());
        table.row("T17", &against("time of"), time, "×", 2.0, 1.3);
        table.counted("T17", &against("bytes of"), large.kib.median() / small.kib.median(), "×", 1.3, 1.05);
    }
    Ok(())
}

/// A trail of so many runs on a disk, and what it took to seal more into it.
struct Trail {
    path: PathBuf,
    size: u64,
    millis: Sample,
    kib: Sample,
}

impl Trail {
    fn copied(place: &Place, trail: &Path, size: u64) -> Result<Self, String> {
        // Beside a memory of its own.
        let path = place.path(&format!("{size}/audit.git"));
        path.parent().map_or(Ok(()), std::fs::create_dir).map_err(|error| error.to_string())?;
        let copied = Command::new("cp").arg("-a").arg(trail).arg(&path).status().map_err(|error| error.to_string())?;
        if !copied.success() {
            return Err("the trail could not be copied".to_owned());
        }
        Ok(Self { path, size, millis: Sample::default(), kib: Sample::default() })
    }

    /// Seals one run more, as a process of its own would: opened anew.
    fn sealed(&mut self, turn: u64) -> Result<(), String> {
        let seal = invented::seal(self.size + turn)?;
        let (wrote, began) = (written()?, Instant::now());
        opened(&self.path)?.conclude(&seal).map_err(|error| error.to_string())?;
        self.millis.add(began.elapsed().as_secs_f64() * 1e3);
        self.kib.add((written()? - wrote) / 1024.0);
        Ok(())
    }
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
