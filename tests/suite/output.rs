//! What people and programs read.

use crate::support::Place;

#[test]
fn the_exit_codes_are_told() {
    let place = Place::new();
    let ran = place.expect(0, &["help", "exit-codes"]);
    for code in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "130"] {
        assert!(ran.out.lines().any(|line| line.trim_start().starts_with(code)), "{code} is missing:\n{ran}");
    }
}

#[test]
fn without_a_terminal_there_are_no_control_sequences() {
    let place = Place::with(r#"command("colours", #{ run: ["printf", "\\033[31mred\\033[0m"], rollback: "nothing" });"#);
    let ran = place.expect(0, &["exec", "main"]);
    assert!(!ran.err.contains('\u{1b}'), "{}", ran.err.escape_debug());
}

#[test]
fn long_output_is_bounded_in_the_journal_and_whole_on_disk() {
    let place = Place::with(r#"command("much", #{ run: ["sh", "-c", "yes | head -c 10000000"], rollback: "nothing" });"#);
    place.expect(0, &["exec", "main"]);
    let ended = place.journal().into_iter().find(|r| r["type"] == "step_ended").expect("an end");
    assert_eq!(ended["outcome"]["succeeded"]["exited"]["stdout"]["size"], 10_000_000);
    assert!(std::fs::metadata(place.journal_path()).expect("a journal").len() < 200_000);
}

#[test]
fn a_limit_keeps_both_ends_and_the_digest_of_everything() {
    let place = Place::with(
        r#"
        command("much", #{ run: sh("seq 1 2000000"), output: "1MiB", rollback: "nothing" });
        command("little", #{ run: sh("seq 1 2000; seq 1 3 >&2"), output: "2KiB", rollback: "nothing" });
        "#,
    );
    place.expect(0, &["exec", "main"]);
    let ends: Vec<_> = place.journal().into_iter().filter(|record| record["type"] == "step_ended").collect();
    let whole: String = (1..=2_000_000).map(|n| format!("{n}\n")).collect();
    let digest = |text: &str| runbook_model::digest::Digest::of(text.as_bytes()).to_string();
    let stdout = &ends[0]["outcome"]["succeeded"]["exited"]["stdout"];
    assert_eq!((stdout["size"].as_u64(), stdout["digest"].as_str()), (Some(whole.len() as u64), Some(&*digest(&whole))));
    let files = std::fs::read_dir(place.state().join("runs").join(place.newest_run()).join("keeper")).expect("the keeper's");
    let kept: Vec<_> = files.map(|file| std::fs::read(file.expect("a file").path()).unwrap_or_default()).collect();
    let kept = kept.iter().find(|bytes| bytes.len() > 1024 * 1024).expect("the spool");
    let kept = String::from_utf8_lossy(kept);
    let dropped = whole.len() - 1024 * 1024;
    assert!(kept.len() < 1024 * 1024 + 300 && kept.starts_with("1\n2\n") && kept.ends_with("\n2000000\n"));
    assert!(kept.contains(&format!(
        "[runbook: {dropped} bytes are left out here; all {} bytes have the SHA-256 {}]",
        whole.len(),
        digest(&whole)
    )));
    // A limit below what the journal keeps holds for the journal.
    let little = &ends[1]["outcome"]["succeeded"]["exited"];
    assert_eq!(
        (little["stdout"]["head"].as_str().map(str::len), little["stdout"]["tail"].as_str().map(str::len)),
        (Some(1024), Some(1024))
    );
    assert_eq!(little["stderr"]["head"], "1\n2\n3\n");
}

#[test]
fn a_limit_that_is_none_is_a_mistake_at_its_place() {
    let place = Place::with(r#"command("x", #{ run: ["true"], output: "10mb" });"#);
    place.expect(2, &["check"]).says(&["`10mb` is not a size", "main.rhai:2"]);
}
