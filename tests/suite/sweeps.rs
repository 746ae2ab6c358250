//! `runbook test`: runbooks in a scripted world, failed, repeated and killed at every boundary.

use std::sync::Mutex;

use crate::support::Place;

const SWEEPS: [&str; 3] = ["--fail-each-step", "--repeat-each-step", "--crash-matrix"];

fn swept(place: &Place, more: &[&str], code: i32) -> Vec<serde_json::Value> {
    let ran = place.expect(code, &[&["test", "--output", "json"], &SWEEPS[..], more].concat());
    let lines = ran.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a line is JSON"));
    // The tests of the runbook come first.
    lines.filter(|line| line.get("sweep").is_some()).collect()
}

#[test]
fn every_shipped_runbook_keeps_the_promise() {
    let place = Place::new();
    let root = env!("CARGO_MANIFEST_DIR");
    let state = place.path("state");
    let shipped = std::fs::read_dir(format!("{root}/runbooks")).expect("the runbooks");
    let names = shipped.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let (tests, shipped): (Vec<_>, Vec<_>) =
        names.filter(|name| name.ends_with(".rhai")).partition(|name| name.ends_with(".test.rhai"));
    // Thousands of runs: as many runbooks at a time as there are processors.
    let waiting = Mutex::new(shipped.clone());
    let rows = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(file) = waiting.lock().expect("nobody panicked").pop() else { return };
                    let name = file.trim_end_matches(".rhai");
                    let found = swept(&place, &["--root", root, "--state-dir", state.to_str().expect("a text"), name], 0);
                    rows.lock().expect("nobody panicked").extend(found);
                }
            });
        }
    });
    let rows = rows.into_inner().expect("nobody panicked");
    assert_eq!(rows.len(), shipped.len() * SWEEPS.len());
    assert_eq!(tests.len(), shipped.len(), "each runbook that we ship has its tests");
    for row in &rows {
        // What only looks has nothing that could fail or be repeated; killed it can be.
        let only_looks = row["runbook"] == "health-sweep" && row["sweep"] != "crash matrix";
        assert!(only_looks || row["runs"].as_u64() > Some(0), "{row}");
        assert!(row["violations"].as_array().is_some_and(Vec::is_empty), "{row}");
    }
    // The figures of the manual are these.
    let page = std::fs::read_to_string(format!("{root}/docs/src/reference/crash-matrix.md")).expect("the page");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<_> = page.lines().map(words).collect();
    for row in rows.iter().filter(|row| row["runbook"] == "rollback-api") {
        let sweep = row["sweep"].as_str().unwrap_or_default();
        let line = format!("rollback-api {sweep} {} {} 0", row["runs"], row["in_doubt"]);
        assert!(lines.contains(&line), "crash-matrix.md does not say `{line}`");
    }
}

#[test]
fn the_tests_of_every_shipped_runbook_pass_and_come_by_everything() {
    let place = Place::new();
    let state = place.path("state");
    let ran = place.expect(0, &["test", "--root", env!("CARGO_MANIFEST_DIR"), "--state-dir", state.to_str().expect("a text")]);
    ran.is_silent_about(&["never ran", "never taken", "its rollback:"]);
}

#[test]
fn nothing_real_is_touched() {
    let place = Place::with(r#"command("a", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: ["touch", "back"] });"#);
    let before = place.photograph();
    place.expect(0, &["test", "main"]).says(&["main: completed; 1 change", "a: sh -c", "~rollback/a/~1: touch back"]);
    swept(&place, &["main"], 0);
    assert_eq!(place.photograph(), before);
    assert!(!place.state().join("runs").exists());
}

#[test]
fn a_look_without_an_answer_is_named_with_the_lines_to_add() {
    let place = Place::with(r#"check("there", || fs::read_link("/srv/x") == "y"); confirm("Which?", #{ choices: ["b", "c"] });"#);
    let file = "runbooks/main.test.rhai";
    let ran = place.expect(2, &["test", "main"]);
    ran.says(&["given(\"fs::read_link /srv/x\", #{ gives: \"…\" });", file]);
    place.write(file, "given(\"fs::read_link /srv/x\", #{ gives: \"y\" });\n");
    place.expect(2, &["test", "main"]).says(&["given(\"Which?\", #{ chooses: \"b\" });", file]);
    place.write(file, "given(\"fs::read_link *\", #{ gives: \"y\" });\ngiven(\"Which?\", #{ chooses: \"b\" });\n");
    place.expect(0, &["test", "main"]);
    place.expect(0, &["list"]).is_silent_about(&["main.test"]);
    place.write(file, "given(\"fs::read_link *\", #{ givs: \"y\" });\n");
    place.expect(2, &["test", "main"]).says(&["main.test.rhai:1", "did you mean `gives`?"]);
    place.expect(2, &["check"]).says(&["main.test.rhai:1", "RB0004"]);
}

#[test]
fn a_runbook_that_breaks_the_promise_is_drawn() {
    // The look says "there" whatever happened: after a crash an effect that never was is passed over.
    let place = Place::with(
        r#"command("a", #{ run: ["do", "a"], settled_by: || fs::exists("/a") }); command("b", #{ run: ["do", "b"] });"#,
    );
    place.write("runbooks/main.test.rhai", "given(\"fs::stat /a\", #{ gives: true });\n");
    let ran = place.expect(1, &["test", "main", "--crash-matrix"]);
    ran.says(&["violation:", "nobody knows, then resumed", "- expected  a: do a"]);
    let ran = place.expect(1, &["test", "main", "--crash-matrix", "--output", "json"]);
    assert!(ran.out.contains("\"violations\":[{\"disturbed\":\"killed "), "{ran}");
}

#[test]
fn parameters_and_settings_come_from_the_file_and_the_command_line() {
    let place = Place::with(
        r#"let p = runbook(#{ title: "T", params: #{ n: #{ type: "int" }, s: #{ type: "string" } } });
           command("a", #{ run: ["do", `${p.n}`, p.s, settings.where] });"#,
    );
    place.expect(2, &["test", "main"]).says(&["`n` is required"]);
    place.write("runbooks/main.test.rhai", "given(#{ params: #{ n: 1, s: \"filed\" }, settings: #{ where: \"here\" } });\n");
    place.expect(0, &["test", "main", "-p", "s=typed"]).says(&["a: do 1 typed here"]);
}
