//! The page of the standard library: what stands in its modules, for people who do not read them.

use std::fs;
use std::path::PathBuf;

use super::page::repository;

const BY_PROGRAM: &str =
    "<!-- Written from the doc comments of stdlib/; `BLESS=1 cargo test --test suite standard_library` renews it. -->";

/// A public function, and what is said about it.
struct Function {
    signature: String,
    about: String,
}

/// A module, its functions in groups that may have a name.
struct Module {
    name: String,
    about: String,
    groups: Vec<(Option<String>, Vec<Function>)>,
}

impl Module {
    fn read(path: &PathBuf) -> Self {
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(path).expect("a module");
        let (mut about, mut said) = (String::new(), String::new());
        let mut groups: Vec<(Option<String>, Vec<Function>)> = vec![(None, Vec::new())];
        for line in text.lines() {
            if let Some(more) = line.strip_prefix("//!") {
                push_line(&mut about, more);
            } else if let Some(more) = line.strip_prefix("///") {
                push_line(&mut said, more);
            } else if let Some(heading) = line.strip_prefix("// ── ").and_then(|rest| rest.strip_suffix(" ──")) {
                groups.push((Some(heading.to_owned()), Vec::new()));
            } else if let Some(function) = line.strip_prefix("fn ") {
                let signature = function.split(" {").next().expect("a signature").to_owned();
                assert!(!said.is_empty(), "{name}::{signature} says nothing about itself");
                groups.last_mut().expect("a group").1.push(Function { signature, about: std::mem::take(&mut said) });
            } else {
                said.clear();
            }
        }
        assert!(!about.is_empty(), "{name} says nothing about itself");
        groups.retain(|(_, functions)| !functions.is_empty());
        Self { name, about, groups }
    }

    fn page(&self) -> String {
        let mut page = format!("\n## std/{}\n\n{}\n", self.name, self.about.trim_end());
        for (heading, functions) in &self.groups {
            if let Some(heading) = heading {
                page.push_str(&format!("\n### {}: {}\n", self.name, heading.to_lowercase()));
            }
            page.push('\n');
            for Function { signature, about } in functions {
                page.push_str(&format!("- **`{signature}`** {}\n", about.trim_end().replace('\n', "\n  ")));
            }
        }
        page
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line.strip_prefix(' ').unwrap_or(line));
    text.push('\n');
}

#[test]
fn the_page_of_the_standard_library_is_what_its_modules_say() {
    let mut files: Vec<_> =
        fs::read_dir(repository().join("stdlib")).expect("the library").map(|entry| entry.expect("a file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rhai"));
    files.sort();
    assert!(files.len() > 10, "{files:?}");
    let modules: Vec<_> = files.iter().map(Module::read).collect();
    let mut wanted = format!("# The standard library\n\n{BY_PROGRAM}\n\n");
    wanted.push_str(
        "Modules that come with the program, written in the language itself: `import \"std/releases\" as releases;`. Their text is pinned \
         with the run, like any other source. A function either *looks*, and works inside a check (or `settled_by`) only, or it makes \
         steps of its own, or it gives what a command's `run` needs and does nothing by itself.\n",
    );
    for module in &modules {
        wanted.push_str(&module.page());
    }
    let page = repository().join("docs/src/reference/standard-library.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&page, &wanted).expect("the page can be written");
    }
    let found = fs::read_to_string(&page).unwrap_or_default();
    assert!(found == wanted, "docs/src/reference/standard-library.md is not what stdlib says: BLESS=1 renews it");
}
