//! T4: how often the disk is waited for. Counted by strace, so it is the same on every machine.

use crate::options::Options;
use crate::place::Place;
use crate::verdict::Table;
use crate::{ours, output, rivals};

/// The calls that wait for the disk.
const FLUSHES: &str = "trace=fsync,fdatasync,syncfs,sync,sync_file_range,msync";

/// How many flushes a run of `count` steps makes, keeper and all.
pub(crate) fn of(source: &str) -> Result<f64, String> {
    let place = Place::with(source)?;
    let strace = rivals::installed("strace")?;
    let engine = &*crate::place::program().to_string_lossy();
    let words = ["-f", "-qq", "-e", "signal=none", "-e", FLUSHES, "-o", "flushes", engine, "exec", "main"];
    let mut command = place.command(strace, &[&words[..], &ours::UNSEALED].concat());
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = std::fs::read_to_string(place.path("flushes")).map_err(|error| error.to_string())?;
    // A call that another thread interrupts has two lines; the second says `resumed`.
    let count = text.lines().filter(|line| line.contains('(') && !line.contains("resumed")).count();
    #[expect(clippy::cast_precision_loss, reason = "some hundred")]
    Ok(count as f64)
}

/// The flushes that one more step costs.
pub(crate) fn a_step(options: &Options, table: &mut Table) {
    let (few, many) = (options.sized(10, 5), options.sized(110, 25));
    let counted = of(&ours::steps(few)).and_then(|few| Ok((few, of(&ours::steps(many))?)));
    match counted {
        Ok((before, after)) => {
            #[expect(clippy::cast_precision_loss, reason = "some hundred")]
            let each = (after - before) / (many - few) as f64;
            // One more now and then: a machine that is busy elsewhere lets the script wait, and its last step is flushed then.
            table.counted("T4", "flushes a step", each, "", 2.0, 1.05);
        }
        Err(why) => output::tell(&format!("left out: T4: {why}")),
    }
}
