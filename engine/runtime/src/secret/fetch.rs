//! Gets the value of a secret from its source.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::process::geteuid;
use zeroize::Zeroizing;

use super::hidden::Hidden;
use super::program;
use super::source::{Source, Sources};

/// The most bytes of a secret: a private key has a few thousand.
pub(super) const MOST: usize = 64 * 1024;

/// The fewest characters of a secret. A shorter one is soon guessed, and hiding it would hide half of every output.
pub const SHORTEST: usize = 6;

/// The permission bits of group and others.
const NOT_OWNER: u32 = 0o077;

/// A secret that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFetched {
    /// The configuration does not say where it comes from.
    #[error(
        "the secret `{name}` has no source: name one in `runbook.toml`, [secrets] \"{name}\" = {{ env | file | command | age }}"
    )]
    NoSource {
        /// The secret.
        name: String,
    },
    /// Its source does not give it.
    #[error("the secret `{name}` cannot be had from {source_words}: {why}")]
    Refused {
        /// The secret.
        name: String,
        /// The source.
        source_words: String,
        /// Why.
        why: String,
    },
    /// Its source gives something that cannot be a secret.
    #[error("what {source_words} gives for the secret `{name}` cannot be used: {why}")]
    Unfit {
        /// The secret.
        name: String,
        /// The source.
        source_words: String,
        /// Why.
        why: String,
    },
}

/// The value of the secret `name`. Programs and relative paths start from `root`; `env` is the engine's environment. Blocks.
///
/// # Errors
/// [`NotFetched`], which never holds any part of the value.
pub fn fetch(sources: &Sources, name: &str, root: &Path, env: &[(OsString, OsString)]) -> Result<Hidden, NotFetched> {
    let Some(found) = sources.of(name) else { return Err(NotFetched::NoSource { name: name.to_owned() }) };
    let _fetching = tracing::debug_span!("fetch_secret", name).entered();
    let (name, source_words) = (name.to_owned(), found.source.words());
    let raw = match found.source {
        Source::Env { variable } => variable_of(env, variable),
        Source::File { path } => file(path),
        Source::Command { argv, timeout } => {
            let named = found.by_pattern.then(|| name.clone());
            let argv: Vec<_> = argv.iter().cloned().chain(named).collect();
            program::output(&argv, root, env, (*timeout).into())
        }
        Source::Age { file, identity, timeout } => {
            let mut argv = vec![age(env).to_owned(), "--decrypt".to_owned()];
            let paths = identity.iter().flat_map(|identity| ["--identity".to_owned(), identity.display().to_string()]);
            argv.extend(paths.chain([file.display().to_string()]));
            program::output(&argv, root, env, (*timeout).into())
        }
    };
    let raw = match raw {
        Ok(raw) => raw,
        Err(why) => return Err(NotFetched::Refused { name, source_words, why }),
    };
    usable(&name, &raw).map_err(|why| NotFetched::Unfit { name, source_words, why })
}

fn variable_of(env: &[(OsString, OsString)], variable: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    use std::os::unix::ffi::OsStrExt as _;
    let found = env.iter().find(|(name, _)| name.as_os_str() == variable);
    found.map(|(_, value)| Zeroizing::new(value.as_bytes().to_vec())).ok_or_else(|| "it is not set".to_owned())
}

/// A file that nobody but us and root can read or could have put there.
fn file(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let words = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        _ => error.to_string(),
    };
    // A pipe of that name must not hang the run.
    let open = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path);
    let opened: File = open.map_err(words)?;
    let metadata = opened.metadata().map_err(words)?;
    if !metadata.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let (owner, me) = (metadata.uid(), geteuid().as_raw());
    if owner != me && owner != 0 {
        return Err(format!("it belongs to user {owner}: whoever owns it can change it (chown it to user {me})"));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & NOT_OWNER != 0 {
        return Err(format!("others can read or write it (mode {mode:04o}): chmod 600 {}", path.display()));
    }
    let mut content = Zeroizing::new(Vec::with_capacity(MOST + 1));
    opened.take(MOST as u64 + 1).read_to_end(&mut content).map_err(words)?;
    Ok(content)
}

/// The program that decrypts: `age`, or `rage` where only that is installed.
fn age(env: &[(OsString, OsString)]) -> &'static str {
    let path = env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone()).unwrap_or_default();
    let has = |program: &str| std::env::split_paths(&path).any(|dir| fs::metadata(dir.join(program)).is_ok());
    if !has("age") && has("rage") { "rage" } else { "age" }
}

/// The value without one line end.
fn usable(name: &str, raw: &[u8]) -> Result<Hidden, String> {
    if raw.len() > MOST {
        return Err(format!("it has more than {MOST} bytes"));
    }
    let text = std::str::from_utf8(raw).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    if text.contains('\0') {
        return Err("it holds a NUL character, which no program can receive".to_owned());
    }
    match text.trim().chars().count() {
        0 => Err("it is empty".to_owned()),
        n if n < SHORTEST => Err(format!(
            "it has fewer than {SHORTEST} characters: it is soon guessed, and hiding it would hide half of every output"
        )),
        _ if name.contains(text.trim()) => Err("it stands in the name of the secret, which everybody can read".to_owned()),
        _ => Ok(Hidden::new(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use runbook_model::length::Length;

    use super::*;
    use crate::secret::known;

    fn got(source: Source, name: &str) -> Result<String, String> {
        let env = [("PATH".into(), std::env::var_os("PATH").unwrap_or_default()), ("TOKEN".into(), "from-the-env".into())];
        let entry = if name.starts_with("any/") { "any/*".to_owned() } else { name.to_owned() };
        let sources = Sources::new([(entry, source)].into());
        fetch(&sources, name, Path::new("/"), &env).map(|value| value.reveal().to_owned()).map_err(|error| error.to_string())
    }

    fn sh(script: &str, millis: u64) -> Source {
        let argv = ["sh", "-c", script, "sh"].map(str::to_owned).to_vec();
        Source::Command { argv, timeout: Length::from_millis(millis) }
    }

    #[test]
    fn a_variable_is_there_or_not() {
        assert_eq!(got(Source::Env { variable: "TOKEN".to_owned() }, "x").as_deref(), Ok("from-the-env"));
        let why = got(Source::Env { variable: "NONE".to_owned() }, "x").expect_err("not set");
        assert_eq!(why, "the secret `x` cannot be had from the variable NONE: it is not set");
    }

    #[test]
    fn a_file_must_be_ours_alone() {
        let dir = tempfile::tempdir().expect("a place");
        let path = dir.path().join("token");
        fs::write(&path, "from-a-file\n").expect("written");
        let source = || Source::File { path: path.clone() };
        for (mode, fits) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("ours");
            match got(source(), "x") {
                Ok(value) => assert!(fits && value == "from-a-file", "{mode:o}"),
                Err(why) => assert!(!fits && why.contains("chmod 600"), "{mode:o}: {why}"),
            }
        }
        for (path, words) in [(dir.path().to_owned(), "no regular file"), (dir.path().join("none"), "does not exist")] {
            assert!(got(Source::File { path }, "x").expect_err("no file").contains(words));
        }
    }

    #[test]
    fn a_command_gives_what_it_prints_and_a_pattern_gives_it_the_name() {
        assert_eq!(got(sh("echo from-a-command", 60_000), "x").as_deref(), Ok("from-a-command"));
        assert_eq!(got(sh("printf '%s\\r\\n' \"value of $1\"", 60_000), "any/thing").as_deref(), Ok("value of any/thing"));
        assert_eq!(got(sh("printf 'two\\nlines\\n\\n'", 60_000), "x").as_deref(), Ok("two\nlines\n"));
    }

    #[test]
    fn a_command_that_fails_hangs_or_floods_is_bounded_and_gives_no_value() {
        let why = got(sh("echo half-a-secret; echo 'no such item' >&2; exit 3", 60_000), "x").expect_err("failed");
        assert!(why.contains("exit status: 3: no such item") && !why.contains("half"), "{why}");
        assert!(got(sh("exec sleep 600", 30), "x").expect_err("hangs").contains("no answer within"));
        assert!(
            got(sh("head -c 100000000 /dev/zero | tr '\\0' x", 60_000), "x").expect_err("floods").contains("more than 65536")
        );
        let missing = Source::Command { argv: vec!["no-such-program-x".to_owned()], timeout: Length::from_secs(1) };
        assert!(got(missing, "x").expect_err("missing").contains("cannot be started"));
    }

    #[test]
    fn a_known_value_in_a_long_complaint_is_not_cut_in_half_before_it_is_hidden() {
        known::add("‹secret fetch/cut›".to_owned(), "cut-in-half-value-1234");
        let script = "printf '%0190d' 0 >&2; echo cut-in-half-value-1234 >&2; exit 3";
        let why = got(sh(script, 60_000), "x").expect_err("failed");
        assert!(why.contains("‹secret fe") && !why.contains("cut-in"), "{why}");
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused_without_showing_it() {
        for (printed, words) in [
            ("", "empty"),
            ("\\n", "empty"),
            ("abc12\\n", "fewer than 6"),
            ("  ab  \\n", "fewer than 6"),
            ("\\377\\376abcdefgh", "not UTF-8"),
            ("abc\\000defghi", "NUL"),
            ("password", "in the name"),
        ] {
            let why = got(sh(&format!("printf '{printed}'"), 60_000), "db/password").expect_err(words);
            assert!(why.contains(words) && !why.contains("abc"), "{why}");
        }
    }

    #[test]
    fn an_age_file_is_decrypted_by_the_users_own_program() {
        let dir = tempfile::tempdir().expect("a place");
        let (key, file) = (dir.path().join("key.txt"), dir.path().join("db.age"));
        let script = "age-keygen -o \"$0\" 2>/dev/null && echo from-an-age-file | age -r \"$(age-keygen -y \"$0\")\" -o \"$1\"";
        let made = std::process::Command::new("sh").args(["-c", script]).arg(&key).arg(&file).status().expect("a shell");
        assert!(made.success(), "age is installed: tests/run sees to that");
        let age = |identity| Source::Age { file: file.clone(), identity: Some(identity), timeout: Length::from_secs(60) };
        assert_eq!(got(age(key), "x").as_deref(), Ok("from-an-age-file"));
        assert!(got(age(dir.path().join("none")), "x").expect_err("no identity").contains("`age` ended with"));
    }
}
