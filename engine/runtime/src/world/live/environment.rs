//! The environment of commands: an allow-list, so that tokens in the operator's shell do not leak into every program,
//! and so that a run by a colleague or by cron does not differ by what happens to be exported.

use std::collections::BTreeMap;
use std::ffi::OsString;

const ALLOWED: [&str; 11] =
    ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"];

/// Where programs are looked for when the engine itself has no `PATH`.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The complete environment of a command: what is allowed of the engine's `own`, the `extra` names that the
/// configuration adds, and over both the variables of the `step`.
///
/// Variables that are not UTF-8 are left out, since the journal could not say what they were. `PATH` is always there.
#[must_use]
pub fn command_env(own: &[(OsString, OsString)], extra: &[String], step: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let allowed = |name: &str| ALLOWED.contains(&name) || name.starts_with("LC_") || extra.iter().any(|extra| extra == name);
    let mut env: BTreeMap<String, String> = own
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
        .filter(|(name, _)| allowed(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    env.extend(step.iter().map(|(name, value)| (name.clone(), value.clone())));
    env.entry("PATH".to_owned()).or_insert_with(|| DEFAULT_PATH.to_owned());
    env
}

/// The `PATH` of that environment alone: a program is looked up more often than it is started.
pub(super) fn search_path<'a>(own: &'a [(OsString, OsString)], step: &'a BTreeMap<String, String>) -> &'a str {
    step.get("PATH").map_or_else(|| own_path(own), String::as_str)
}

/// The engine's own `PATH`.
pub(super) fn own_path(own: &[(OsString, OsString)]) -> &str {
    own.iter().rev().filter(|(name, _)| name == "PATH").find_map(|(_, value)| value.to_str()).unwrap_or(DEFAULT_PATH)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn the_path_that_is_searched_is_the_one_that_the_command_gets() {
        let odd = || OsString::from_vec(b"/\xff".to_vec());
        let of_step = BTreeMap::from([("PATH".to_owned(), "/step".to_owned())]);
        for own in [vec![], vec!["/one".into()], vec!["/one".into(), "/two".into()], vec!["/one".into(), odd()], vec![odd()]] {
            let own: Vec<_> = own.into_iter().map(|value| ("PATH".into(), value)).collect();
            for step in [&of_step, &BTreeMap::new()] {
                assert_eq!(search_path(&own, step), command_env(&own, &[], step)["PATH"], "{own:?}");
            }
        }
    }

    #[test]
    fn only_what_is_allowed_gets_through_and_the_step_has_the_last_word() {
        let own: Vec<(OsString, OsString)> = [
            ("HOME", "/root"),
            ("LC_ALL", "C"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
            ("LD_PRELOAD", "x"),
            ("REGION", "eu"),
            ("TZ", "UTC"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec();
        let step = BTreeMap::from([("TZ".to_owned(), "Asia/Tokyo".to_owned()), ("FORCE".to_owned(), "1".to_owned())]);
        let env = command_env(&own, &["REGION".to_owned()], &step);
        let pairs: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let wanted =
            [("FORCE", "1"), ("HOME", "/root"), ("LC_ALL", "C"), ("PATH", DEFAULT_PATH), ("REGION", "eu"), ("TZ", "Asia/Tokyo")];
        assert_eq!(pairs, wanted);
    }
}
