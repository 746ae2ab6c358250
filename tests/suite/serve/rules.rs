//! The twelve rules of the page: each is held by tests that there are.

use std::path::Path;

/// Every test of the engine and of the suite, by its name.
fn tests(dir: &Path, found: &mut Vec<String>) {
    for entry in dir.read_dir().expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let mut lines = text.lines().map(str::trim);
            while let Some(line) = lines.next() {
                if line == "#[test]" {
                    let name = lines.next().and_then(|line| line.strip_prefix("fn ")?.split('(').next());
                    found.extend(name.map(str::to_owned));
                }
            }
        }
    }
}

#[test]
fn each_rule_names_tests_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    ["engine", "tests/suite"].iter().for_each(|dir| tests(&root.join(dir), &mut found));
    let page = std::fs::read_to_string(root.join("docs/src/guides/page-for-a-team.md")).expect("the page");
    let table = page.split("## Twelve rules").nth(1).expect("the rules");
    let rules: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | ")).collect();
    let rules: Vec<_> = rules.into_iter().filter(|(number, _)| number.parse::<u32>().is_ok()).collect();
    assert_eq!(rules.len(), 12);
    for (number, rest) in rules {
        let named = rest.rsplit(" | ").next().unwrap_or_default();
        let named: Vec<_> = named.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "rule {number} names no test");
        for name in named {
            assert!(found.iter().any(|known| known == name), "rule {number}: there is no test `{name}`");
        }
    }
}
