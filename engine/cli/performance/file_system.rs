//! The file system that a file is on, as somebody who has to make room on it knows it.

use std::path::{Path, PathBuf};

/// A file system that is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileSystem {
    place: PathBuf,
    device: String,
    kind: String,
    /// Bytes that this user may still take, and bytes in all.
    space: Option<(u64, u64)>,
    /// How many files may still be made, where that is counted.
    files: Option<u64>,
}

impl FileSystem {
    /// The one that holds this file; `None` where the system does not tell.
    pub(super) fn of(file: &Path) -> Option<Self> {
        let file = std::fs::canonicalize(file).ok()?;
        let found = Self::among(&std::fs::read_to_string("/proc/self/mountinfo").ok()?, &file)?;
        let Ok(space) = rustix::fs::statvfs(&file) else { return Some(found) };
        let bytes = |blocks: u64| blocks.saturating_mul(space.f_frsize);
        let files = (space.f_files > 0).then_some(space.f_favail);
        Some(Self { space: Some((bytes(space.f_bavail), bytes(space.f_blocks))), files, ..found })
    }

    /// In a table of mounts the last one of the longest path is the one that is seen.
    fn among(mountinfo: &str, file: &Path) -> Option<Self> {
        let mounts = mountinfo.lines().filter_map(|line| {
            let (mount, device) = line.split_once(" - ")?;
            let place = PathBuf::from(unescaped(mount.split(' ').nth(4)?));
            let (kind, device) = device.split_once(' ')?;
            let device = unescaped(device.split(' ').next()?);
            file.starts_with(&place).then(|| Self { place, device, kind: kind.to_owned(), space: None, files: None })
        });
        mounts.max_by_key(|mount| mount.place.components().count())
    }

    /// In one line: where it is mounted, what it is, and what is left of it.
    pub(super) fn line(&self) -> String {
        let Self { place, device, kind, .. } = self;
        let mut line = format!("on the file system `{}` ({device}, {kind})", place.display());
        if let Some((free, all)) = self.space {
            line.push_str(&format!(": {} free of {}", rounded(free), rounded(all)));
        }
        if self.files == Some(0) {
            line.push_str(", and no more files can be made (`df -i`)");
        }
        line
    }
}

/// So many bytes, in the largest unit of which there is at least one.
fn rounded(bytes: u64) -> String {
    let unit = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)].into_iter().find(|(_, power)| bytes >> power > 0);
    unit.map_or_else(|| format!("{bytes} B"), |(unit, power)| format!("{} {unit}", bytes >> power))
}

/// A path as the kernel writes it in tables: blanks, tabs, line breaks and backslashes as `\` and three octal digits.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        match rest.get(at + 1..at + 4).and_then(|octal| u8::from_str_radix(octal, 8).ok()) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = &rest[at + 4..];
            }
            None => {
                out.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
        40 22 0:35 / /srv/run\\040book rw shared:7 - tmpfs none rw,size=2048k\n\
        41 22 0:36 / /srv/run rw - ext4 /dev/vdb rw\n\
        42 41 0:37 / /srv/run rw - xfs /dev/vdc rw\n\
        nonsense\n";

    #[test]
    fn the_longest_and_last_mount_is_the_one() {
        let on = |file: &str| FileSystem::among(MOUNTS, Path::new(file)).map(|found| found.device);
        assert_eq!(on("/srv/run book/x/journal.jsonl").as_deref(), Some("none"));
        assert_eq!(on("/srv/run/x").as_deref(), Some("/dev/vdc"));
        assert_eq!(on("/srv/running/x").as_deref(), Some("/dev/vda"));
        assert_eq!(FileSystem::among("", Path::new("/x")), None);
    }

    #[test]
    fn it_is_told_with_what_is_left_of_it() {
        let found = FileSystem::among(MOUNTS, Path::new("/srv/run book/x")).unwrap();
        assert_eq!(found.line(), "on the file system `/srv/run book` (none, tmpfs)");
        let full = FileSystem { space: Some((0, 2 << 20)), files: Some(0), ..found };
        assert_eq!(
            full.line(),
            "on the file system `/srv/run book` (none, tmpfs): 0 B free of 2 MiB, and no more files can be made (`df -i`)"
        );
        assert!(FileSystem::of(Path::new("/proc/self/status")).unwrap().line().starts_with("on the file system `/proc`"));
    }

    #[test]
    fn odd_escapes_stay_as_they_are() {
        assert_eq!(unescaped("a\\040b\\134c"), "a b\\c");
        assert_eq!(unescaped("a\\9x\\"), "a\\9x\\");
        assert_eq!(unescaped("\\04é"), "\\04é");
    }
}
