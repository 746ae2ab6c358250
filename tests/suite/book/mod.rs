//! The documentation, executed: its runbooks are checked, its console sessions are typed, its links followed.

mod console;
mod measured;
mod page;
mod pages_of_the_runbooks;
mod standard_library;

use std::fs;

use page::{Page, repository};

use crate::support::Place;

/// The secrets that examples name.
const SECRETS: &str = "[secrets]\n\"db/*\" = { command = [\"false\"] }\n\"api/token\" = { env = \"TOKEN\" }\n";

#[test]
fn every_runbook_of_the_documentation_is_without_mistakes() {
    let place = Place::new();
    place.write("runbook.toml", SECRETS);
    place.write("runbooks/_lib/releases.rhai", "fn current() { 1 }");
    let mut checked = 0;
    for page in Page::all() {
        for block in page.blocks().iter().filter(|block| block.is("rhai", "ignore") && block.caption != "Wrong:") {
            // The example of a module is one.
            let name = if block.text.starts_with("// _lib/") { "_lib/example" } else { "example" };
            if name == "example" {
                place.runbook(name, &block.text);
            } else {
                place.write("runbooks/_lib/example.rhai", &block.text);
                place.runbook("example", "import \"_lib/example\" as example; example::restart(\"api\");");
            }
            let ran = place.run(&["check", "example"]);
            assert_eq!(ran.code, Some(0), "{}:{}\n{ran}", page.name, block.line);
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} runbooks were found");
}

#[test]
fn the_tests_of_the_guide_pass() {
    let page = Page::at(&repository().join("docs/src/guides/testing.md"));
    let blocks = page.blocks();
    let mut rhai = blocks.iter().filter(|block| block.is("rhai", ""));
    let place = Place::new();
    place.write("runbooks/maintenance.rhai", &rhai.next().expect("the runbook").text);
    place.write("runbooks/maintenance.test.rhai", &rhai.next().expect("its tests").text);
    let ran = place.expect(0, &["test", "maintenance"]);
    let shown = blocks.iter().find(|block| block.is("text", "")).expect("what is shown");
    let without_times = |text: &str| {
        let line = |line: &str| {
            line.rsplit_once("  ").filter(|(_, time)| time.ends_with("ms")).map_or(line, |(head, _)| head).to_owned()
        };
        text.lines().filter(|line| !line.starts_with('$')).map(line).collect::<Vec<_>>()
    };
    assert_eq!(without_times(&ran.out), without_times(&shown.text));
    place.expect(0, &["check", "--strict"]);
}

/// What only a real run can show, or (RB0019) nobody should ever see.
const NOT_IN_A_REHEARSAL: [&str; 5] = ["RB0014", "RB0016", "RB0019", "RB0030", "RB0031"];

#[test]
fn every_mistake_that_is_explained_is_found_and_named() {
    let place = Place::new();
    place.write("runbook.toml", &format!("{SECRETS}[settings]\napi = \"http://127.0.0.1:9\"\n"));
    place.runbook("rival", "runbook(#{ title: \"Another\", owner: \"team\", serves: [\"ApiDown\"] });");
    for page in Page::all() {
        let Some(code) = page.name.strip_prefix("docs/src/errors/").and_then(|name| name.strip_suffix(".md")) else { continue };
        let blocks = page.blocks();
        let Some(wrong) = blocks.iter().find(|block| block.is("rhai", "ignore") && block.caption == "Wrong:") else { continue };
        if NOT_IN_A_REHEARSAL.contains(&code) {
            continue;
        }
        // The example of a module is one; what is missing on the machine stands for the program that an example names.
        let source = wrong.text.replace("[\"count-hosts\"]", "[\"echo\", \"3\"]");
        if source.starts_with("// _lib/") {
            place.write("runbooks/_lib/example.rhai", &source);
            place.runbook("example", "import \"_lib/example\" as example;");
        } else {
            place.runbook("example", &source);
        }
        let (checked, rehearsed) = (place.run(&["check", "example"]), place.run(&["exec", "example", "--dry-run"]));
        let said = format!("{checked}{rehearsed}");
        assert!(said.contains(code), "{code} is not named\n{said}");
    }
}

#[test]
fn what_the_documentation_tells_people_to_type_works() {
    let typed: usize = Page::all().iter().map(console::session).sum();
    assert!(typed > 15, "only {typed} commands were found");
}

#[test]
fn every_link_leads_somewhere() {
    for page in Page::all() {
        let file = repository().join(&page.name);
        for (line, target) in page.links() {
            if target.starts_with("http://") || target.starts_with("https://") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let found = if path.is_empty() { file.clone() } else { file.parent().expect("a directory").join(path) };
            assert!(found.exists(), "{}:{line}: {target} leads nowhere", page.name);
            if !anchor.is_empty() {
                let found = Page::at(&found.canonicalize().expect("it exists"));
                assert!(found.anchors().iter().any(|known| known == anchor), "{}:{line}: no heading for {target}", page.name);
            }
        }
    }
}

#[test]
fn every_page_is_in_the_summary_once() {
    let summary = Page::at(&repository().join("docs/src/SUMMARY.md"));
    let linked: Vec<_> = summary.links().into_iter().map(|(_, target)| format!("docs/src/{target}")).collect();
    for page in Page::all().iter().filter(|page| page.name.starts_with("docs/src/") && page.name != summary.name) {
        let times = linked.iter().filter(|linked| **linked == page.name).count();
        assert_eq!(times, 1, "{} is in the summary {times} times", page.name);
    }
}

#[test]
fn the_reference_of_the_journal_names_every_entry() {
    let page = fs::read_to_string(repository().join("docs/src/reference/journal.md")).expect("the page");
    // Only the reader itself knows all entries: it lists them when it is given one that does not exist.
    let refusal = serde_json::from_str::<runbook_model::entry::Entry>(r#"{"type":"?"}"#).expect_err("no such entry").to_string();
    let known: Vec<_> = refusal.split('`').skip(3).step_by(2).collect();
    assert!(known.len() > 15 && known.contains(&"step_intended"), "{refusal}");
    for entry in known {
        assert!(page.contains(&format!("\n| `{entry}` |")), "docs/src/reference/journal.md does not name `{entry}`");
    }
}

#[test]
fn every_key_of_the_configuration_is_documented() {
    let page = fs::read_to_string(repository().join("docs/src/reference/configuration.md")).expect("the page");
    let place = Place::new();
    place.write(
        "runbook.toml",
        "nonsense-xyz = 1\n[alerts]\nnonsense-xyz = 1\n[audit]\nnonsense-xyz = 1\n[check]\nnonsense-xyz = 1\n[log]\nnonsense-xyz = 1\n[ssh]\nnonsense-xyz = 1\n[env.test]\nnonsense-xyz = 1\n",
    );
    let refusal = place.expect(2, &["config"]).err;
    let mut keys = 0;
    for (line, prefix) in refusal.lines().filter(|line| line.contains("known here: ")).zip([
        "",
        "alerts.",
        "audit.",
        "check.",
        "log.",
        "ssh.",
        "env.NAME.",
    ]) {
        let (_, known) = line.split_once("known here: ").expect("it was filtered by that");
        for key in known
            .trim()
            .split(", ")
            .filter(|key| !(prefix.is_empty() && ["alerts", "audit", "check", "log", "ssh", "env"].contains(key)))
        {
            assert!(page.contains(&format!("`{prefix}{key}`")), "`{prefix}{key}` is not on the page");
            keys += 1;
        }
    }
    assert!(keys >= 8, "{refusal}");
}

#[test]
fn every_dependency_has_its_reason_and_no_other_has_one() {
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).expect("the manifest");
    let (_, table) = manifest.split_once("[workspace.dependencies]\n").expect("the table");
    let (table, _) = table.split_once("\n[").expect("the next table");
    let names = table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "));
    let mut wanted: Vec<_> = names.map(|(name, _)| name).filter(|name| !name.starts_with("runbook-")).collect();
    let page = fs::read_to_string(repository().join("docs/src/reference/dependencies.md")).expect("the page");
    let tests = page.lines().filter(|line| line.starts_with("For tests only"));
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | ").map(|(cell, _)| cell));
    let mut named: Vec<_> = cells
        .flat_map(|cell| cell.split(", ").map(|name| name.trim_matches('`')))
        .chain(tests.flat_map(|line| line.split('`').skip(1).step_by(2)))
        .collect();
    wanted.sort_unstable();
    named.sort_unstable();
    assert_eq!(named, wanted);
}
