//! What `runbook doctor` looks at: whether this machine and this account can keep the promises of a run.
//!
//! Each file looks at one thing and gives findings; nothing is made, written or repaired. A finding that is not good names
//! the way out.

mod answer;
mod clock;
mod finding;
mod kernel;
mod keys;
mod programs;
mod runbooks;
mod secrets;
mod session;
mod state;
mod trail;

pub use finding::{Finding, Standing};

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::place::Place;
use crate::workplace::Workplace;

/// Everything that can be found out here. Without a configuration what depends on one is left out.
#[must_use]
pub fn examine(workplace: Result<&Workplace<'_>, &Failure>) -> Vec<Finding> {
    let place = workplace.ok().map(|workplace| &workplace.place);
    let configuration = place.map(|place| &place.configuration);
    let mut findings = Vec::new();
    findings.push(match workplace {
        Ok(workplace) => read(&workplace.place),
        Err(failure) => Finding::missing("configuration", failure.to_string(), "runbook config, once it is mended"),
    });
    findings.extend(configuration.and_then(passed_over));
    findings.extend(configuration.into_iter().flat_map(runbooks::findings));
    findings.extend(configuration.and_then(environment));
    findings.extend(programs::findings(configuration));
    findings.extend(kernel::findings(configuration));
    findings.push(clock::synchronised());
    if let Some(configuration) = configuration {
        findings.extend(state::findings(&configuration.state_dir.value));
        findings.extend(trail::finding(&configuration.state_dir.value));
        findings.extend(clock::behind(&configuration.state_dir.value));
    }
    if let Ok(workplace) = workplace {
        findings.extend(keys::findings(workplace));
    }
    if let Some(place) = place {
        findings.extend(secrets::findings(place));
    }
    findings.extend(session::findings());
    findings
}

/// What somebody wrote into their own file in the belief that it counts.
fn passed_over(configuration: &Configuration) -> Option<Finding> {
    let tables: Vec<_> = configuration.passed_over.iter().map(|table| format!("`{table}`")).collect();
    let file = configuration.files.last().filter(|_| !tables.is_empty())?.display();
    let says = format!("{} in `{file}` count for nothing: only `runbook.toml` can say that", tables.join(", "));
    Some(Finding::warning("own file", says, "put it into the repository, where everybody has the same"))
}

/// Whether the environment that `RUNBOOK_ENV` names is one: otherwise each run is refused.
fn environment(configuration: &Configuration) -> Option<Finding> {
    let name = &configuration.env.as_ref()?.value;
    if configuration.environments.contains_key(name) {
        return Some(Finding::ok("environment", format!("{name}, as `RUNBOOK_ENV` says")));
    }
    let known: Vec<_> = configuration.environments.keys().map(String::as_str).collect();
    let way_out = match known.as_slice() {
        [] => "unset RUNBOOK_ENV, or describe it in `runbook.toml`: [env.NAME.settings]".to_owned(),
        known => format!("set RUNBOOK_ENV to one of: {}", known.join(", ")),
    };
    Some(Finding::missing("environment", format!("there is no environment `{name}`, which `RUNBOOK_ENV` names"), way_out))
}

fn read(place: &Place) -> Finding {
    let configuration = &place.configuration;
    let files: Vec<_> = configuration.files.iter().map(|file| file.display().to_string()).collect();
    let runbooks = place.library().titles().len();
    let from = if files.is_empty() { "no file, built-in values".to_owned() } else { files.join(", ") };
    let says = format!("{from}; {runbooks} {} found", if runbooks == 1 { "runbook" } else { "runbooks" });
    if runbooks > 0 {
        return Finding::ok("configuration", says);
    }
    Finding::warning("configuration", says, "runbook new NAME, or name another root: runbook -C DIR doctor")
}
