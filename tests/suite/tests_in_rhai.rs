//! `runbook test` with tests beside the runbook: what they can say, and what people and build servers read.

use crate::support::Place;

const RUNBOOK: &str = r#"let p = runbook(#{ title: "Restart", owner: "o", params: #{ service: #{ fallback: "api" } } });
let up = check("is it up", || http::get("http://127.0.0.1:1/").status == 200, #{ advisory: true });
if up == true {
    confirm(`${p.service} is up. Restart it all the same?`, #{ details: "Nobody is served meanwhile." });
}
let done = command("restart", #{ run: ["systemctl", "restart", p.service], rollback: ["systemctl", "start", "old"], retry: #{ times: 1, every: "1h" } });
print(`it said ${done.stdout}`);
"#;

fn place(tests: &str) -> Place {
    let place = Place::with(RUNBOOK);
    place.write("runbooks/main.test.rhai", tests);
    place
}

#[test]
fn what_was_done_asked_shown_and_rolled_back_can_be_expected() {
    let place = place(
        r#"given("http::get *", #{ status: 200 });
        test("it is restarted", || {
            given("restart", [#{ exits: 1, complains: "busy" }, #{ prints: "done\n" }]);
            let ran = run(#{ service: "db" });
            assert_eq(ran.status, "completed");
            assert_eq(ran.steps, ["is it up", "db is up. Restart it all the same?", "restart"]);
            assert_eq(ran.changes, ["systemctl restart db (failed)", "systemctl restart db"]);
            assert_eq(ran.asked, [#{ question: "db is up. Restart it all the same?", details: "Nobody is served meanwhile." }]);
            assert_has(ran.shown, "db is up. Restart it all the same?  yes, says tester");
            assert_eq(ran.printed, ["it said done"]);
            assert_eq(ran.step("restart").value, "done");
            assert_eq(ran.rollback.status, "rolled back");
            assert_eq(ran.rollback.changes, ["systemctl start old"]);
        });
        test("nobody is asked when it is down", || {
            given("is it up", #{ gives: false });
            let ran = run();
            assert_eq(ran.asked, []);
            assert_eq(ran.step("is it up").outcome, "missed");
        });"#,
    );
    let before = place.photograph();
    place.expect(0, &["test", "runbooks/main.test.rhai"]).says(&[
        "✓ it is restarted",
        "✓ nobody is asked when it is down",
        "3 of 3 steps, 1 of 1 branch",
    ]);
    assert_eq!(place.photograph(), before);
}

/// Branches begin in any order, so the first step of a name is another one from run to run.
#[test]
fn a_step_of_several_branches_is_named_by_its_path() {
    let place = Place::with(
        r#"parallel("each", ["a", "b"], |x| command("do", #{ run: ["do", x], rollback: "nothing" }));
        for x in [1, 2] { command("again", #{ run: ["again", x], rollback: "nothing" }); }"#,
    );
    let test = |name: &str| {
        let expected = format!("assert_eq(run().step(\"{name}\").outcome, \"succeeded\");");
        place.write("runbooks/main.test.rhai", &format!("test(\"t\", || {{ {expected} }});"));
    };
    test("do");
    place.expect(1, &["test", "main"]).says(&["steps in several places are called \"do\"", "each/a/do", "each/b/do"]);
    for one in ["each/b/do", "again", "again#2"] {
        test(one);
        place.expect(0, &["test", "main"]).says(&["✓ t"]);
    }
}

#[test]
fn what_a_test_prints_is_shown_with_it() {
    let place = place(
        r#"given("http::get *", #{ status: 500 });
        test("first", || { let ran = run(); print(ran.changes); assert_eq(ran.status, "completed"); });
        test("second", || { print("before it\nfails"); assert_eq(run().status, "failed"); });"#,
    );
    let ran = place.expect(1, &["test", "main"]);
    ran.says(&["✓ first", "    [\"systemctl restart api\"]\n", "✗ second", "    before it\n    fails\n"]);
    place.expect(1, &["test", "main", "--output", "json"]).says(&[r#""printed":["before it\nfails"]"#]);
}

#[test]
fn a_test_that_fails_is_drawn_and_hides_no_other() {
    let place = place(
        r#"given("http::get *", #{ status: 500 });
        test("wrong", || {
            assert_eq(run().changes, ["systemctl restart db"]);
        });
        test("right", || { assert_eq(run().status, "completed"); });"#,
    );
    let ran = place.expect(1, &["test", "main", "--junit", "results.xml"]);
    ran.says(&["✗ wrong", "main.test.rhai:3", "systemctl restart api", "systemctl restart db", "✓ right"]);
    ran.says(&["2 of 3 steps, 0 of 1 branch", "runbooks/main.rhai:4:5  confirm never ran", "if never taken"]);
    let xml = place.read("results.xml");
    assert!(xml.contains("tests=\"2\" failures=\"1\"") && xml.contains("<testcase classname=\"main\" name=\"right\""), "{xml}");
    let lines = place.expect(1, &["test", "main", "--output", "json"]).out;
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&lines[0]["test"], &lines[0]["ok"], &lines[1]["ok"]), (&"wrong".into(), &false.into(), &true.into()));
    assert_eq!(lines[0]["diagnostics"][0]["code"], "RB0031");
    assert_eq!(lines[2]["coverage"]["missed_steps"][0]["span"]["line"], 4);
}

#[test]
fn a_sweep_is_beside_the_tests_and_not_in_place_of_them() {
    let place = Place::with("command(\"a\", #{ run: [\"do\", \"a\"], rollback: [\"undo\", \"a\"] });");
    place.write("runbooks/main.test.rhai", "test(\"wrong\", || { assert_eq(run().changes, []); });");
    let ran = place.expect(1, &["test", "main", "--junit", "results.xml", "--fail-each-step"]);
    ran.says(&["✗ wrong", "main.test.rhai:1", "1 of 1 step", "main     fail each step"]);
    let xml = place.read("results.xml");
    let of = |name: &str| xml.find(&format!("<testcase classname=\"main\" name=\"{name}\"")).expect(name);
    assert!(xml.contains("tests=\"2\" failures=\"1\"") && of("wrong") < of("fail each step"), "{xml}");
    assert!(!xml[of("fail each step")..].contains("time=\"0.000\""), "a sweep takes its time, too: {xml}");
    let lines = place.expect(1, &["test", "main", "--fail-each-step", "--output", "json"]).out;
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        (&lines[0]["test"], &lines[0]["ok"], &lines[2]["sweep"]),
        (&"wrong".into(), &false.into(), &"fail each step".into())
    );
    // Right tests do not make a runbook right that breaks the promise.
    place.write("runbooks/main.test.rhai", "test(\"right\", || { assert_eq(run().status, \"completed\"); });");
    place.expect(0, &["test", "main", "--fail-each-step"]).says(&["✓ right", "fail each step"]);
}

#[test]
fn what_a_test_does_not_say_is_named_with_the_lines_to_add() {
    let place = place("test(\"x\", || { run(); });");
    place.expect(1, &["test"]).says(&["main.test.rhai:1", "given(\"http::get http://127.0.0.1:1/\", #{ status: 200 });"]);
    place.write("runbooks/main.test.rhai", "test(\"x\", || { run(#{ servce: 1 }); });");
    place.expect(1, &["test"]).says(&["does not take these parameters", "did you mean `service`"]);
    place.write("runbooks/main.test.rhai", "test(\"x\", || { loop { } });");
    place.expect(1, &["test"]).says(&["RB0012"]);
}

#[test]
fn a_real_run_becomes_a_test_that_passes() {
    let place = Place::with(
        r#"let p = runbook(#{ title: "T", owner: "o", params: #{ n: #{ type: "int" } } });
        let seen = check("look", || fs::read("seen"));
        let done = command("say", #{ run: ["sh", "-c", "echo \"$0\"", `${seen} ${p.n}`], rollback: "nothing" });
        let tried = attempt(|| command("fail", #{ run: ["sh", "-c", "echo oops >&2; exit 7"], rollback: "nothing" }));
        if tried.error.code != 7 { throw "another code" }
        if done.stdout != `${seen} 3` { throw `another text: ${done.stdout}` }
        "#,
    );
    place.write("seen", "a \"b\" \\ ${c}\u{1b}");
    place.expect(0, &["exec", "main", "-p", "n=3"]);
    let run = place.newest_run();
    place.expect(0, &["test", "--record", &run]).says(&["main.test.rhai written"]);
    std::fs::remove_file(place.path("seen")).expect("removed");
    place.expect(0, &["test"]).says(&[&format!("✓ as in run {run}"), "3 of 3 steps"]);
    // What stands there is not written over.
    let written = place.read("runbooks/main.test.rhai");
    assert_eq!(place.expect(0, &["test", "--record", &run]).out, written);
    assert_eq!(place.read("runbooks/main.test.rhai"), written);
}

#[test]
fn whatever_a_run_came_to_its_test_comes_to_as_well() {
    let flaky = r#"command("flaky", #{ run: ["sh", "-c", "echo x >> tries; test $(wc -l < tries) -gt 1"], retry: #{ times: 1, every: "10ms" }, rollback: "nothing" });"#;
    let fails = r#"command("fails", #{ run: ["false"], rollback: "nothing" });"#;
    let done = r#"command("done", #{ run: ["true"], rollback: ["true"] });"#;
    let head = |more: &str| format!(r#"runbook(#{{ title: "T", owner: "o"{more} }});"#);
    let branches = r#"parallel("par", ["a", "b"], |item| { command("first", #{ run: ["sh", "-c", if item == "a" { "sleep 0.2" } else { "true" }], rollback: "nothing" }); command("second", #{ run: ["true"], rollback: "nothing" }); });"#;
    for (source, code, then, status) in [
        (format!("{}{flaky}", head("")), 0, None, "completed"),
        (format!("{}{done}{fails}", head(r#", on_failure: "rollback""#)), 6, None, "rolled back"),
        (format!("{}{done}{fails}", head("")), 1, Some((6, "rollback")), "failed"),
        (format!("{}{done}", head("")), 0, Some((6, "rollback")), "completed"),
        (
            format!("{}{}", head(""), fails.replace(r#""false""#, r#""test", "-e", "mended""#)),
            1,
            Some((0, "mended")),
            "completed",
        ),
        (format!("{}{branches}", head("")), 0, None, "completed"),
        (format!("{}{done}confirm(\"Go on?\");{fails}", head("")), 4, None, "waiting"),
        (format!("{}{done}confirm(\"Go on?\");{fails}", head("")), 4, Some((8, "no")), "declined"),
    ] {
        let place = Place::with(&source);
        place.expect(code, &["exec", "main"]);
        let run = place.newest_run();
        match then {
            Some((code, "rollback")) => drop(place.expect(code, &["rollback", &run])),
            Some((code, "mended")) => {
                place.write("mended", "");
                place.expect(code, &["resume", &run]);
            }
            Some((code, _)) => {
                place.expect(0, &["answer", &run, "--no"]);
                place.expect(code, &["resume", &run]);
            }
            None => {}
        }
        place.expect(0, &["test", "--record", &run]);
        let written = place.read("runbooks/main.test.rhai");
        assert!(written.contains(&format!("assert_eq(ran.status, \"{status}\")")), "{written}");
        let ran = place.run(&["test"]);
        assert_eq!(ran.code, Some(0), "{written}\n{ran}");
    }
}

#[test]
fn a_question_for_several_or_for_a_group_is_answered_in_a_test() {
    for who in ["quorum: 2", "quorum: 2, by: [\"ann\", \"ben\"]", "by: [\"@oncall\"]", "not_self: true"] {
        let place = Place::with(&format!(
            r#"runbook(#{{ title: "T", owner: "o" }});
            confirm("Sure?", #{{ {who} }});
            command("behind", #{{ run: ["true"], rollback: "nothing" }});"#
        ));
        place.write("runbook.toml", "[groups]\noncall = [\"ann\"]\n");
        place.write(
            "runbooks/main.test.rhai",
            r#"
            test("yes", || { let ran = run(); assert_eq(ran.status, "completed"); assert_eq(ran.steps, ["Sure?", "behind"]); });
            test("given", || { given("Sure?", #{ says: "yes" }); assert_eq(run().status, "completed"); });
            test("no", || { given("Sure?", #{ says: "no" }); assert_eq(run().status, "declined"); });
            "#,
        );
        let ran = place.run(&["test"]);
        assert_eq!(ran.code, Some(0), "{who}: {ran}");
    }
}

#[test]
fn a_run_that_came_to_no_end_becomes_no_test() {
    let place = Place::with(r#"command("half", #{ run: ["sh", "-c", "kill -9 $$"], rollback: "nothing" });"#);
    place.expect(5, &["exec", "main"]);
    place.expect(2, &["test", "--record", "last"]).says(&["becomes no test", "in doubt"]);
    assert!(!place.path("runbooks/main.test.rhai").exists());
}

/// What looks at a server and at a program, and asks with a deadline.
const ASKING: &str = r#"runbook(#{ title: "Ask", owner: "o" });
let seen = check("who answers", || { let answer = http::get("http://h/"); `${answer.headers["x-upstream"]} ${answer.headers.len()}` });
let told = check("what it says", || { let told = exec::output(["ask"]); `${told.code}: ${told.stdout}/${told.stderr}` });
print(`${seen}, ${told}`);
confirm("Go on?", #{ deadline: "5m", on_timeout: "rollback" });
command("go", #{ run: ["go"], rollback: ["back"] });
"#;

#[test]
fn header_fields_errors_and_silence_can_be_given() {
    let place = Place::with(ASKING);
    place.write(
        "runbooks/main.test.rhai",
        r#"given("http::get http://h/", #{ status: 200, headers: #{ "X-Upstream": "10.0.0.1", Via: "edge" } });
        given("exec::output ask", #{ prints: "half", exits: 3, complains: "no more" });
        test("both arrive, names in lower case", || {
            let ran = run();
            assert_eq(ran.printed, ["10.0.0.1 2, 3: half/no more"]);
            assert_eq(ran.status, "completed");
        });
        test("silence until the deadline is not a no", || {
            given("Go on?", #{ says: "nothing" });
            let ran = run();
            assert_eq(ran.changes, []);
            assert_eq(ran.status, "rolled back");
            given("Go on?", #{ says: "no" });
            assert_eq(run().status, "declined");
        });"#,
    );
    place.expect(0, &["test", "main"]).says(&["✓ both arrive", "✓ silence"]);
    // Header fields that are not of a look, and a silence in one, are no answers.
    place.write("runbooks/main.test.rhai", "given(\"go\", #{ status: 200, headers: #{ a: \"b\" } });\n");
    place.expect(2, &["test", "main"]).says(&["main.test.rhai:1", "`headers` belong to a look"]);
    place.write("runbooks/main.test.rhai", "given(\"http::get *\", #{ says: \"nothing\" });\n");
    place.expect(2, &["test", "main"]).says(&["main.test.rhai:1", "nobody is asked in a look"]);
}

#[test]
fn silence_without_a_deadline_waits() {
    let place = Place::with("confirm(\"Go on?\");\ncommand(\"go\", #{ run: [\"go\"], rollback: [\"back\"] });");
    place.write(
        "runbooks/main.test.rhai",
        "given(\"Go on?\", #{ says: \"nothing\" });\ntest(\"it waits\", || { let ran = run(); assert_eq(ran.status, \"waiting\"); assert_eq(ran.changes, []); });\n",
    );
    place.expect(0, &["test", "main"]).says(&["✓ it waits"]);
}

#[test]
fn what_cannot_be_tried_and_what_has_no_tests_stands_in_the_results_too() {
    let place = Place::with("command(\"a\", #{ run: [\"true\"], rollback: \"nothing\" });");
    place.runbook("broken", "command(\"a\", #{");
    place.runbook("stops", "check(\"no\", || false);");
    place.expect(1, &["test", "--junit", "results.xml"]);
    let xml = place.read("results.xml");
    assert!(xml.contains("<testsuites name=\"runbook\" tests=\"3\" failures=\"2\">"), "{xml}");
    for (name, words) in
        [("broken", "<failure message=\"error: the runbook `broken` has mistakes"), ("stops", "<failure message=\"failed")]
    {
        let case = xml.find(&format!("<testcase classname=\"{name}\"")).expect(name);
        let end = xml[case..].find("</testcase>").expect(name);
        assert!(xml[case..case + end].contains(words), "{name}: {xml}");
    }
    assert!(xml.contains("<testcase classname=\"main\" name=\"performed and rolled back\""), "{xml}");
}
