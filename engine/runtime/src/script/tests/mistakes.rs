//! What is wrong with a script, found before or while it runs.

use super::*;

#[test]
fn mistakes_are_found_before_anything_runs() {
    for (body, code, line, column, words) in [
        ("let x = ;", Code::Syntax, 1, 9, ""),
        ("let x = y;", Code::Syntax, 1, 9, "y"),
        ("check(\"x\", || 1\n\n// a remark )\nprint(1);", Code::Syntax, 1, 15, "a `,` or a `)` may be missing"),
        ("command(\"x\", #{ run: [\"x\"] };", Code::Syntax, 1, 29, "no `)` closes this"),
        ("command(\"x\", #{\n  run: [\"x\"]\n  timeout: \"1s\" });", Code::Syntax, 2, 12, "a `,` or a `}` may be missing"),
        ("print(“x”);", Code::Syntax, 1, 7, "U+201C is a quotation mark of printed text"),
        ("let\u{a0}x = 1;", Code::Syntax, 1, 4, "U+00A0 looks like a blank"),
        ("let x = [1, 2;", Code::Syntax, 1, 14, "a `,` or a `]` may be missing"),
        ("let x = (1 + 2;", Code::Syntax, 1, 15, "a `)` may be missing"),
        ("if true {\n  print(`a ${1} )`);", Code::Syntax, 2, 21, "no `}` closes this"),
        ("comand(\"x\", #{});", Code::UnknownFunction, 1, 1, "did you mean `command`"),
        ("command(\"x\", #{\n  run: [\"x\"],\n  timout: \"1s\" });", Code::UnknownOption, 3, 3, "did you mean `timeout`"),
        ("command(\"x\", #{ write: #{ path: \"x\", contents: \"\" } });", Code::UnknownOption, 1, 38, "did you mean `content`"),
        ("command(\"x\", #{ run: [\"x\"], timeout: \"5 parsecs\" });", Code::BadOption, 1, 38, "not a length"),
        ("confirm(\"x\", #{ deadline: \"1m\", on_timeout: \"stopp\" });", Code::BadOption, 1, 45, "did you mean \"stop\""),
        ("fn command(a, b) { 1 }", Code::Shadowed, 1, 4, "engine"),
        ("http::gte(\"x\");", Code::UnknownFunction, 1, 1, "did you mean `http::get`"),
        ("sleep(1);", Code::Blocked, 1, 1, "check"),
        ("let x = timestamp();", Code::Blocked, 1, 9, "check"),
        ("eval(\"1\");", Code::Blocked, 1, 1, "reviewed"),
        ("import \"none\" as n;", Code::Import, 1, 8, "no file"),
        ("import \"../x\" as n;", Code::Import, 1, 8, "out of the runbook"),
        ("let x = \"a\"; import x as n;", Code::Import, 1, 14, "literal"),
        ("switch check(\"x\", || 1) { 1 => 2 }", Code::ScriptError, 1, 8, "let value"),
        ("let x = \"a\"; x.trimm();", Code::UnknownFunction, 1, 16, "did you mean `.trim("),
        ("runbook(#{ title: \"x\", params: #{ a: #{ tpye: \"int\" } } });", Code::UnknownOption, 1, 41, "did you mean `type`"),
    ] {
        let found = refused(body);
        let first = &found.all[0];
        assert_eq!(first.code, code, "{found}");
        assert_eq!(first.span.as_ref().map(|span| (span.line, span.column)), Some((line, column)), "{body}\n{found}");
        assert!(found.to_string().contains(words), "{found}");
    }
}

#[test]
fn import_cycles_are_shown_with_all_files() {
    let found = Program::load(
        &files(&[("main.rhai", "import \"a\" as a;"), ("a.rhai", "import \"b\" as b;"), ("b.rhai", "\nimport \"a\" as a;")]),
        "main.rhai",
    )
    .expect_err("a circle");
    let text = found.to_string();
    assert!(text.contains("import cycle: a.rhai -> b.rhai -> a.rhai"), "{text}");
    assert!(text.contains("a.rhai:1") && text.contains("b.rhai:2"), "{text}");
}

#[test]
fn functions_of_modules_are_checked_and_errors_name_the_way() {
    let of = |main: &str| {
        let files = files(&[
            ("main.rhai", &format!("{HEAD}{main}")),
            ("lib/m.rhai", "fn run(f) {\n    f.call()\n}\nprivate fn hidden() { 1 }"),
        ]);
        Program::load(&files, "main.rhai")
    };
    assert!(of("import \"lib/m\" as m;\nm::rnu(|| 1);").expect_err("unknown").to_string().contains("did you mean `m::run`"));
    assert!(of("import \"lib/m\" as m;\nm::hidden();").is_err());
    let program = of("import \"lib/m\" as m;\nm::run(|| throw \"no\");").unwrap_or_else(|error| panic!("{error}"));
    let Ending::Failed(failure) = play(&program, &mut willing).1 else { panic!("it throws") };
    let text = failure.diagnostics.to_string();
    assert!(text.contains("error[RB0013]: no") && text.contains("main.rhai:3:11") && text.contains("lib/m.rhai:2:7"), "{text}");
    assert_eq!(program.sources().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["main.rhai", "lib/m.rhai"]);
    let pinned =
        Program::load(&Pinned(program.sources().into_iter().collect()), "main.rhai").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(pinned.sources(), program.sources());
}

#[test]
fn a_declaration_is_read_without_running_anything() {
    let program = Program::load(
        &files(&[(
            "main.rhai",
            r#"//! First line.
//!
//! Second.
let p = runbook(#{
    title: "Roll back", owner: "team-api", budget: "10m", on_failure: "rollback",
    serves: ["High", #{ alert: "Low", labels: #{ team: "x" } }],
    params: #{ to: #{ fallback: "", pattern: "[a-z]+" }, n: #{ type: "int", min: 1, fallback: 3 }, env: #{ type: "enum", of: ["a", "b"] } },
});
command("x", #{ run: ["x"] });
"#,
        )]),
        "main.rhai",
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let Declaration { title, about, budget, on_failure, serves, params, .. } =
        program.describe().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((title.as_str(), about.as_deref()), ("Roll back", Some("First line.\n\nSecond.")));
    assert_eq!((budget.map(|length| length.millis()), on_failure), (Some(600_000), OnFailure::Rollback));
    assert_eq!(serves[1].labels["team"], "x");
    assert_eq!(params["n"].fallback, Some(Value::from(3)));
    for (declared, words) in [
        ("#{ title: \"t\", params: #{ n: #{ type: \"int\", min: 5, fallback: 3 } } }", "at least 5"),
        ("#{ title: \"t\", params: #{ n: #{ type: \"enum\" } } }", "needs `of"),
        ("#{ title: \"t\", params: #{ n: #{ pattern: \"(\" } } }", "broken"),
        ("#{ owner: \"t\" }", "needs the option `title`"),
        ("#{ title: 5 }", "wants a text; this is a whole number"),
        ("#{ title: \"t\", budget: \"1\" + \"x\" }", "not a length"),
    ] {
        let text = format!("runbook({declared});");
        let program =
            Program::load_pinned(&files(&[("main.rhai", &text)]), "main.rhai").unwrap_or_else(|error| panic!("{error}"));
        let error = program.describe().expect_err(declared).to_string();
        assert!(error.contains(words) && error.contains("main.rhai:1"), "{error}");
    }
    let module = Program::load(&files(&[("main.rhai", "fn twice(x) { x + x }")]), "main.rhai").expect("fine");
    assert!(module.describe().expect_err("a module").to_string().contains("`runbooks/_lib/`"));
    let none = Program::load(&files(&[("main.rhai", "let x = 1;")]), "main.rhai").expect("fine").describe().expect_err("none");
    assert_eq!(none.all[0].code, Code::Declaration);
}

/// Runs of earlier versions have asked what is refused today, and their rollbacks are found by playing them again.
#[test]
fn a_question_that_was_asked_is_not_refused_any_more() {
    for options in ["choices: []", "choices: [\"a\"], deadline: \"1m\", on_timeout: \"proceed\""] {
        let program = program(&format!("confirm(\"which?\", #{{ {options} }});"));
        let (asked, ending) = play(&program, &mut willing);
        assert!(asked.is_empty() && matches!(ending, Ending::Failed(_)), "{options}");
        let recorded = Prompter::having_asked(StepPath::root().child("which?", 1));
        let (asked, ending) = play_after(recorded, &program, &mut willing);
        assert_eq!((asked.len(), ending), (1, Ending::Completed), "{options}");
    }
}

#[test]
fn options_are_checked_while_running_too() {
    for (body, code, words) in [
        ("let o = #{ timout: 1 };\ncommand(\"x\", o);", Code::UnknownOption, "did you mean `timeout`"),
        ("command(\"x\", #{ timeout: 5, run: [\"x\"] });", Code::BadOption, "wants a length of time"),
        ("command(\"x\", #{ timeout: \"5s\" });", Code::BadOption, "one of `run`"),
        ("command(\"x\", #{ run: [\"x\"], http: #{ url: \"http://x\" } });", Code::BadOption, "cannot stand together"),
        ("command(\"x\", #{ run: [\"x\", ()] });", Code::BadOption, "argument 1 is nothing"),
        ("command(\"x\", #{ run: [\"x\", #{}] });", Code::BadOption, "argument 1 is a map"),
        ("command(\"x\", #{ run: [] });", Code::BadOption, "no program"),
        ("command(\"x\", #{ run: \"ls -l\" });", Code::BadOption, "a program with its arguments"),
        ("command(\"a\\nb\", #{ run: [\"x\"] });", Code::BadOption, "one line"),
        ("command(\"\", #{ run: [\"x\"] });", Code::BadOption, "empty"),
        ("command(\"x\", #{ http: #{ url: \"ftp://x\" } });", Code::BadOption, "address"),
        ("command(\"x\", #{ run: [\"x\"], retry: 0 });", Code::BadOption, "1 to 1000"),
        ("command(\"x\", #{ run: [\"x\"], rollback: \"none\" });", Code::BadOption, "nothing"),
        ("check(\"x\", true);", Code::BadOption, "wants a closure"),
        ("confirm(\"x\", #{ escalate: [\"@x\"] });", Code::BadOption, "deadline"),
        (
            "confirm(\"x\", #{ choices: [\"a\"], deadline: \"1m\", on_timeout: \"proceed\" });",
            Code::BadOption,
            "nobody has answered",
        ),
        ("confirm(\"x\", #{ input: \"a\", deadline: \"1m\", on_timeout: \"proceed\" });", Code::BadOption, "nobody has answered"),
        ("let hosts = []; confirm(\"x\", #{ choices: hosts });", Code::BadOption, "nothing to choose from"),
        ("confirm(\"x\", #{ assume: \"yes\" });", Code::BadOption, "yes or no"),
        ("confirm(\"x\", #{ choices: [\"a\", \"b\"], assume: \"c\" });", Code::BadOption, "none of the choices"),
        ("sh(\"x\", #{ \"a b\": 1 });", Code::BadOption, "shell variable"),
        ("if 5 == \"5\" { }", Code::UnlikeTypes, "a number with a text"),
        ("Fn(\"sleep\").call(1);", Code::Blocked, "sleep"),
        ("let m = #{ apple: 1 }; m.appel", Code::UnknownProperty, "did you mean `apple`?"),
        (
            "let r = command(\"x\", #{ run: [\"x\"] }); r.stdot",
            Code::UnknownProperty,
            "the result of a program has no property `stdot`",
        ),
        ("let r = attempt(|| 1); r.error.message", Code::UnknownProperty, "ask `.ok` first"),
        ("let r = attempt(|| { throw \"mine\" }); r.error.message", Code::UnknownProperty, "`${error}` reads every error"),
        ("let r = (); r.stdout", Code::UnknownProperty, "only the effect is known"),
        ("let r = attempt(|| 1); r.value.nope", Code::UnknownProperty, "`x?.name` gives `()`"),
        ("let l = [1, \"a\"]; l.sort();", Code::ScriptError, "elements of different types cannot be sorted"),
        ("1 / 0", Code::ScriptError, "ivision by zero"),
    ] {
        let found = fails(body);
        assert_eq!(found.all[0].code, code, "{body}\n{found}");
        assert!(found.to_string().contains(words), "{body}\n{found}");
        assert!(found.location().is_some(), "{body}\n{found}");
    }
    assert_eq!(says("if () == \"x\" { print(1); } else { print(2); }\nprint(1 == 1.0);"), ["2", "true"]);
}

#[test]
fn a_hostile_script_ends_with_a_limit() {
    for body in [
        "loop { }",
        "[1].map(|x| { loop { } });",
        "try { loop { } } catch { }",
        "fn f(n) { f(n + 1) } f(0);",
        "let s = \"x\"; loop { s += s; }",
        "let a = [1]; loop { a += a; }",
    ] {
        let found = fails(body);
        assert_eq!(found.all[0].code, Code::Limit, "{body}\n{found}");
    }
}

#[test]
fn a_step_in_a_closure_that_a_module_calls_is_placed_in_its_own_file() {
    let files = files(&[
        ("main.rhai", &format!("{HEAD}import \"m\" as m;\nm::run(|| {{\n  command(\"x\", #{{ run: [\"x\", ()] }});\n}});")),
        ("m.rhai", "fn run(f) { f.call(); }"),
    ]);
    let program = Program::load_pinned(&files, "main.rhai").unwrap_or_else(|error| panic!("{error}"));
    let Ending::Failed(failure) = play(&program, &mut willing).1 else { panic!("it fails") };
    // The key of the option, in the file of the closure.
    assert_eq!(failure.location.map(|at| (at.file, at.line, at.column)), Some(("main.rhai".to_owned(), 4, 19)));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever a file holds, loading and describing it ends with an answer, and every diagnostic can be shown.
    #[test]
    fn no_text_is_too_odd_to_be_refused(parts in proptest::collection::vec(proptest::sample::select(vec![
        "runbook(#{ title: \"t\" });", "command(", "check(\"x\", ", "|| ", "#{ run: [", "\"x\"", "]", "}", ")", ";", "import ", "\"m\" as m", "`a ${",
        "fn f(x) {", "if ", "switch ", "{", "http::get", ".", "==", "x", "1", " ", "\n", "ä‹", "\u{1b}[31m", "/*", "//!", "default", "timout: ",
    ]), 0..24)) {
        let text = parts.concat();
        match Program::load(&files(&[("main.rhai", &text), ("m.rhai", &text)]), "main.rhai") {
            Ok(program) => {
                if let Err(diagnostics) = program.describe() {
                    assert!(!diagnostics.render(false).contains('\u{1b}'));
                }
            }
            Err(diagnostics) => {
                assert!(!diagnostics.all.is_empty());
                assert!(!diagnostics.render(false).contains('\u{1b}'), "{diagnostics}");
            }
        }
    }
}

#[test]
fn a_declaration_behind_an_endless_loop_is_given_up() {
    let program = Program::load(&files(&[("main.rhai", "loop { }")]), "main.rhai").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(program.describe().expect_err("endless").all[0].code, Code::Limit);
}
