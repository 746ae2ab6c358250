//! Programs of others that the engine starts by itself: git and ssh.

use super::answer::{Silent, first_line};
use super::finding::Finding;
use crate::configuration::Configuration;

pub(super) fn findings(configuration: Option<&Configuration>) -> Vec<Finding> {
    let remote = configuration.is_some_and(|configuration| configuration.audit.remote.is_some());
    let hosts = configuration.is_some_and(|configuration| {
        let environments = configuration.environments.values();
        !configuration.hosts.is_empty() || environments.into_iter().any(|environment| !environment.hosts.is_empty())
    });
    let mut findings = vec![
        judged(
            "git",
            first_line("git", &["--version"]),
            remote,
            "`[audit] remote` needs it",
            "only `[audit] remote` and your own look at the trail need it",
        ),
        judged("ssh", first_line("ssh", &["-V"]), hosts, "`[hosts]` need it", "only commands on hosts need it"),
    ];
    if let Some(file) = configuration.and_then(|configuration| configuration.ssh_config.as_ref()) {
        let (path, origin) = (file.value.display(), &file.origin);
        findings.push(match std::fs::File::open(&file.value) {
            Ok(_) => Finding::ok("ssh configuration", path.to_string()),
            Err(error) => {
                Finding::missing("ssh configuration", format!("`{path}`: {error}"), format!("mend `[ssh] config` ({origin})"))
            }
        });
    }
    findings
}

/// `needed` says why it is needed here; `otherwise` what goes without it.
fn judged(name: &str, answer: Result<String, Silent>, is_needed: bool, needed: &str, otherwise: &str) -> Finding {
    let why = if is_needed { needed } else { otherwise };
    match answer {
        Ok(version) => Finding::ok(name, version),
        Err(silent) => {
            let says = match silent {
                Silent::NotThere => format!("there is no `{name}` in PATH; {why}"),
                Silent::Useless(what) => format!("{what}; {why}"),
            };
            let way_out = if name == "ssh" { "install the package openssh-client" } else { "install the package git" };
            if is_needed { Finding::missing(name, says, way_out) } else { Finding::warning(name, says, way_out) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;

    #[test]
    fn what_is_not_there_is_missing_only_where_it_is_needed() {
        let standing = |needed| judged("git", Err(Silent::NotThere), needed, "a", "b").standing;
        assert_eq!((standing(true), standing(false)), (Standing::Missing, Standing::Warning));
        assert_eq!(judged("git", Ok("git version 2".to_owned()), true, "a", "b").standing, Standing::Ok);
    }
}
