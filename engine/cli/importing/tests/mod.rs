//! What becomes of Markdown; and that nothing in it becomes more than text.

mod hostile;
mod shell;
mod text;
mod values;

use std::collections::BTreeMap;

use runbook_runtime::script::{Pinned, Program, at_depth};

use super::{Imported, import};

fn imported(text: &str) -> Imported {
    let imported = import(text, "x.md", "x", "team");
    read(&imported.runbook).unwrap_or_else(|wrong| panic!("{wrong}\n{}", imported.runbook));
    imported
}

fn read(source: &str) -> Result<(), String> {
    let sources = Pinned(BTreeMap::from([("x.rhai".to_owned(), source.to_owned())]));
    let read = at_depth(|| Program::load(&sources, "x.rhai").and_then(|program| program.describe()));
    read.map(drop).map_err(|diagnostics| diagnostics.render(false))
}

/// What `run` of the commands of a block becomes.
#[track_caller]
fn runs(language: &str, block: &str) -> Vec<String> {
    let imported = imported(&format!("# T\n\n```{language}\n{block}\n```\n"));
    let mut all: Vec<String> = Vec::new();
    for line in imported.runbook.lines() {
        let line = line.trim();
        if let Some(run) = line.strip_prefix("run: ") {
            all.push(run.trim_end_matches(',').to_owned());
        } else if line.starts_with('"') && all.last().is_some_and(|last| last.ends_with('+')) {
            let last = all.last_mut().expect("a line above");
            last.push_str(line.trim_end_matches(','));
        }
    }
    all
}
