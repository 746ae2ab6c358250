//! Where things are in the archive. Paths are made from ids and slugs only; no name from outside gets into one as it is.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use runbook_model::id::{RunId, Seq};

/// The branch of a run.
pub(super) fn branch(run: RunId) -> String {
    format!("refs/heads/runs/{run}")
}

/// What we remember to have pushed of branches: behind it stands what stands behind `refs/heads/`.
pub(crate) const PUSHED: &str = "refs/runbook/anchored/";

/// The run of a branch.
pub(super) fn run_of_branch(name: &str) -> Option<RunId> {
    let id = name.strip_prefix("refs/heads/runs/")?;
    id.parse().ok().filter(|run: &RunId| run.to_string() == id)
}

/// The directory of a run: `runs/<year>/<month>/<day>/<run>`, the day (UTC) being the one in its name.
pub(super) fn directory(run: RunId) -> Vec<String> {
    let millis = i64::try_from(run.unix_millis()).unwrap_or(i64::MAX);
    // A forged id may hold a time behind the year 9999; it gets a directory all the same.
    let day = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).date();
    let day = [format!("{:04}", day.year()), format!("{:02}", day.month()), format!("{:02}", day.day())];
    ["runs".to_owned()].into_iter().chain(day).chain([run.to_string()]).collect()
}

/// A few letters for people, safe in every path.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if slug.len() >= 40 {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "step".to_owned() } else { slug.to_owned() }
}

/// The file of an output: `outputs/<record of the intent>-<slug>.stdout`.
pub(super) fn output(intent: Seq, step: &str, stream: &str) -> String {
    format!("outputs/{:05}-{}.{stream}", intent.0, slug(step))
}

/// The file of a signed statement: `statements/<its record>-<meaning>`.
pub(super) fn statement(record: Seq, meaning: &str) -> String {
    format!("statements/{:05}-{meaning}", record.0)
}

/// The file of a pinned source: its name below `source/`, everything odd percent-encoded. `..`, `.git` and their kin begin
/// with a full stop or hold `~`, which are encoded; so no name leaves the directory, and `git fsck --strict` is content.
pub(super) fn source(name: &str) -> String {
    let component = |part: &str| {
        if part.is_empty() {
            return "%".to_owned();
        }
        let mut out = String::new();
        for (at, byte) in part.bytes().enumerate() {
            match byte {
                b'.' if at == 0 => out.push_str("%2E"),
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => out.push(char::from(byte)),
                other => out.push_str(&format!("%{other:02X}")),
            }
        }
        out
    };
    let parts: Vec<_> = name.split('/').map(component).collect();
    format!("source/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_day_comes_from_the_id_in_utc() {
        let run = RunId::from_parts(1_700_006_399_999, 7);
        assert_eq!(directory(run)[..4], ["runs", "2023", "11", "14"]);
        assert_eq!(directory(RunId::from_parts(u64::MAX >> 16, 7))[1], "9999");
        assert_eq!(run_of_branch(&branch(run)), Some(run));
    }

    #[test]
    fn odd_names_stay_inside() {
        assert_eq!(source("runbooks/deploy.rhai"), "source/runbooks/deploy.rhai");
        assert_eq!(source("../../etc/passwd"), "source/%2E./%2E./etc/passwd");
        assert_eq!(source("/a//.git"), "source/%/a/%/%2Egit");
        assert_eq!(slug("point `current` at ../x"), "point-current-at-x");
        assert_eq!(slug("…"), "step");
    }

    proptest! {
        #[test]
        fn every_source_has_a_path_of_its_own(a in ".{0,20}", b in ".{0,20}") {
            prop_assert_eq!(source(&a) == source(&b), a == b);
            for part in source(&a).split('/') {
                prop_assert!(!part.is_empty() && !part.starts_with('.'));
                prop_assert!(part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-%".contains(&byte)));
            }
        }
    }
}
