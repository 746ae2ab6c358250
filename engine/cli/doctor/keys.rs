//! Whether what `[audit] sign` names can sign, here and in each environment.

use super::finding::{Finding, Standing};
use crate::workplace::Workplace;

pub(super) fn findings(workplace: &Workplace<'_>) -> Vec<Finding> {
    let environments = &workplace.place.configuration.environments;
    // Those that say nothing of their own are signed as everywhere else.
    let own =
        environments.iter().filter(|(_, environment)| environment.audit.sign.is_some() || environment.audit.signing.is_some());
    std::iter::once(None).chain(own.map(|(name, _)| Some(name.as_str()))).map(|env| in_environment(workplace, env)).collect()
}

fn in_environment(workplace: &Workplace<'_>, env: Option<&str>) -> Finding {
    let about = env.map_or_else(|| "signing".to_owned(), |env| format!("signing in {env}"));
    let required = workplace.signing_is_required(env);
    let way_out = "in ~/.config/runbook/config.toml: [audit] sign = \"~/.ssh/id_ed25519\" (or \"agent\")";
    match workplace.signer(env) {
        Ok(Some(signer)) => Finding::ok(about, format!("the key {} has signed", signer.fingerprint())),
        Ok(None) if required => Finding::missing(about, "required, and no key is named", way_out),
        Ok(None) => Finding::ok(about, "no key is named: the trail is not signed"),
        Err(why) => {
            let standing = if required { Standing::Missing } else { Standing::Warning };
            Finding { standing, ..Finding::warning(about, why, way_out) }
        }
    }
}
