//! What git believes beside the commits, nobody is shown another history with.

use std::fs;
use std::path::Path;

use git2::Oid;

use super::fixture::{Place, completed, run};
use crate::audit::verify::Flawed;
use crate::audit::{Archive, Request, Unusable, verify};

/// Says in git's own shortcut through the history that the first parent of a commit is another one.
fn shortcut(graph: &Path, commit: &str, parent: &str, generation: u32) {
    let mut bytes = fs::read(graph).unwrap();
    let number = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    // Each chunk: four letters, and where it begins, as a number of eight bytes.
    let chunk = |bytes: &[u8], name: &[u8]| {
        let entry = (0..usize::from(bytes[6])).map(|n| 8 + 12 * n).find(|at| &bytes[*at..at + 4] == name).unwrap();
        number(bytes, entry + 8) as usize
    };
    let (fanout, ids, data) = (chunk(&bytes, b"OIDF"), chunk(&bytes, b"OIDL"), chunk(&bytes, b"CDAT"));
    let count = number(&bytes, fanout + 255 * 4) as usize;
    let at = |hex: &str| {
        let id = Oid::from_str(hex).unwrap();
        (0..count).find(|n| &bytes[ids + 20 * n..ids + 20 * (n + 1)] == id.as_bytes()).unwrap()
    };
    let (entry, parent) = (data + 36 * at(commit), u32::try_from(at(parent)).unwrap());
    let time = number(&bytes, entry + 28) & 3;
    bytes[entry + 20..entry + 24].copy_from_slice(&parent.to_be_bytes());
    bytes[entry + 28..entry + 32].copy_from_slice(&(generation << 2 | time).to_be_bytes());
    fs::remove_file(graph).unwrap();
    fs::write(graph, bytes).unwrap();
}

#[test]
fn a_run_that_was_cut_off_is_missed_whatever_the_commit_graph_says() {
    let place = Place::new();
    let archive = place.open();
    let heads: Vec<_> = (1..=3).map(|n| archive.conclude(&completed(n).seal("")).unwrap().main.unwrap()).collect();
    place.git(&["-c", "commitGraph.generationVersion=1", "commit-graph", "write", "--reachable"]);
    place.git(&["update-ref", "refs/heads/main", &heads[1]]);
    place.git(&["update-ref", "-d", &format!("refs/heads/runs/{}", run(3))]);
    let graph = place.path().join("objects/info/commit-graph");
    shortcut(&graph, &heads[2], &heads[0], 50);
    shortcut(&graph, &heads[1], &heads[2], 60);

    let (since, remembered) = (Some(heads[2].as_str()), Some(heads[2].as_str()));
    let found = verify(&place.path(), &Request { since, remembered, ..Request::default() }).unwrap().findings;
    let flaws: Vec<_> = found.into_iter().map(|found| found.flaw).collect();
    assert_eq!(flaws, [Flawed::NotAnAncestor(heads[2].clone()), Flawed::Forgotten(heads[2].clone())]);
    assert!(matches!(Archive::open(&place.path(), None), Err(Unusable::Rewritten(_))));
}

#[test]
fn what_has_git_show_something_else_is_named() {
    let place = Place::new();
    let main = place.open().conclude(&completed(1).seal("")).unwrap().main.unwrap();
    let flaws = || {
        let found = verify(&place.path(), &Request::default()).unwrap().findings;
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(flaws(), [""; 0]);
    let founding = place.git(&["rev-parse", "main^1"]);
    place.git(&["replace", &main, founding.trim()]);
    assert_eq!(flaws(), [format!("`refs/replace/{main}`: makes `git` show another history than the trail holds: remove it")]);
    place.git(&["replace", "-d", &main]);
    for (file, way_out) in [("info/grafts", "remove it"), ("shallow", "it comes from `clone --depth`: clone all of it")] {
        fs::create_dir_all(place.path().join("info")).unwrap();
        fs::write(place.path().join(file), format!("{main}\n")).unwrap();
        assert_eq!(flaws(), [format!("`{file}`: makes `git` show another history than the trail holds: {way_out}")]);
        fs::remove_file(place.path().join(file)).unwrap();
    }
    assert_eq!(flaws(), [""; 0]);
}
