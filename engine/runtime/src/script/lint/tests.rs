//! Each kind of mistake with its place; and that what is right is left alone.

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::diagnostic::{Diagnostic, Severity};
use crate::script::source::Pinned;
use crate::script::{Diagnostics, Program};

fn files(texts: &[(&str, &str)]) -> Pinned {
    Pinned(texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
}

/// Everything that is found in a runbook, errors before warnings.
fn found(texts: &[(&str, &str)]) -> Vec<Diagnostic> {
    match Program::load(&files(texts), "main.rhai") {
        Ok(program) => program.warnings().map(|Diagnostics { all, .. }| all).unwrap_or_default(),
        Err(Diagnostics { all, .. }) => all,
    }
}

/// The runbook below a plain head on line 1.
fn below(body: &str) -> Vec<Diagnostic> {
    found(&[("main.rhai", &format!("let p = runbook(#{{ title: \"t\", owner: \"o\" }});\n{body}"))])
}

#[track_caller]
fn one(found: &[Diagnostic], code: Code, line: u32, column: u32, words: &str) {
    let [only] = found else { panic!("one finding is wanted: {found:#?}") };
    let at = only.span.as_ref().map(|span| (span.line, span.column));
    assert_eq!((only.code, at), (code, Some((line, column))), "{only:#?}");
    assert_eq!(only.severity == Severity::Warning, code.may_be_allowed(), "{only:#?}");
    let text = format!("{} {} {}", only.message, only.label.clone().unwrap_or_default(), only.help.clone().unwrap_or_default());
    assert!(text.contains(words), "{text}");
}

#[test]
fn values_that_an_option_cannot_hold_are_found_where_they_stand() {
    for (body, column, words) in [
        ("command(\"x\", #{ run: \"echo hi\" });", 22, "write [\"echo\", \"hi\"]"),
        ("command(\"x\", #{ run: \"a | b\" });", 22, "sh(\"a | b\")"),
        ("command(\"x\", #{ run: [] });", 22, "no program"),
        ("command(\"x\", #{ run: [\"\"] });", 23, "no program"),
        ("command(\"x\", #{ run: [\"a\", ()] });", 28, "argument 1 is nothing"),
        ("command(\"x\", #{ run: [\"a\", [\"b\"]] });", 28, "argument 1 is a list"),
        ("command(\"x\", #{ run: [\"a\"], timeout: 5 });", 38, "\"5s\""),
        ("command(\"x\", #{ run: [\"a\"], idempotent: \"yes\" });", 41, "`true` or `false`"),
        ("command(\"x\", #{ run: [\"a\"], retry: 0 });", 36, "this is 0"),
        ("command(\"x\", #{ run: [\"a\"], retry: #{ every: \"1s\" } });", 29, "needs the option `times`"),
        ("command(\"x\", #{ run: [\"a\"], rollback: \"none\" });", 39, "\"nothing\""),
        ("command(\"x\", #{ run: [\"a\"], rollback: [[\"b\"], 5] });", 47, "change 1"),
        ("command(\"x\", #{ run: [\"a\"], settled_by: true });", 41, "a closure"),
        ("command(\"x\", #{ run: [\"a\"], env: #{ A: #{} } });", 40, "a map"),
        ("command(\"x\", #{ run: [\"a\"], assume: || 1 });", 37, "a closure"),
        ("command(\"x\", #{ write: #{ path: \"a\" } });", 17, "needs the option `content`"),
        ("command(\"x\", #{ write: #{ path: \"a\", content: \"b\", mode: \"9\" } });", 58, "permission bits"),
        ("command(\"x\", #{ http: #{ url: \"http://x\", expect: 42 } });", 51, "this is 42"),
        ("command(\"x\", #{ timeout: \"5s\" });", 1, "one of `run`, `write` and `http`"),
        ("command(\"x\", #{ run: [\"a\"], http: #{ url: \"http://x\" } });", 29, "cannot stand together"),
        ("command(\"x\", #{ write: #{ path: \"a\", content: \"\" }, stdin: \"\" });", 53, "belongs to `run`"),
        ("confirm(\"x\", #{ choices: [\"a\"], input: \"b\" });", 33, "cannot stand together"),
        ("confirm(\"x\", #{ escalate: [\"@x\"] });", 17, "without `deadline`"),
        ("confirm(\"x\", #{ choices: [] });", 26, "nothing to choose from"),
        ("confirm(\"x\", #{ assume: \"yes\" });", 17, "as answered with yes"),
        ("confirm(\"x\", #{ choices: [\"a\"], deadline: \"1m\", on_timeout: \"proceed\" });", 49, "nobody has answered"),
        ("confirm(\"x\", #{ choices: \"a\" });", 26, "a list of texts"),
        ("confirm(5);", 9, "wants a name"),
        ("confirm(\" \");", 9, "empty"),
        ("confirm(\"a\\nb\");", 9, "one line"),
        ("check(\"x\", true);", 12, "wants a closure"),
        ("check(\"x\", || 1, 5);", 18, "are a map"),
        ("phase(\"x\", 5);", 12, "wants a closure"),
        ("rollback(\"x\", \"rm /tmp/x\");", 15, "write [\"rm\", \"/tmp/x\"]"),
        ("rollback(\"x\", [[\"a\"], 5]);", 23, "change 1"),
        ("parallel(\"x\", [1], 5);", 20, "wants a closure"),
        ("phase(\"x\", #{ lock_wait: \"1m\" }, || 1);", 15, "without `lock`"),
    ] {
        one(&below(body), Code::BadOption, 2, column, words);
    }
}

#[test]
fn what_is_worked_out_is_left_to_the_run() {
    for body in [
        "let t = 5; command(\"x\", #{ run: [\"a\", t], timeout: t, rollback: t });",
        "let run = #{ run: [\"a\"] }; command(\"x\", run + #{ rollback: \"nothing\" });",
        "command(`x ${settings}`, #{ run: settings, rollback: [settings, [\"b\"]], env: settings, timeout: `${settings}s` });",
        "rollback(\"x\", [\"a\", \"b\"]); rollback(\"y\", [[\"a\"], #{ run: [\"b\"] }]); rollback(\"z\", #{ run: [\"a\"] }); rollback(\"w\", || confirm(\"v\"));",
        "parallel(\"x\", [1, 2], |n| confirm(`${n}`)); parallel(\"y\", [1], #{ max: 2 }, |n| confirm(`${n}`));",
        "command(\"x\", #{ run: sh(\"a\"), rollback: sh(\"b\"), retry: #{ times: 3 } });",
        "command(\"x\", #{ http: #{ url: settings, expect: [200, settings], json: #{ a: [1, ()] } }, rollback: || { } });",
    ] {
        assert_eq!(below(body), [], "{body}");
    }
}

#[test]
fn of_an_unknown_function_its_name_is_underlined() {
    for (body, length) in [("comand(\"x\", #{ run: [\"a\"] });", 6), ("http::gte(\"x\");", 9), ("let x = \"a\"; x.trimm(1);", 5)]
    {
        let found = below(body);
        assert_eq!(found[0].span.as_ref().map(|span| span.length), Some(length), "{body}");
    }
}

#[test]
fn calls_with_too_many_or_too_few_arguments() {
    for (body, column, words) in [
        ("confirm();", 1, "`confirm` takes 1 or 2 arguments, this call has 0"),
        ("check(\"x\");", 1, "write `check(name, || …, #{ … })`"),
        ("check(\"x\", || http::get());", 15, "`http::get` takes 1 or 2 arguments"),
        ("check(\"x\", || clock::now(1));", 15, "takes 0 arguments"),
        ("fn f(a, b) { a + b } print(f(1));", 28, "`f` takes 2 arguments, this call has 1"),
        ("let x = \"a\"; x.trim(1, 2);", 16, "`.trim` takes"),
        ("fn f(a) { a } f(1); [f(1, 2)];", 22, "`f` takes 1 argument, this call has 2"),
    ] {
        one(&below(body), Code::Arity, 2, column, words);
    }
    let module = ("m.rhai", "fn run(a) { a }\nfn run(a, b) { a + b }");
    one(
        &found(&[("main.rhai", "runbook(#{ title: \"t\", owner: \"o\" });\nimport \"m\" as m;\nm::run();"), module]),
        Code::Arity,
        3,
        1,
        "`m::run` takes 1 or 2 arguments",
    );
    assert_eq!(
        below("let m = #{ f: |a, b| a + b }; m.f(1, 2); [1].map(|x| x); fn g() { this } 5.g(); parse_int(\"1\", 16);"),
        []
    );
}

#[test]
fn parameters_that_nobody_declared_or_nobody_uses() {
    let with = |params: &str, body: &str| {
        found(&[("main.rhai", &format!("let p = runbook(#{{ title: \"t\", owner: \"o\", params: #{{\n{params} }} }});\n{body}"))])
    };
    one(&with("service: #{}", "print(p.service); print(p.servce);"), Code::UndeclaredParameter, 3, 27, "did you mean `service`?");
    one(
        &with("service: #{}", "print(p.service); check(\"x\", || p[\"z\"] == 1);"),
        Code::UndeclaredParameter,
        3,
        35,
        "are: service",
    );
    one(&below("print(`${p.x}`);"), Code::UndeclaredParameter, 2, 12, "declare it");
    one(&with("a: #{}, b: #{}", "phase(\"x\", || print(p.a.len()));"), Code::UnusedParameter, 2, 9, "`b` is never used");
    for (params, body) in [
        ("a: #{}", "fn f(p) { p.zzz } f(p);"),
        ("a: #{}", "print(p.a); [1].map(|p| p.zzz);"),
        ("a: #{}", "print(p.a); p.b = 1; print(p.b);"),
        ("a: #{}", "print(\"a\" in p);"),
        ("a: #{}", "print(p?.zzz ?? p.a);"),
        ("a: #{}, b: #{}", "phase(\"x\", || phase(\"y\", || print(p.a[p.b])));"),
    ] {
        assert_eq!(with(params, body), [], "{body}");
    }
    assert_eq!(
        found(&[("main.rhai", "let d = #{}; let p = runbook(#{ title: \"t\", owner: \"o\", params: d });\nprint(p.x);")]),
        []
    );
}

#[test]
fn looks_outside_checks_and_steps_inside_also_through_functions() {
    for (body, code, line, column, words) in [
        ("let x = http::get(\"http://x\");", Code::LookOutsideCheck, 2, 9, "let seen = check"),
        ("phase(\"x\", || fs::read(\"a\"));", Code::LookOutsideCheck, 2, 15, "outside a check"),
        ("[1].map(|x| fs::read(\"a\"));", Code::LookOutsideCheck, 2, 13, "outside a check"),
        (
            "fn f() { fs::read(\"a\") }\nfn g() { f() }\ncheck(\"x\", || g());\nprint(g());",
            Code::LookOutsideCheck,
            5,
            7,
            "`g` looks",
        ),
        ("check(\"x\", || { command(\"y\", #{ run: [\"a\"] }); });", Code::StepInsideCheck, 2, 17, "`command` stands inside"),
        ("fn f() { confirm(\"y\") }\ncheck(\"x\", || f());", Code::StepInsideCheck, 3, 15, "`f` stands inside"),
        (
            "command(\"x\", #{ run: [\"a\"], settled_by: || confirm(\"y\"), rollback: \"nothing\" });",
            Code::StepInsideCheck,
            2,
            44,
            "closure",
        ),
    ] {
        one(&below(body), code, line, column, words);
    }
    for body in [
        "fn f() { fs::read(\"a\") } check(\"x\", || f()); check(\"y\", || [1].map(|n| f())); let later = || fs::read(\"b\"); check(\"z\", later);",
        "fn f() { check(\"x\", || fs::read(\"a\")) } f(); phase(\"y\", || f()); attempt(|| f());",
        "command(\"x\", #{ run: [\"a\"], settled_by: || fs::exists(\"a\"), rollback: || { command(\"y\", #{ run: [\"b\"] }); } });",
    ] {
        assert_eq!(below(body), [], "{body}");
    }
    let head = "runbook(#{ title: \"t\", owner: \"o\" });\nimport \"m\" as m;\n";
    let module = "fn look() { fs::read(\"a\") }\nfn ask() { confirm(\"y\") }";
    let of = |body: &str, module: &str| found(&[("main.rhai", &format!("{head}{body}")), ("m.rhai", module)]);
    let outside = of("m::look();", module);
    one(&outside, Code::LookOutsideCheck, 3, 1, "`m::look` looks");
    assert_eq!(outside[0].labels[0].span.file, "m.rhai");
    one(&of("check(\"x\", || m::ask());", module), Code::StepInsideCheck, 3, 15, "`m::ask`");
    one(&of("", "confirm(\"x\");"), Code::StepInImport, 1, 1, "top level of a module");
    assert_eq!(of("check(\"x\", || m::look()); m::ask();", module), []);
}

#[test]
fn what_is_never_reached() {
    for (body, line, column, words) in [
        ("throw \"x\";\nconfirm(\"y\");", 3, 1, "the step \"y\" is never reached"),
        ("fn f() { return 1; print(2); } f();", 2, 20, "never"),
        ("if false { confirm(\"y\"); }", 2, 12, "\"y\""),
        ("if true { 1 } else { phase(\"z\", || confirm(\"y\")); }", 2, 22, "\"z\""),
        ("for x in [1] { if x == 1 { break; } else { continue; } print(x); }", 2, 56, "never"),
        ("phase(\"x\", || { return 1; print(2); });", 2, 27, "never"),
        ("while false { print(1); }", 2, 15, "never"),
    ] {
        one(&below(body), Code::Unreachable, line, column, words);
    }
    assert_eq!(below("if settings.x { return; } confirm(\"y\"); loop { if settings.x { break; } print(1); }"), []);
}

#[test]
fn steps_of_one_name_below_one_phase() {
    one(&below("confirm(\"x\");\ncheck(\"x\", || 1);"), Code::DuplicateName, 3, 7, "a second step");
    one(&below("phase(\"a\", || {\nconfirm(\"x\"); confirm(\"x\"); });"), Code::DuplicateName, 3, 23, "second");
    assert_eq!(below("phase(\"a\", || confirm(\"x\")); phase(\"b\", || confirm(\"x\")); confirm(\"x\");"), []);
    assert_eq!(below("if settings.a { confirm(\"x\"); } else { confirm(\"x\"); } fn f() { confirm(\"x\") }"), []);
    assert_eq!(below("switch settings.a { 1 => confirm(\"x\"), _ => confirm(\"x\") }"), []);
}

#[test]
fn commands_without_a_way_back() {
    let with = "command(\"a\", #{ run: [\"a\"], rollback: \"nothing\" });\n";
    one(&below(&format!("{with}command(\"x\", #{{ run: [\"x\"] }});")), Code::NoWayBack, 3, 1, "though other commands have one");
    assert_eq!(below("command(\"x\", #{ run: [\"x\"] });"), []);
    assert_eq!(below(&format!("{with}command(\"x\", #{{ write: #{{ path: \"a\", content: \"\" }} }});")), []);
    assert_eq!(below("rollback(\"r\", || { command(\"x\", #{ run: [\"x\"] }); });"), []);
    // A function that only rollbacks call is part of them, also through another one.
    let undo = "fn one() { command(\"x\", #{ run: [\"x\"] }); } fn undo() { one(); }\nrollback(\"r\", || { undo(); });\n";
    assert_eq!(below(undo), []);
    one(&below(&format!("{undo}one();")), Code::NoWayBack, 2, 12, "though other commands have one");
    let promised =
        found(&[("main.rhai", "runbook(#{ title: \"t\", owner: \"o\", rollback: true });\ncommand(\"x\", #{ run: [\"x\"] });")]);
    assert_eq!((promised[0].code, promised[0].severity), (Code::NoWayBack, Severity::Error));
}

#[test]
fn somebody_answers_for_each_runbook() {
    one(&found(&[("main.rhai", "runbook(#{ title: \"t\" });")]), Code::NoOwner, 1, 1, "owner");
}

/// The judgement before the run and the one while it runs must not part: whatever is written out is refused by both or by none.
#[test]
fn what_is_refused_before_the_run_is_refused_while_it_runs() {
    let values = [
        "\"90s\"",
        "\"nothing\"",
        "\"\"",
        "\"0640\"",
        "`a`",
        "5",
        "0",
        "420",
        "1.5",
        "true",
        "()",
        "[]",
        "[\"a\"]",
        "[5]",
        "[[]]",
        "[[\"a\"]]",
        "[#{}]",
        "#{}",
        "#{ a: \"b\" }",
        "|| true",
        "#{ times: 2 }",
        "#{ run: [\"a\"] }",
        "#{ path: \"a\", content: \"b\" }",
        "\"stop\"",
    ];
    let mut both = 0;
    for table in crate::script::schema().iter().filter(|table| matches!(table.name, "command" | "check" | "confirm" | "phase")) {
        // Which names a host may have, the run says.
        for option in table.options.iter().filter(|option| option.name != "on") {
            for value in values {
                let items = |value: &str| {
                    let run = if table.name == "command" && !["run", "write", "http"].contains(&option.name) {
                        "run: [\"a\"], "
                    } else {
                        ""
                    };
                    format!("#{{ {run}{}: {value} }}", option.name)
                };
                let call = |options: &str| match table.name {
                    "check" => format!("check(\"x\", || true, {options});"),
                    "phase" => format!("phase(\"x\", {options}, || 1);"),
                    name => format!("{name}(\"x\", {options});"),
                };
                let source = |body: &str| format!("runbook(#{{ title: \"t\", owner: \"o\" }});\n{body}");
                let before = found(&[("main.rhai", &source(&call(&items(value))))]);
                let before = before.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
                let hidden = source(&format!("let o = {};\n{}", items(value), call("o")));
                let program =
                    Program::load(&files(&[("main.rhai", &hidden)]), "main.rhai").unwrap_or_else(|error| panic!("{error}"));
                let ran = crate::script::tests::play(&program, &mut crate::script::tests::willing).1;
                let while_running = matches!(ran, crate::script::Ending::Failed(_));
                assert_eq!(before, while_running, "{} of {}: {value}\n{ran:?}", option.name, table.name);
                both += 1;
            }
        }
    }
    assert!(both > 600, "{both}");
}

/// Rhai captures no variable that has the name of a function of the file.
#[test]
fn a_closure_that_would_get_a_function_for_a_variable_is_refused() {
    for (body, line, column) in [
        ("fn wait(n) { n }\nlet wait = 3;\ncheck(\"x\", || wait > 2);", 4, 15),
        ("let wait = 3;\ncheck(\"x\", || wait > 2);\nfn wait() { 1 }", 3, 15),
        ("fn wait() { 1 }\nconst wait = 3;\ncheck(\"x\", || wait > 2 && wait < 9);", 4, 15),
        ("fn wait() { 1 }\nfor wait in [1] { check(\"x\", || wait == 1); }", 3, 33),
        ("fn wait() { 1 }\nfor (item, wait) in [1] { check(\"x\", || wait == 1); }", 3, 41),
        ("fn wait() { 1 }\nfn f(wait) { check(\"x\", || wait == 1); }\nf(1);", 3, 28),
        ("fn wait() { 1 }\ntry { f(); } catch (wait) { check(\"x\", || wait == 1); }\nfn f() {}", 3, 43),
        ("fn wait() { 1 }\nlet f = |wait| { let g = || wait + 1; g.call() };\nprint(f.call(1));", 3, 29),
        ("fn wait() { 1 }\nlet wait = 1;\nlet o = 2;\ncheck(\"x\", || { let y = o; `${wait}` == `${y}` });", 5, 31),
        ("fn wait() { 1 }\nlet wait = 1;\ncheck(\"x\", || { if true { let wait = 2; } wait == 1 });", 4, 43),
    ] {
        one(&below(body), Code::Captured, line, column, "`wait`");
    }
}

#[test]
fn what_no_closure_mistakes_may_have_the_name_of_a_function() {
    for body in [
        "fn wait(n) { n }\nlet wait = 3;\nprint(wait);",
        "fn wait(n) { n }\nlet wait = 3;\ncheck(\"x\", || wait(2) > 2);",
        "fn wait(n) { n }\ncheck(\"x\", || [1].map(wait) == [1]);",
        "fn wait(n) { n }\ncheck(\"x\", || [1].map(|wait| wait) == [1]);",
        "fn wait(n) { n }\ncheck(\"x\", || { let wait = 3; wait > 2 });",
        "fn wait(n) { n }\ncheck(\"x\", || { for wait in [1] { return wait == 1; } false });",
        "fn wait(n) { n }\nlet wait = #{ wait: 3 };\nlet it = wait;\ncheck(\"x\", || it.wait > 2);",
        "fn wait(n) { n }\nif true { let wait = 1; print(wait); }\ncheck(\"x\", || [1].map(wait) == [1]);",
        "fn wait(n) { n }\nfn f(wait) { print(wait); }\nf(1);\ncheck(\"x\", || [1].map(wait) == [1]);",
        "let command = 3;\ncheck(\"x\", || command > 2);",
    ] {
        assert_eq!(below(body), [], "{body}");
    }
}

/// What is misspelt says which option is meant; one that means nothing known must not hide what is missing.
#[test]
fn an_odd_option_hides_no_missing_one() {
    let messages = |source: &str| found(&[("main.rhai", source)]).into_iter().map(|found| found.message).collect::<Vec<_>>();
    let head = "runbook(#{ title: \"t\", owner: \"o\" });\n";
    let one = |body: &str| messages(&format!("{head}command(\"x\", #{{ rollback: \"nothing\", {body} }});"));
    assert_eq!(messages("runbook(#{ titel: \"t\", owner: \"o\" });"), ["unknown option `titel` for `runbook`"]);
    let [odd, missing] = &messages("runbook(#{ owner: \"o\", frobnicate: 1 });")[..] else { panic!("two findings") };
    assert!(odd.contains("`runbook` needs the option `title`") && missing.contains("`frobnicate`"), "{odd}, {missing}");
    assert_eq!(one("write: #{ path: \"a\", contnet: \"b\" }"), ["unknown option `contnet` for `command.write`"]);
    assert_eq!(one("write: #{ path: \"a\", frobnicate: 1 }").len(), 2);
    assert_eq!(one("wriet: #{ path: \"a\", content: \"b\" }"), ["unknown option `wriet` for `command`"]);
    assert_eq!(one("frobnicate: 1").len(), 2);
}
