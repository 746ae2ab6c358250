//! The secrets of one session: fetched when they are needed, kept in memory, known to every veil.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use runbook_model::secret::{SecretUse, mark};

use super::fetch::{NotFetched, fetch};
use super::hidden::Hidden;
use super::known;
use super::run_key::{NoKey, RunKey};
use super::source::Sources;

/// The values of some secrets, by name.
pub(super) type Values = BTreeMap<String, Hidden>;

/// Variables whose names say that they hold a secret.
const TELLING: [&str; 7] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "_KEY"];

/// A token of fewer characters is not looked for: a variable with a telling name may hold `true`.
const SHORTEST_TOKEN: usize = 8;

/// Where the secrets of a session come from and stay.
#[derive(Debug)]
pub struct Vault {
    sources: Sources,
    root: PathBuf,
    env: Vec<(OsString, OsString)>,
    key_file: Option<PathBuf>,
    key: OnceLock<RunKey>,
    values: Mutex<Values>,
    /// Secrets that the run has used in earlier sessions and this one has not seen.
    forgotten: Mutex<Vec<String>>,
}

impl Vault {
    /// A vault for one run. Programs start in `root`, with the environment `env`; the key of the run lies in `key_file`, which is
    /// made when it is first needed.
    #[must_use]
    pub fn new(sources: Sources, root: &Path, env: Vec<(OsString, OsString)>, key_file: PathBuf) -> Self {
        let key_file = Some(key_file);
        let (key, root) = (OnceLock::new(), root.to_owned());
        Self { sources, root, env, key_file, key, values: Mutex::default(), forgotten: Mutex::default() }
    }

    /// A vault without sources, whose key is gone with it.
    #[must_use]
    pub fn empty() -> Self {
        let (sources, root, env) = (Sources::default(), PathBuf::from("/"), Vec::new());
        let (key, values, forgotten) = (OnceLock::new(), Mutex::default(), Mutex::default());
        Self { sources, root, env, key_file: None, key, values, forgotten }
    }

    /// The run has used these secrets before this session: their values may stand in files and come back from servers.
    #[must_use]
    pub fn with_used(self, names: Vec<String>) -> Self {
        Self { forgotten: Mutex::new(names), ..self }
    }

    /// Whether [`recall`](Self::recall) has something to do.
    pub(crate) fn has_forgotten(&self) -> bool {
        !self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Fetches, once, what the run has used before, so that it is hidden from whatever this session sees. Blocks. Gives those that
    /// cannot be had any more: that is no reason to stop, a rollback must be possible while the store of secrets is down.
    pub(crate) fn recall(&self) -> Vec<NotFetched> {
        // Held meanwhile: a second step shall wait, and not begin before the first has what it needs.
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        forgotten.drain(..).filter_map(|name| self.fetch(&name).err()).collect()
    }

    /// Learns what can be learned without asking anybody, so that it is hidden from the first output on, whether a step asks for
    /// it or not: the variables and files among the sources, and of the variables that commands inherit (`passed`) those whose
    /// name says that they hold a secret. What cannot be had now is no matter now.
    pub fn look_around(&self, passed: &[String]) {
        for name in self.sources.at_hand() {
            if let Ok(value) = fetch(&self.sources, name, &self.root, &self.env) {
                known::add(mark(name), value.reveal());
            }
        }
        for name in passed.iter().filter(|name| is_telling(name)) {
            let found = self.env.iter().find(|(own, _)| own.as_os_str() == name.as_str());
            if let Some(value) =
                found.and_then(|(_, value)| value.to_str()).filter(|value| value.chars().count() >= SHORTEST_TOKEN)
            {
                known::add(mark(&format!("${name}")), value);
            }
        }
    }

    /// Why each of these secrets cannot be had, as far as that can be known without asking anybody: variables that are not set,
    /// files that are not there or open to others.
    #[must_use]
    pub fn lacks<'a>(&self, names: impl IntoIterator<Item = &'a String>) -> Vec<NotFetched> {
        let at_hand = names.into_iter().filter(|name| self.sources.of(name).is_some_and(|found| found.source.is_at_hand()));
        at_hand.filter_map(|name| fetch(&self.sources, name, &self.root, &self.env).err()).collect()
    }

    /// The values of these secrets, fetched now: an earlier step may have changed them. Blocks.
    ///
    /// # Errors
    /// The first that cannot be had.
    pub(crate) fn fetched(&self, uses: &[SecretUse]) -> Result<Values, NotFetched> {
        let mut values = Values::new();
        for used in uses {
            if !values.contains_key(&used.name) {
                values.insert(used.name.clone(), self.fetch(&used.name)?);
            }
        }
        Ok(values)
    }

    /// The values of these secrets as this session had them last; what it had not yet is fetched. Blocks.
    ///
    /// # Errors
    /// The first that cannot be had.
    pub(crate) fn values(&self, uses: &[SecretUse]) -> Result<Values, NotFetched> {
        let mut values = Values::new();
        for used in uses {
            let had = self.had().get(&used.name).cloned();
            let value = had.map_or_else(|| self.fetch(&used.name), Ok)?;
            values.insert(used.name.clone(), value);
        }
        Ok(values)
    }

    /// The key of the run. Blocks.
    ///
    /// # Errors
    /// [`NoKey`].
    pub fn key(&self) -> Result<&RunKey, NoKey> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let key = self.key_file.as_deref().map_or_else(RunKey::fleeting, RunKey::at)?;
        Ok(self.key.get_or_init(|| key))
    }

    fn fetch(&self, name: &str) -> Result<Hidden, NotFetched> {
        let value = fetch(&self.sources, name, &self.root, &self.env)?;
        // Before anything can print it.
        known::add(mark(name), value.reveal());
        self.had().insert(name.to_owned(), value.clone());
        Ok(value)
    }

    fn had(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    TELLING.iter().any(|word| if word.starts_with('_') { name.ends_with(word) } else { name.contains(word) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Source;
    use runbook_model::secret::Place;

    fn used(name: &str) -> SecretUse {
        SecretUse { name: name.to_owned(), place: Place::Stdin, at: 0, print: None, changed: false }
    }

    #[test]
    fn a_step_gets_the_value_of_now_and_a_look_the_one_of_the_last_step() {
        let dir = tempfile::tempdir().expect("a place");
        let path = dir.path().join("token");
        let write = |text: &str| {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::write(&path, text).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("ours");
        };
        write("vault-first-value\n");
        let sources = Sources::new([("v/token".to_owned(), Source::File { path: path.clone() })].into());
        let vault = Vault::new(sources, dir.path(), Vec::new(), dir.path().join("secret.key"));
        let value = |values: Values| values["v/token"].reveal().to_owned();
        assert_eq!(value(vault.values(&[used("v/token")]).expect("there")), "vault-first-value");
        write("vault-other-value\n");
        assert_eq!(value(vault.values(&[used("v/token")]).expect("kept")), "vault-first-value");
        assert_eq!(value(vault.fetched(&[used("v/token")]).expect("new")), "vault-other-value");
        assert_eq!(value(vault.values(&[used("v/token")]).expect("kept")), "vault-other-value");
        let both = known::veiled("vault-first-value vault-other-value").into_owned();
        assert_eq!(both, "‹secret v/token› ‹secret v/token›", "the old value is no less secret");
        assert!(matches!(vault.values(&[used("none")]), Err(NotFetched::NoSource { .. })));
    }

    #[test]
    fn tokens_that_commands_inherit_are_known_and_plain_words_are_not() {
        let env = [
            ("VT_GITHUB_TOKEN", "ghp_vaulttest123456"),
            ("VT_REGION", "eu-vaulttest-1"),
            ("VT_USE_TOKEN", "true"),
            ("VT_API_KEY", "key-vaulttest-99"),
            ("VT_KEYBOARD", "layout-vaulttest"),
        ];
        let own = env.map(|(name, value)| (name.into(), value.into())).to_vec();
        let vault = Vault { env: own, ..Vault::empty() };
        let names: Vec<_> = env.iter().map(|(name, _)| (*name).to_owned()).collect();
        vault.look_around(&names);
        let shown = env.map(|(_, value)| known::veiled(value).into_owned());
        assert_eq!(shown, ["‹secret $VT_GITHUB_TOKEN›", "eu-vaulttest-1", "true", "‹secret $VT_API_KEY›", "layout-vaulttest"]);
    }
}
