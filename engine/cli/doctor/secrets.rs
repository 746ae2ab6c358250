//! Whether the sources of secrets are there. No secret is fetched: that may ask somebody, and is the run's business.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use runbook_runtime::secret::Source;

use super::finding::Finding;
use crate::place::Place;

pub(super) fn findings(place: &Place) -> Vec<Finding> {
    let configuration = &place.configuration;
    let mut sources: BTreeMap<String, &Source> = BTreeMap::new();
    sources.extend(configuration.secrets.iter().map(|(name, source)| (format!("secret {name}"), &source.value)));
    for (env, environment) in &configuration.environments {
        // A source that an environment shares with all others is told once.
        let own = environment.secrets.iter().filter(|(name, source)| configuration.secrets.get(*name) != Some(source));
        sources.extend(own.map(|(name, source)| (format!("secret {name} in {env}"), &source.value)));
    }
    let path = place.surroundings.variable("PATH").map(std::ffi::OsStr::to_os_string).unwrap_or_default();
    let has = |program: &str| runs(program, &path, &configuration.root.value);
    sources
        .into_iter()
        .flat_map(|(about, source)| judged(&about, source, &|name| place.surroundings.variable(name).is_some(), &has))
        .collect()
}

fn judged(about: &str, source: &Source, is_set: &dyn Fn(&str) -> bool, has: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let ok = || vec![Finding::ok(about, format!("from {}", source.words()))];
    match source {
        Source::Env { variable } if is_set(variable) => ok(),
        Source::Env { variable } => vec![Finding::warning(
            about,
            format!("the variable `{variable}` is not set"),
            format!("set `{variable}` before the run"),
        )],
        Source::File { path } => private(about, path).map_or_else(ok, |finding| vec![finding]),
        Source::Command { argv, .. } => match argv.first() {
            Some(program) if !has(program) => {
                vec![Finding::missing(
                    about,
                    format!("there is no program `{program}`"),
                    format!("install `{program}`, or name another source in [secrets]"),
                )]
            }
            _ => ok(),
        },
        Source::Age { file, identity, .. } => {
            let mut findings = Vec::new();
            if !has("age") && !has("rage") {
                findings.push(Finding::missing(about, "there is neither `age` nor `rage`", "install the package age"));
            }
            if let Err(error) = std::fs::File::open(file) {
                findings.push(Finding::missing(
                    about,
                    format!("`{}`: {error}", file.display()),
                    "name another file in [secrets]",
                ));
            }
            findings.extend(identity.as_deref().and_then(|identity| private(about, identity)));
            if findings.is_empty() { ok() } else { findings }
        }
    }
}

/// A file that is not there, not ours, or open to others.
fn private(about: &str, path: &Path) -> Option<Finding> {
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(error) => Some(Finding::missing(about, format!("`{shown}`: {error}"), "name another file in [secrets]")),
        Ok(there) if !there.is_file() => {
            Some(Finding::missing(about, format!("`{shown}` is no file"), "name another file in [secrets]"))
        }
        Ok(there) if there.permissions().mode() & 0o077 != 0 => Some(Finding::missing(
            about,
            format!("`{shown}` is open to others (mode {:04o})", there.mode() & 0o7777),
            format!("chmod 600 {shown}"),
        )),
        Ok(_) => None,
    }
}

fn runs(program: &str, path: &std::ffi::OsStr, root: &Path) -> bool {
    let is_program = |file: &Path| rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok() && file.is_file();
    if program.contains('/') {
        return is_program(&root.join(program));
    }
    std::env::split_paths(path).any(|dir| is_program(&dir.join(program)))
}
