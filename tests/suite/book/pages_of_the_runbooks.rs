//! The pages of the runbooks that come with the project: what the program says about each.

use std::fs;

use super::page::repository;
use crate::support::Place;

const BY_PROGRAM: &str =
    "<!-- Written by `runbook show NAME --format md`; `BLESS=1 cargo test --test suite pages_of_the_runbooks` renews it. -->";

#[test]
fn the_pages_of_the_runbooks_are_what_the_program_says_about_them() {
    let place = Place::new();
    let root = repository().to_str().expect("a path").to_owned();
    let state = place.path("state").to_str().expect("a path").to_owned();
    let summary = fs::read_to_string(repository().join("docs/src/SUMMARY.md")).expect("the summary");
    let listed = place.expect(0, &["--root", &root, "--state-dir", &state, "--output", "json", "list"]);
    let mut names = Vec::new();
    for line in listed.out.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        names.push(line["name"].as_str().expect("a name").to_owned());
    }
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let shown = place.expect(0, &["--root", &root, "--state-dir", &state, "show", &name, "--format", "md"]);
        let (title, rest) = shown.out.split_once('\n').expect("a title");
        let (before, after) = rest.split_at(rest.find("## Diagram\n").expect("a diagram"));
        let wanted = format!("{title}\n\n{BY_PROGRAM}\n{before}{}{after}", super::measured::section(&name));
        let page = repository().join(format!("docs/src/runbooks/{name}.md"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&page, &wanted).expect("the page can be written");
        }
        let found = fs::read_to_string(&page).unwrap_or_default();
        assert!(found == wanted, "docs/src/runbooks/{name}.md is not what the program says: BLESS=1 renews it");
        assert!(summary.contains(&format!("(runbooks/{name}.md)")), "{name} is not in the summary");
    }
}
