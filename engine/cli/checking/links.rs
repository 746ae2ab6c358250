//! Links that lead nowhere.

use std::path::Path;

use runbook_model::declaration::Declaration;
use runbook_runtime::script::{Code, Diagnostic, Program};

/// What is wrong with the links of a runbook. Addresses are looked at, and not visited.
pub(super) fn dead(root: &Path, program: &Program, declaration: &Declaration) -> Vec<Diagnostic> {
    let wrong = declaration.links.iter().filter_map(|link| Some((link, wrong(root, link)?)));
    wrong
        .map(|(link, why)| {
            Diagnostic::warning(Code::DeadLink, format!("the link `{link}` leads nowhere: {why}"))
                .at(program.declared_at("links"))
        })
        .collect()
}

fn wrong(root: &Path, link: &str) -> Option<String> {
    let address = link.split_once("://");
    match address {
        Some(("http" | "https", rest)) => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let odd = host.is_empty() || rest.contains(|c: char| c.is_whitespace() || c.is_control());
            odd.then(|| "this is no address".to_owned())
        }
        Some((scheme, _)) => Some(format!("a browser at night does not know `{scheme}:`; write an http:// or https:// address")),
        None => {
            let path = link.split('#').next().unwrap_or_default();
            let inside = !path.is_empty() && !path.starts_with('/') && !path.split('/').any(|part| part == "..");
            match (inside, root.join(path).exists()) {
                (false, _) => Some("a path starts at the root of the repository, and stays in it".to_owned()),
                (true, false) => Some("there is no such file in the repository".to_owned()),
                (true, true) => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_files_of_the_repository_lead_somewhere() {
        let root = tempfile::tempdir().expect("a directory");
        std::fs::write(root.path().join("api.md"), "").expect("written");
        for link in ["https://wiki.example/api?x=1#y", "http://[::1]:80/", "api.md", "api.md#roll-back"] {
            assert_eq!(wrong(root.path(), link), None, "{link}");
        }
        for link in
            ["https://", "https:// x", "https://a b", "ftp://x", "", "none.md", "/etc/passwd", "../x", "javascript:alert(1)"]
        {
            assert!(wrong(root.path(), link).is_some(), "{link}");
        }
    }
}
