//! Whether the state directory can hold runs: owner, mode, file system, space.

use std::path::Path;

use runbook_runtime::journal::StateDir;

use super::finding::Finding;

/// Below this a night's outputs may not fit, in bytes.
const SCARCE: u64 = 512 << 20;
/// Below this no run should begin, in bytes.
const NONE: u64 = 16 << 20;
/// A run needs a few dozen files.
const FILES: u64 = 1_000;

pub(super) fn findings(path: &Path) -> Vec<Finding> {
    let shown = path.display();
    let mut findings = vec![match StateDir::examine(path) {
        Ok(()) if path.exists() => {
            Finding::ok("state directory", format!("{shown}: yours, on a local file system, closed to others"))
        }
        Ok(()) => Finding::ok("state directory", format!("{shown}: not there yet, and can be made")),
        // What is unfit says the way out itself, behind the semicolon or colon.
        Err(unfit) => Finding::missing("state directory", unfit.to_string(), "runbook config --show-origin says who named it"),
    }];
    let there = path.ancestors().find(|path| path.exists());
    if let Some(found) = there.and_then(|there| rustix::fs::statvfs(there).ok()) {
        let files = (found.f_files > 0).then_some(found.f_favail);
        findings.push(space(found.f_bavail.saturating_mul(found.f_frsize), files));
    }
    findings
}

/// `files` is how many can still be made, where the file system counts them.
fn space(free: u64, files: Option<u64>) -> Finding {
    let says = format!("{} free", roughly(free));
    let way_out = "runbook runs shows what is kept; set `state_dir` to another disk";
    match (free, files) {
        (..NONE, _) => Finding::missing("disk", says, way_out),
        (_, Some(files @ ..FILES)) => {
            Finding::warning("disk", format!("{says}, but only {files} more files can be made"), way_out)
        }
        (..SCARCE, _) => Finding::warning("disk", says, way_out),
        _ => Finding::ok("disk", says),
    }
}

/// As people say it: more digits than that nobody reads.
fn roughly(bytes: u64) -> String {
    let tenths = |unit: u32| ((bytes >> (unit - 10)) * 10) >> 10;
    match bytes {
        0..0x4000_0000 => format!("{} MiB", bytes >> 20),
        0x4000_0000..0x100_0000_0000 => format!("{}.{} GiB", tenths(30) / 10, tenths(30) % 10),
        _ => format!("{}.{} TiB", tenths(40) / 10, tenths(40) % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;

    #[test]
    fn space_is_told_in_the_unit_that_fits() {
        let shown = [100 << 20, (1 << 30) - 1, 3 << 29, 47_445 << 20, 3 << 39, u64::MAX].map(roughly);
        assert_eq!(shown, ["100 MiB", "1023 MiB", "1.5 GiB", "46.3 GiB", "1.5 TiB", "16777215.9 TiB"]);
    }

    #[test]
    fn space_and_files_run_out_separately() {
        let standing = |free, files| space(free, files).standing;
        assert_eq!(standing(1 << 40, Some(1 << 20)), Standing::Ok);
        assert_eq!(standing(1 << 40, None), Standing::Ok);
        assert_eq!(standing(1 << 40, Some(3)), Standing::Warning);
        assert_eq!(standing(100 << 20, None), Standing::Warning);
        assert_eq!(standing(1 << 20, Some(1 << 20)), Standing::Missing);
    }
}
