//! Whether the directories that `runbooks` names can hold any: where one is not, its runbooks are missed by nobody.

use super::finding::Finding;
use crate::catalogue::is_inside;
use crate::configuration::{Configuration, Origin};

const WAY_OUT: &str = "runbook config --show-origin says who named it in `runbooks`";

pub(super) fn findings(configuration: &Configuration) -> Vec<Finding> {
    let directories = &configuration.runbooks;
    // Before the first runbook the usual one is not there.
    let is_usual = directories.origin == Origin::BuiltIn;
    let judged = |directory: &std::path::PathBuf| {
        let shown = directory.display();
        if !is_inside(&configuration.root.value, directory) {
            let says = format!("`{shown}` is outside of the root, or goes by way of `..`: no runbook there can be run");
            return Some(Finding::missing("runbooks", says, WAY_OUT));
        }
        (!is_usual && !directory.is_dir())
            .then(|| Finding::warning("runbooks", format!("the directory `{shown}` is not there"), WAY_OUT))
    };
    directories.value.iter().filter_map(judged).collect()
}
