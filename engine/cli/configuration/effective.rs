//! The configuration as it applies: all layers, one upon the other.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use runbook_model::Value;
use runbook_model::length::Length;
use runbook_model::parameter::nearest;
use runbook_runtime::secret::{Source, Sources};

use crate::configuration::alerts::Alerts;
use crate::configuration::audit::Audit;
use crate::configuration::layer::{EnvironmentLayer, Layer, Settings};
use crate::configuration::secrets::{self, SecretsLayer};
use crate::configuration::{Origin, Rules, Serve, Sourced, Surroundings, root};
use crate::failure::Failure;
use crate::globals::Globals;

/// What applies, each value with its origin.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The root of the runbook repository: absolute. Relative paths of commands start from here.
    pub root: Sourced<PathBuf>,
    /// Where runs and the audit trail are kept: absolute. It need not exist yet.
    pub state_dir: Sourced<PathBuf>,
    /// Directories with runbooks: absolute. They need not exist.
    pub runbooks: Sourced<Vec<PathBuf>>,
    /// Variables that commands get on top of the usual few.
    pub pass_env: Sourced<Vec<String>>,
    /// Whether the programs of a rehearsal's checks are kept from writing.
    pub confine: Sourced<bool>,
    /// Who belongs to which group, for confirms that name one: login names.
    pub groups: BTreeMap<String, Sourced<Vec<String>>>,
    /// The groups of hosts when no environment is named.
    pub hosts: BTreeMap<String, Sourced<Vec<String>>>,
    /// A configuration for `ssh` in place of the user's own: absolute.
    pub ssh_config: Option<Sourced<PathBuf>>,
    /// How long a host that was lost in mid-command is asked again.
    pub ssh_reconnect: Option<Sourced<Length>>,
    /// Codes that `runbook check` passes over here, each with the reason.
    pub allowed: BTreeMap<String, Sourced<String>>,
    /// What is logged.
    pub log_filter: Option<Sourced<String>>,
    /// Where it is logged: absolute.
    pub log_file: Option<Sourced<PathBuf>>,
    /// What is asked of the runbooks that alerts lead to.
    pub alerts: Alerts,
    /// How the audit trail is signed, judged and copied.
    pub audit: Audit,
    /// What scripts see as `settings` when no environment is named.
    pub settings: BTreeMap<String, Sourced<Value>>,
    /// Where secrets come from when no environment is named.
    pub secrets: BTreeMap<String, Sourced<Source>>,
    /// Where the page listens, and who may do what on it.
    pub serve: Serve,
    /// The environments that can be named.
    pub environments: BTreeMap<String, Environment>,
    /// The environment that `RUNBOOK_ENV` names.
    pub env: Option<Sourced<String>>,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// What the user's own file has and only `runbook.toml` can say: tables that count for nothing.
    pub passed_over: Vec<&'static str>,
}

/// One environment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Environment {
    /// What it asks of a run.
    pub rules: Rules,
    /// How its runs are signed.
    pub audit: Audit,
    /// The groups of hosts: the common ones, and over them those of the environment.
    pub hosts: BTreeMap<String, Sourced<Vec<String>>>,
    /// What scripts see as `settings`: the common ones with those of the environment merged over them.
    pub settings: BTreeMap<String, Sourced<Value>>,
    /// Where secrets come from: the common sources with those of the environment laid over them.
    pub secrets: BTreeMap<String, Sourced<Source>>,
}

impl Environment {
    /// Where secrets come from.
    #[must_use]
    pub fn sources(&self) -> Sources {
        Sources::new(self.secrets.iter().map(|(name, source)| (name.clone(), source.value.clone())).collect())
    }

    /// The settings as a script sees them.
    #[must_use]
    pub fn values(&self) -> serde_json::Map<String, Value> {
        self.settings.iter().map(|(key, setting)| (key.clone(), setting.value.clone())).collect()
    }

    /// The groups of hosts as a script sees them.
    #[must_use]
    pub fn host_groups(&self) -> BTreeMap<String, Vec<String>> {
        self.hosts.iter().map(|(group, hosts)| (group.clone(), hosts.value.clone())).collect()
    }

    /// Whether changes to it deserve more care.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.rules.protected.as_ref().is_some_and(|protected| protected.value)
    }
}

impl Configuration {
    /// Finds and reads everything.
    ///
    /// # Errors
    /// A file cannot be read or has mistakes, a named directory is not there, a variable is not UTF-8.
    pub fn load(surroundings: &Surroundings, globals: &Globals) -> Result<Self, Failure> {
        let from_flag = globals.root.as_deref().map(|dir| Sourced::new(dir, Origin::Flag("--root")));
        let from_variable =
            surroundings.variable("RUNBOOK_ROOT").map(|dir| Sourced::new(Path::new(dir), Origin::Variable("RUNBOOK_ROOT")));
        let (root, file) = root::find(surroundings, from_flag.or(from_variable))?;
        let mut configuration = Self {
            state_dir: Sourced::new(root.value.join(".runbook"), Origin::BuiltIn),
            runbooks: Sourced::new(vec![root.value.join("runbooks")], Origin::BuiltIn),
            pass_env: Sourced::new(Vec::new(), Origin::BuiltIn),
            confine: Sourced::new(true, Origin::BuiltIn),
            groups: BTreeMap::new(),
            hosts: BTreeMap::new(),
            ssh_config: None,
            ssh_reconnect: None,
            allowed: BTreeMap::new(),
            log_filter: None,
            log_file: None,
            alerts: Alerts::default(),
            audit: Audit::default(),
            settings: BTreeMap::new(),
            secrets: BTreeMap::new(),
            serve: Serve::default(),
            environments: BTreeMap::new(),
            env: None,
            files: Vec::new(),
            passed_over: Vec::new(),
            root,
        };
        let home = surroundings.variable("HOME").map(PathBuf::from);
        let mut environments = Vec::new();
        if let Some(file) = file {
            let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
            let base = configuration.root.value.clone();
            environments.push(configuration.take(Layer::read(&file, &text)?, &Base::Directory(base), home.as_deref(), file)?);
        }
        if let Some(file) = surroundings.user_file() {
            match fs::read_to_string(&file) {
                Ok(text) => {
                    environments.push(configuration.take(Layer::read(&file, &text)?, &Base::None, home.as_deref(), file)?);
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(error) => return Err(unreadable(&file, &error)),
            }
        }
        configuration.take_variables(surroundings)?;
        configuration.take_flags(surroundings, globals);
        // Last, so that an environment wins over common settings of either file.
        for (name, layer, is_own) in environments.into_iter().flatten() {
            let common = configuration.common();
            let environment = configuration.environments.entry(name).or_insert(common);
            merge(&mut environment.settings, layer.settings);
            environment.hosts.extend(layer.hosts);
            environment.secrets.extend(layer.secrets);
            environment.rules.overlaid(layer.rules, is_own);
            environment.audit.overlay(layer.audit, is_own);
        }
        Ok(configuration)
    }

    /// The environment of a run: the one that a flag names, else `RUNBOOK_ENV`, else none, with the common settings.
    ///
    /// # Errors
    /// There is no such environment.
    pub fn environment(&self, flag: Option<&str>) -> Result<(Option<String>, Environment), Failure> {
        let Some(name) = flag.or(self.env.as_ref().map(|env| env.value.as_str())) else {
            return Ok((None, self.common()));
        };
        if let Some(environment) = self.environments.get(name) {
            return Ok((Some(name.to_owned()), environment.clone()));
        }
        let known: Vec<_> = self.environments.keys().map(String::as_str).collect();
        let failure = Failure::usage(format!("there is no environment `{name}`"));
        Err(match (nearest(name, known.iter().copied()), known.as_slice()) {
            (Some(near), _) => failure.meant(Some(format!("--env {near}"))).hint("runbook config"),
            (None, []) => failure.hint("describe it in `runbook.toml`: [env.NAME.settings]"),
            (None, known) => failure.detail(format!("there are: {}", known.join(", "))).hint("runbook config"),
        })
    }

    fn common(&self) -> Environment {
        let (hosts, secrets) = (self.hosts.clone(), self.secrets.clone());
        Environment { hosts, secrets, settings: self.settings.clone(), ..Environment::default() }
    }

    /// Where the secrets of a run come from that was started in this environment, as the configuration is now.
    #[must_use]
    pub fn sources(&self, env: Option<&str>) -> Sources {
        let found = self.environment(env).or_else(|_| self.environment(None));
        found.map(|(_, environment)| environment.sources()).unwrap_or_default()
    }

    /// Whether any environment says where this secret comes from.
    #[must_use]
    pub fn has_source(&self, secret: &str) -> bool {
        let common = self.common();
        self.environments.values().chain([&common]).any(|environment| environment.sources().of(secret).is_some())
    }

    fn take(&mut self, layer: Layer, base: &Base, home: Option<&Path>, file: PathBuf) -> Result<Vec<NamedLayer>, Failure> {
        if let Some(state_dir) = layer.state_dir {
            self.state_dir = base.path(state_dir)?;
        }
        if let Some(Sourced { value, origin }) = layer.runbooks {
            let dirs: Result<Vec<_>, _> =
                value.into_iter().map(|dir| base.path(Sourced::new(dir, origin.clone())).map(|dir| dir.value)).collect();
            self.runbooks = Sourced::new(dirs?, origin);
        }
        if let Some(pass_env) = layer.pass_env {
            self.pass_env = pass_env;
        }
        if let Some(confine) = layer.confine {
            self.confine = confine;
        }
        match base {
            Base::Directory(_) => {
                self.groups = layer.groups.unwrap_or_default();
                self.allowed = layer.allowed.unwrap_or_default();
                (self.serve, self.alerts) = (layer.serve, layer.alerts);
            }
            Base::None => self.passed_over = layer.of_the_repository,
        }
        self.hosts.extend(layer.hosts);
        if let Some(file) = layer.ssh_config {
            self.ssh_config = Some(base.path(file)?);
        }
        self.ssh_reconnect = layer.ssh_reconnect.or(self.ssh_reconnect.take());
        if let Some(filter) = layer.log_filter {
            self.log_filter = Some(filter);
        }
        if let Some(file) = layer.log_file {
            self.log_file = Some(base.path(file)?);
        }
        let is_own = matches!(base, Base::None);
        self.audit.overlay(layer.audit, is_own);
        merge(&mut self.settings, layer.settings);
        self.secrets.extend(base.sources(layer.secrets, home)?);
        self.files.push(file);
        let environments = layer.environments.into_iter().map(|(name, layer)| {
            let secrets = base.sources(layer.secrets, home)?;
            Ok((name, EnvironmentLayer { secrets, ..layer }, is_own))
        });
        environments.collect()
    }

    fn take_variables(&mut self, surroundings: &Surroundings) -> Result<(), Failure> {
        let path = |name: &'static str| {
            surroundings.variable(name).map(|dir| Sourced::new(surroundings.cwd.join(dir), Origin::Variable(name)))
        };
        if let Some(state_dir) = path("RUNBOOK_STATE_DIR") {
            self.state_dir = state_dir;
        }
        if let Some(file) = path("RUNBOOK_LOG_FILE") {
            self.log_file = Some(file);
        }
        if let Some(file) = path("RUNBOOK_SSH_CONFIG") {
            self.ssh_config = Some(file);
        }
        if let Some(dirs) = surroundings.variable("RUNBOOK_RUNBOOKS") {
            let dirs = std::env::split_paths(OsStr::new(dirs)).map(|dir| surroundings.cwd.join(dir)).collect();
            self.runbooks = Sourced::new(dirs, Origin::Variable("RUNBOOK_RUNBOOKS"));
        }
        let text = |name| -> Result<_, Failure> {
            Ok(surroundings.text(name)?.map(|text| Sourced::new(text.to_owned(), Origin::Variable(name))))
        };
        self.log_filter = text("RUNBOOK_LOG")?.or(self.log_filter.take());
        self.env = text("RUNBOOK_ENV")?;
        Ok(())
    }

    fn take_flags(&mut self, surroundings: &Surroundings, globals: &Globals) {
        if let Some(dir) = &globals.state_dir {
            self.state_dir = Sourced::new(surroundings.cwd.join(dir), Origin::Flag("--state-dir"));
        }
        if let Some(file) = &globals.log {
            self.log_file = Some(Sourced::new(surroundings.cwd.join(file), Origin::Flag("--log")));
        }
    }
}

/// What a file says about an environment, and whether it is the user's own.
type NamedLayer = (String, EnvironmentLayer, bool);

/// From where relative paths of a file start.
enum Base {
    Directory(PathBuf),
    None,
}

impl Base {
    /// The sources with absolute paths. `~/` is the operator's home: identities lie there, and a repository is for many.
    fn sources(&self, layer: SecretsLayer, home: Option<&Path>) -> Result<SecretsLayer, Failure> {
        let resolved = layer.into_iter().map(|(name, Sourced { value, origin })| {
            let absolute = |path: PathBuf| match (path.strip_prefix("~"), home) {
                (Ok(rest), Some(home)) => Ok(home.join(rest)),
                _ => self.path(Sourced::new(path.to_string_lossy().into_owned(), origin.clone())).map(|path| path.value),
            };
            let source = secrets::resolved(value, &absolute)?;
            Ok((name, Sourced::new(source, origin)))
        });
        resolved.collect()
    }

    fn path(&self, text: Sourced<String>) -> Result<Sourced<PathBuf>, Failure> {
        let Sourced { value, origin } = text;
        match self {
            Self::Directory(directory) => Ok(Sourced::new(directory.join(value), origin)),
            Self::None if Path::new(&value).is_absolute() => Ok(Sourced::new(PathBuf::from(value), origin)),
            Self::None => {
                Err(Failure::usage(format!("`{value}` ({origin}) is relative: the user's own file needs absolute paths")))
            }
        }
    }
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot read `{}`: {error}", file.display()))
}

/// Lays settings over others: tables are merged key by key, everything else is replaced.
fn merge(below: &mut BTreeMap<String, Sourced<Value>>, above: Settings) {
    for (key, setting) in above {
        match below.get_mut(&key) {
            Some(under) => {
                merge_value(&mut under.value, setting.value);
                under.origin = setting.origin;
            }
            None => {
                below.insert(key, setting);
            }
        }
    }
}

fn merge_value(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                merge_value(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}
