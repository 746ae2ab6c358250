//! The operator's key: found, tried and judged before the first step.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use runbook_runtime::audit::verify::Demanded;
use runbook_runtime::signing::{self, AllowedSigners, Signer, Signing};

use crate::configuration::{Policy, Surroundings, expanded};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;
use crate::workplace::Workplace;

impl Workplace<'_> {
    /// What a session signs with in this environment.
    ///
    /// # Errors
    /// Signing is required there, and the key cannot do it; nothing was run.
    pub fn signing(&self, env: Option<&str>) -> Result<Signing, Failure> {
        let required = self.signing_is_required(env);
        match self.signer(env) {
            Ok(None) if required => {
                let place = env.map_or("here".to_owned(), |env| format!("in `{env}`"));
                let failure = format!("runs have to be signed {place}, and no key is named; nothing was run");
                Err(Failure::new(ExitCode::Refused, failure)
                    .hint("in ~/.config/runbook/config.toml: [audit] sign = \"~/.ssh/id_ed25519\" (or \"agent\")"))
            }
            Ok(signer) => Ok(Signing { signer, required }),
            Err(why) if required => {
                Err(Failure::new(ExitCode::Refused, format!("runs have to be signed; nothing was run: {why}")))
            }
            Err(why) => {
                output::to_stderr(&format!("notice: this is not signed: {}\n", output::safe::line(&why)));
                Ok(Signing { signer: None, required })
            }
        }
    }

    /// The people whose signatures count, from a file that was named or configured.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn allowed_signers(&self, named: Option<&Path>) -> Result<Option<AllowedSigners>, Failure> {
        let Some(file) = named.map(Path::to_path_buf).or_else(|| self.allowed_signers_file()) else { return Ok(None) };
        let unreadable =
            |why: String| Failure::usage(format!("the allowed signers in `{}` cannot be read: {why}", file.display()));
        let text = std::fs::read_to_string(&file).map_err(|error| unreadable(error.to_string()))?;
        AllowedSigners::parse(&text).map(Some).map_err(|malformed| unreadable(malformed.to_string()))
    }

    /// Which runs have to be signed, by their environment.
    #[must_use]
    pub fn demanded(&self) -> Demanded {
        let envs = self.place.configuration.environments.keys();
        Demanded {
            elsewhere: self.signing_is_required(None),
            envs: envs.map(|env| (env.clone(), self.signing_is_required(Some(env)))).collect(),
        }
    }

    pub(crate) fn signing_is_required(&self, env: Option<&str>) -> bool {
        let configuration = &self.place.configuration;
        let of_env = env.and_then(|env| configuration.environments.get(env)).and_then(|env| env.audit.signing.as_ref());
        of_env.or(configuration.audit.signing.as_ref()).is_some_and(|signing| signing.value == Policy::Required)
    }

    fn allowed_signers_file(&self) -> Option<PathBuf> {
        let file = self.place.configuration.audit.allowed_signers.as_ref()?;
        Some(expanded(&file.value, home(&self.place.surroundings), &self.root()))
    }

    /// The key that is named for this environment, having signed once.
    pub(crate) fn signer(&self, env: Option<&str>) -> Result<Option<Arc<dyn Signer>>, String> {
        let (configuration, surroundings) = (&self.place.configuration, &self.place.surroundings);
        let of_env = env.and_then(|env| configuration.environments.get(env)).and_then(|env| env.audit.sign.as_ref());
        let Some(named) = of_env.or(configuration.audit.sign.as_ref()) else { return Ok(None) };
        let named = match named.value.as_str() {
            agent if agent == "agent" || agent.starts_with("agent:") => agent.to_owned(),
            file => expanded(file, home(surroundings), &self.root()).display().to_string(),
        };
        let socket = surroundings.variable("SSH_AUTH_SOCK").map(Path::new);
        let signer = signing::open(&named, socket).map_err(|cannot| cannot.to_string())?;
        // A key that nobody vouches for is found out now, and not by the auditor.
        if let Some(signers) = self.allowed_signers(None).map_err(|failure| failure.to_string())? {
            for namespace in ["git", runbook_model::statement::NAMESPACE] {
                signers.who(signer.public(), namespace, Timestamp::now()).map_err(|why| {
                    let file = self.allowed_signers_file().unwrap_or_default();
                    format!("`{named}` ({}): {why}, says `{}`", signer.fingerprint(), file.display())
                })?;
            }
        }
        Ok(Some(signer))
    }
}

fn home(surroundings: &Surroundings) -> Option<&Path> {
    surroundings.variable("HOME").map(Path::new)
}
