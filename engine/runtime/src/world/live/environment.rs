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

#[cfg(test)]
mod tests {
    use super::*;

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
