//! Under which circumstances a runbook is performed in a test.

use std::collections::BTreeMap;
use std::path::PathBuf;

use runbook_model::Value;
use runbook_model::declaration::Declaration;
use runbook_model::entry::{Mode, RunStarted};
use runbook_model::outlook::Outlook;
use runbook_model::parameter::{self, Origin, Refused};
use runbook_runtime::script::Program;
use runbook_runtime::script::testing::Background;
use runbook_runtime::sweep::{Subject, scripted};

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::library::Title;
use crate::typed::{Parameter, unfit};

/// A runbook, and everything around it that a test may want otherwise.
#[derive(Clone)]
pub struct Circumstances {
    /// Its name and file.
    pub title: Title,
    /// The runbook.
    pub program: Program,
    /// What it says about itself.
    pub declaration: Declaration,
    /// The configuration that applies.
    pub configuration: Configuration,
    /// The root of the repository.
    pub root: PathBuf,
    /// The environment that was typed.
    pub env: Option<String>,
    /// The parameters that were typed: stronger than those of the test.
    pub typed: Vec<Parameter>,
}

/// Why a runbook cannot be performed like that.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The environment is not there.
    #[error(transparent)]
    Environment(#[from] Failure),
    /// The parameters are not.
    #[error("the parameters do not fit")]
    Parameters(Vec<Refused>),
}

impl Circumstances {
    /// What is performed, with the parameters of `run(#{ … })` over those of the background.
    ///
    /// # Errors
    /// There is no such environment, or the parameters do not fit.
    pub fn subject(&self, background: &Background, params: &BTreeMap<String, Value>) -> Result<Subject, Unfit> {
        let (env, environment) = self.configuration.environment(self.env.as_deref().or(background.env.as_deref()))?;
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut given: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in background.params.iter().chain(params) {
            given.insert(name.clone(), text(value));
        }
        given.extend(self.typed.iter().map(|typed| (typed.name.clone(), typed.text.clone())));
        let mut hosts = environment.host_groups();
        hosts.extend(background.hosts.clone());
        let given: Vec<_> = given.into_iter().map(|(name, text)| (name, text, Origin::Typed)).collect();
        let params = parameter::resolve(&self.declaration.params, &given).map_err(Unfit::Parameters)?;
        let mut settings = environment.values();
        settings.extend(background.settings.clone());
        let groups = self.configuration.groups.keys();
        let started = RunStarted {
            runbook: self.title.name.clone(),
            title: self.declaration.title.clone(),
            owner: self.declaration.owner.clone(),
            mode: Mode::Live,
            env,
            protected: false,
            params,
            settings,
            hosts,
            budget: self.declaration.budget,
            on_failure: self.declaration.on_failure,
            sources: self.program.pinned(),
            provenance: None,
            root: self.root.display().to_string(),
            // The person of the scripted world may speak for everybody.
            groups: groups.map(|group| (group.clone(), vec!["tester".to_owned()])).collect(),
            alert: None,
            unsealed: Some("`runbook test`".to_owned()),
            locks: self.declaration.locks.clone(),
            gate: None,
            outlook: Outlook::default(),
        };
        let given = background.given.clone();
        Ok(Subject { program: self.program.clone(), started, world: Box::new(move || scripted(&given)) })
    }

    /// The failure of a command that needed it.
    #[must_use]
    pub fn failure(&self, why: Unfit) -> Failure {
        match why {
            Unfit::Environment(failure) => failure,
            Unfit::Parameters(refused) => unfit(&self.title.name, &refused),
        }
    }
}
