//! The manual, read by the programs that people read it with.

use std::process::Command;

use crate::support::Place;

#[test]
fn every_page_is_drawn_without_a_warning() {
    let place = Place::new();
    place.expect(0, &["man", "pages/man1"]).says(&["pages are in pages/man1", "man -l pages/man1/runbook.1"]);
    let mut pages = 0;
    for page in std::fs::read_dir(place.path("pages/man1")).expect("pages") {
        let page = page.expect("a page").path();
        let drawn = Command::new("groff").args(["-man", "-ww", "-Kutf8", "-Tutf8"]).arg(&page).output().expect("groff");
        assert!(drawn.stderr.is_empty(), "{}: {}", page.display(), String::from_utf8_lossy(&drawn.stderr));
        pages += 1;
    }
    assert!(pages > 30, "{pages}");
}

#[test]
fn a_page_says_what_to_type_what_the_end_means_and_where_more_stands() {
    let place = Place::new();
    place.expect(0, &["man", "man1"]);
    let drawn = Command::new("man")
        .args(["--warnings", "-P", "cat", "-l"])
        .arg(place.path("man1/runbook-exec.1"))
        .env("MANWIDTH", "100")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("man");
    let shown = String::from_utf8_lossy(&drawn.stdout);
    for wanted in [
        "runbook-exec - Run a runbook",
        "$ runbook exec rollback-api -p service=api --dry-run",
        "a step failed; the run is resumable",
        "RUNBOOK_ENV",
        "~/.config/runbook/config.toml",
        "runbook(1), runbook-resume(1)",
    ] {
        assert!(shown.contains(wanted), "`{wanted}` is not shown:\n{shown}");
    }
    assert!(!shown.contains('`'), "{shown}");
    assert_eq!(String::from_utf8_lossy(&drawn.stderr), "");
}
