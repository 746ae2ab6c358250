//! `runbook report` and `runbook diff`: what people read after an incident, in a browser that is a real one.

use serde_json::Value;

use crate::browser::{measured, photographed};
use crate::support::Place;

/// A runbook in which everything that people, commands and files may say tries to be more than text.
const HOSTILE: &str = r#"
let p = runbook(#{ title: "</title><script>document.title='owned'</script> night", owner: "team", budget: "1m", params: #{ note: #{ fallback: "" } } });
phase("<img src=x onerror=alert(1)>", #{ budget: "1ms" }, || {
    check("look", || fs::exists("runbook.toml"));
    confirm("Go on with <b>it</b>?", #{ details: "</pre><script>document.title='owned'</script>" });
    command("print", #{ run: ["sh", "-c", "printf '</pre><script>document.title=\"owned\"</script>\\n\\033]0;owned\\007\\377\\376\\n```\\n'"], rollback: [["true", "</dd>"]] });
    command("much", #{ run: ["sh", "-c", "yes '<u>' | head -c 3000000"], rollback: "nothing" });
});
command("fail", #{ run: ["sh", "-c", "echo '<svg onload=alert(1)>' >&2; exit 3"] });
"#;

fn hostile() -> (Place, String) {
    let place = Place::with(HOSTILE);
    place.expect(1, &["exec", "main", "--yes", "-p", "note=`|<script>alert(1)</script>|` @alice #1"]);
    let run = place.newest_run();
    (place, run)
}

#[test]
fn the_page_is_text_whatever_was_printed_and_fits_every_screen() {
    let (place, run) = hostile();
    place.expect(0, &["report", &run, "-o", "night.html"]);
    let page = place.path("night.html");
    let html = place.read("night.html");
    assert!(html.len() < 400_000, "3 MB of output must not become {} bytes of page", html.len());
    for (width, charts) in [(390, 1), (1_100, 1)] {
        let seen = measured(&page, width);
        assert_eq!((seen["active"].as_u64(), seen["outside"].as_u64(), seen["dangling"].as_u64()), (Some(0), Some(0), Some(0)));
        assert!(seen["wide"].as_u64() <= Some(u64::from(width)), "wider than the screen: {} on {width}", seen["wide"]);
        assert_eq!(seen["charts"].as_u64(), Some(charts), "one picture is shown");
        assert_eq!((seen["steps"].as_u64(), seen["open"].as_u64(), seen["bars"].as_u64()), (Some(5), Some(1), Some(4)));
        let title = seen["title"].as_str().expect("a title");
        assert!(title.contains("<script>document.title='owned'</script> night: failed"), "{title}");
        let text = seen["text"].as_str().expect("text");
        for part in [
            "exit code 3",
            "<svg onload=alert(1)>",
            "1 broken, 1 not at its end",
            "said yes",
            "sealed whole",
            "<script>alert(1)</script>",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
}

#[test]
fn the_page_can_be_photographed_light_dark_and_on_a_phone() {
    let (place, run) = hostile();
    place.expect(0, &["report", &run, "-o", "night.html"]);
    for (width, height, options) in
        [(1_100, 1_400, &[] as &[&str]), (390, 844, &[]), (800, 600, &["--blink-settings=preferredColorScheme=0"])]
    {
        let (w, h, bytes) = photographed(&place.path("night.html"), width, height, options);
        assert_eq!((w, h), (width, height));
        assert!(bytes > 15_000, "a picture of {bytes} bytes shows nothing");
    }
}

#[test]
fn markdown_has_it_as_code_and_json_as_data() {
    let (place, run) = hostile();
    let md = place.expect(0, &["report", &run]).out;
    for part in [
        "| ``\"`\\|<script>alert(1)</script>\\|` @alice #1\"`` |",
        "| ✗ broken: ",
        "```text\n<svg onload=alert(1)>\n```\n",
        "exit code 3",
    ] {
        assert!(md.contains(part), "{part} is missing in\n{md}");
    }
    let fences = md.lines().filter(|line| line.starts_with("```")).count();
    assert!(fences > 0 && fences % 2 == 0, "{fences} fences\n{md}");
    assert!(!md.contains(['\u{1b}', '\u{7}']));
    let json: Value = serde_json::from_str(&place.expect(0, &["report", &run, "--format", "json"]).out).expect("JSON");
    assert_eq!((&json["v"], &json["run"], &json["verdict"]), (&Value::from(1), &Value::from(run), &Value::from("failed")));
    assert_eq!(json["steps"].as_array().map(Vec::len), Some(5));
    assert_eq!(json["steps"][3]["attempts"][0]["outcome"]["succeeded"]["exited"]["stdout"]["size"], 3_000_000);
    assert_eq!(json["promises"][1]["path"], "<img src=x onerror=alert(1)>");
    assert_eq!(json["seal"]["state"], "level");
    assert_eq!(place.expect(0, &["--output", "json", "report", json["run"].as_str().expect("a run")]).out.lines().count(), 1);
}

#[test]
fn a_damaged_run_has_a_report_up_to_the_damage() {
    let (place, run) = hostile();
    let mut journal = std::fs::read(place.journal_path()).expect("a journal");
    let at = journal.len() - 900;
    journal[at] ^= 1;
    std::fs::write(place.journal_path(), &journal).expect("damage");
    place.expect(11, &["report", &run, "-o", "night.html"]);
    let text = measured(&place.path("night.html"), 800)["text"].as_str().expect("text").to_owned();
    assert!(text.contains("This report is not whole") && text.contains("damaged at record") && text.contains("look"), "{text}");
    place.expect(11, &["report", &run]).says(&["not whole", "**damaged**"]);
    place.expect(11, &["diff", &run, &run]).says(&["the same"]);
    // Not even the beginning is left: there is nothing to tell.
    std::fs::write(place.journal_path(), &journal[..1]).expect("nothing");
    place.expect(2, &["report", &run]).says(&["never began"]);
}

#[test]
fn a_rollback_and_a_rehearsal_are_told_as_such() {
    let place =
        Place::with(r#"command("a", #{ run: ["true"], rollback: [["true", "back"]] }); command("b", #{ run: ["true"] });"#);
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    place.expect(0, &["report", &run]).says(&["a rollback would take back: `a`", "stays, no rollback is declared: `b`"]);
    place.expect(6, &["rollback", &run, "--why", "to see it"]);
    place.expect(0, &["report", &run]).says(&["**rolled back**", "rolled back: `a`", "`to see it`"]);
    place.expect(0, &["exec", "main", "--dry-run"]);
    let rehearsal = place.newest_run();
    place.expect(0, &["report", &rehearsal]).says(&["withheld", "rehearsal"]);
    place.expect(0, &["diff", &rehearsal, &run]).says(&["mode", "- rehearsal", "+ live", "- withheld", "+ done"]);
}

#[test]
fn what_differs_in_line_ends_alone_is_seen_and_what_is_left_out_is_counted() {
    let place = Place::with(
        r#"let p = runbook(#{ title: "T", owner: "o", params: #{ v: #{ type: "int", fallback: 1 } } });
        let other = p.v == 2;
        let many = ""; if other { for i in 0..5000 { many += "line " + i + "\n"; } }
        let wide = ""; for i in 0..9000 { wide += "word" + i + " "; }
        command("ends", #{ write: #{ path: "ends", content: if other { "one\r\ntwo\r\n" } else { "one\ntwo\n" } } });
        command("last", #{ write: #{ path: "last", content: if other { "three\nfour\n" } else { "three\nfour" } } });
        command("many", #{ write: #{ path: "many", content: many } });
        command("wide", #{ write: #{ path: "wide", content: wide + p.v } });
        command("mode", #{ write: #{ path: "mode", content: "m\n", mode: if other { 0o600 } else { 0o644 } } });
        command("say", #{ run: ["sh", "-c", "printf \"x$1\n\"", "sh", if other { "\\r" } else { "" }], rollback: "nothing" });"#,
    );
    for v in ["v=1", "v=2"] {
        place.expect(0, &["exec", "main", "-p", v]);
    }
    let runs: Vec<_> = place.expect(0, &["runs"]).out.lines().skip(1).map(|line| line[..26].to_owned()).collect();
    let ran = place.expect(0, &["diff", &runs[1], &runs[0]]);
    ran.says(&["- one\n", "+ one␍\n", "- four (no line break at the end)\n", "+ four\n", "- x\n", "+ x␍\n"]);
    ran.says(&["\"mode\": \"0644\"", "\"mode\": \"0600\""]);
    ran.is_silent_about(&["in the middle"]);
    let shown = ran.out.matches("+ line ").count();
    let left_out: usize = ran.out.split("… ").find_map(|rest| rest.split_once(" more lines")?.0.parse().ok()).expect("a number");
    assert_eq!(shown + left_out, 5_000, "{shown} shown, {left_out} left out");
    assert!(ran.out.lines().all(|line| line.len() < 1_000), "a line that fills the screen says nothing");
    ran.says(&["word8999 1", "word8999 2"]);
    place.expect(0, &["show", &runs[0], "ends"]).says(&["- one\n", "+ one␍\n"]);
    place.expect(0, &["show", &runs[0], "mode"]).says(&["content         its content was so already"]);
    place.expect(0, &["report", &runs[0], "--format", "html"]).says(&["+ one␍"]);
}

#[test]
fn a_branch_says_whose_it_is_and_a_step_behind_a_phase_is_not_in_it() {
    let place = Place::with(
        r#"parallel("all", ["web-1", "web-2"], #{ max: 2 }, |host| {
            command("drain", #{ run: ["true"], rollback: [["true"]] });
            phase("Deploy", || { command("copy", #{ run: ["true"], rollback: "nothing" }); });
        });
        phase("After", || { check("inside", || true); });
        check("outside", || true);"#,
    );
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    let page = place.expect(0, &["report", &run, "--format", "html"]).out;
    for host in ["web-1", "web-2"] {
        let mark = |text: &str| page.matches(text).count();
        assert_eq!(mark(&format!("<span class=\"name\">{host}: copy ")), 1, "in the list of steps");
        assert_eq!(mark(&format!("</tspan> {host}: drain</text>")), 2, "in both pictures");
        assert_eq!(mark(&format!(">{host}: drain</a></li>")), 1, "among what a rollback would take back");
        assert_eq!(mark(&format!(">{host}: Deploy</text>")), 2);
    }
    let (inside, outside) =
        (page.find("class=\"name\">inside").expect("inside"), page.find("class=\"name\">outside").expect("it"));
    assert!(page[inside..outside].contains("<h3>"), "the last step does not stand under the heading of the phase");
    let json: Value = serde_json::from_str(&place.expect(0, &["report", &run, "--format", "json"]).out).expect("JSON");
    let branches: Vec<_> = json["steps"].as_array().expect("steps").iter().filter_map(|step| step["branch"].as_str()).collect();
    assert_eq!(branches.len(), 4);
    assert!(branches.contains(&"all/web-1") && json["steps"][5].get("branch").is_none(), "{branches:?}");
}

#[test]
fn a_pipe_is_written_as_it_is_but_in_a_table() {
    let place = Place::with("command(\"a | b\", #{ run: [\"sh\", \"-c\", \"echo x | cat; exit 3\"] });");
    place.expect(1, &["exec", "main"]);
    let md = place.expect(0, &["report", "last"]).out;
    for part in ["sh -c 'echo x | cat; exit 3'`", "### `a | b` failed", "| `a \\| b` |"] {
        assert!(md.contains(part), "{part} is missing in\n{md}");
    }
}

#[test]
fn what_cannot_be_written_is_no_success() {
    let place = Place::with("check(\"fine\", || true);");
    place.expect(0, &["exec", "main"]);
    for args in [&["show", "last"] as &[_], &["show", "last", "--output", "json"], &["runs"], &["report", "last"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let ran = place.command(args).stdout(full).output().expect("the binary starts");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains("cannot write to standard output"), "{args:?}: {said}");
    }
}

#[test]
fn a_question_that_is_open_waits_and_its_run_has_not_ended() {
    let place = Place::with("confirm(\"Go on?\");");
    place.expect(4, &["exec", "main"]);
    for format in ["md", "html"] {
        let report = place.expect(0, &["report", "last", "--format", format]);
        report.says(&["it waits for an answer", "Last record"]).is_silent_about(&["nobody wrote down how it ended", "Ended"]);
    }
    place.expect(0, &["show", "last", "Go on?"]).says(&["ended           it waits for an answer"]);
}

#[test]
fn a_note_says_where_it_stands() {
    let prints = ["\"text\"", "1", "`word ${1}`", "[1]", "#{ a: 1 }", "true", "'c'", "1.5", "()", ""];
    let place = Place::with(&prints.map(|what| format!("print({what});\n")).concat());
    place.expect(0, &["exec", "main"]);
    let json: Value = serde_json::from_str(&place.expect(0, &["report", "last", "--format", "json"]).out).expect("JSON");
    let notes = json["notes"].as_array().expect("notes");
    let lines: Vec<_> = notes.iter().map(|note| note["loc"]["line"].as_u64().expect("a line")).collect();
    assert!(lines[0] > 0 && lines.windows(2).all(|two| two[1] == two[0] + 1), "{lines:?}");
    assert!(notes.iter().all(|note| note["loc"]["file"] == "runbooks/main.rhai"), "{notes:?}");
}

#[test]
fn markdown_has_the_notes_and_who_worked_on_it_too() {
    let place = Place::with("print(\"to be remembered\");");
    place.expect(0, &["exec", "main"]);
    let md = place.expect(0, &["report", "last"]);
    md.says(&["## Notes of the script", "| `to be remembered` | `runbooks/main.rhai:", "## Who worked on it"]);
    md.says(&["| started it | completed, after "]);
}

#[test]
fn a_value_as_long_as_a_file_fills_no_screen_and_no_report() {
    let place = Place::with(
        r#"let text = check("read", || fs::read("lines"));
        check("one line", || fs::read("wide"));
        check("as wanted", || text, #{ expect: "x", advisory: true });
        check("failing", || fs::read("lines"), #{ expect: "y" });"#,
    );
    place.write("lines", &(0..20_000).map(|n| format!("line {n}\n")).collect::<String>());
    for last in ["1", "2"] {
        place.write("wide", &format!("{}{last}", "x".repeat(100_000)));
        let longest = |text: &str| text.lines().map(|line| line.chars().count()).max();
        let ran = place.expect(1, &["exec", "main"]);
        assert!(longest(&ran.err) < Some(1_000), "{:?} characters in a line of the terminal", longest(&ran.err));
        for format in ["md", "html"] {
            let report = place.expect(0, &["report", "last", "--format", format]).out;
            assert!(report.len() < 100_000, "{} bytes of {format}", report.len());
            assert!(longest(&report) < Some(10_000), "{:?} characters in a line of {format}", longest(&report));
        }
        place.expect(0, &["show", "last", "read"]).says(&[
            "value           ",
            "| line 0\n",
            "bytes are not kept",
            "| line 19999\n",
        ]);
    }
    let runs: Vec<_> = place.expect(0, &["runs"]).out.lines().skip(1).map(|line| line[..26].to_owned()).collect();
    let diff = place.expect(0, &["diff", &runs[1], &runs[0]]);
    diff.says(&["xx1\n", "xx2\n"]);
    assert!(diff.out.len() < 3_000, "{} bytes", diff.out.len());
}

#[test]
fn the_end_of_a_long_reason_is_told() {
    let place = Place::with(
        r#"let long = ""; for i in 0..100 { long += "word "; }
        check("wanted", || long, #{ expect: "what was wanted", advisory: true });
        check("missed", || throw long + "why it missed", #{ advisory: true });
        attempt(|| command("write", #{ write: #{ path: "none/" + long, content: "" } }));
        check("seen", || long.sub_string(0, 390) + "at its end");
        check("thrown", || throw long + "why it failed");"#,
    );
    let ran = place.expect(1, &["exec", "main"]);
    ran.says(&["- what was wanted", "why it missed", "create it in a step before", "why it failed"]);
    for format in ["md", "html"] {
        let report = place.expect(0, &["report", "last", "--format", format]);
        report.says(&["why it missed", "create it in a step before", "why it failed"]);
    }
    place.expect(0, &["show", "last", "seen"]).says(&["word at its end"]);
    place.expect(0, &["show", "last", "thrown"]).says(&["why it failed"]);
}

#[test]
fn two_runs_differ_in_what_was_asked_and_printed_and_not_in_when() {
    let place = Place::with(
        r#"let p = runbook(#{ title: "T", owner: "o", params: #{ text: #{ fallback: "x" } } });
        command("say", #{ run: ["cat", "said"], rollback: "nothing" });
        check("it is there", || fs::exists("said"));"#,
    );
    place.write("said", "one\ntwo\n");
    for text in ["a", "a", "b"] {
        place.expect(0, &["exec", "main", "-p", &format!("text={text}")]);
        if text == "a" && place.path("again").exists() {
            place.write("said", "one\nTWO\n");
        }
        place.write("again", "");
    }
    let mut runs: Vec<_> = place.expect(0, &["runs"]).out.lines().skip(1).map(|line| line[..26].to_owned()).collect();
    runs.reverse();
    place.expect(0, &["diff", &runs[0], &runs[1]]).says(&["the same: 2 steps"]).is_silent_about(&["parameters"]);
    let json: Value =
        serde_json::from_str(&place.expect(0, &["diff", &runs[0], &runs[1], "--output", "json"]).out).expect("JSON");
    assert_eq!((&json["v"], &json["same"]), (&Value::from(1), &Value::from(true)));
    place.expect(0, &["diff", &runs[1], &runs[2]]).says(&[
        "text\n    - \"a\"\n    + \"b\"",
        "- two",
        "+ TWO",
        "1 step does not differ",
    ]);
    place.expect(2, &["diff", &runs[0], "0"]).says(&["runbook runs"]);
}
