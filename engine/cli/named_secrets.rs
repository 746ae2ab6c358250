//! Parameters that name secrets. What stands there is written down, so it has to be a name that the configuration knows: somebody
//! in a hurry types the password itself.

use std::collections::{BTreeMap, BTreeSet};

use runbook_model::parameter::{Given, Kind, Parameter};
use runbook_runtime::secret::Sources;

use crate::failure::Failure;

/// Refuses what is no name of a known secret, without saying what it is.
///
/// # Errors
/// A parameter of the type `secret` names none of the configuration (RB0050).
pub(crate) fn known(
    declared: &BTreeMap<String, Parameter>,
    given: &BTreeMap<String, Given>,
    sources: &Sources,
) -> Result<(), Failure> {
    let named = |name: &String| given.get(name).and_then(|given| given.value.as_str());
    let secrets = declared.iter().filter(|(_, parameter)| parameter.kind == Kind::Secret);
    for (parameter, _) in secrets {
        if named(parameter).is_some_and(|name| !name.is_empty() && sources.of(name).is_none()) {
            let message = format!(
                "what was given for `{parameter}` is no name in [secrets], and is not shown here (RB0050); nothing was run"
            );
            let names: Vec<_> = sources.names().collect();
            let hint = if names.is_empty() { "[secrets] of runbook.toml is empty".to_owned() } else { names.join(", ") };
            return Err(Failure::usage(message).hint(hint));
        }
    }
    Ok(())
}

/// The names of the secrets that parameters name.
pub(crate) fn chosen(declared: &BTreeMap<String, Parameter>, given: &BTreeMap<String, Given>) -> BTreeSet<String> {
    let secrets = declared.iter().filter(|(_, parameter)| parameter.kind == Kind::Secret);
    let named = secrets.filter_map(|(name, _)| given.get(name)?.value.as_str());
    named.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
