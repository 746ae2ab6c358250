//! Looks at the world, and what comes back.

use super::*;

#[test]
fn looks_are_taken_in_checks_only_and_steps_outside_them_only() {
    let outside = fails("let x = http::get(\"http://127.0.0.1/\").status;");
    assert_eq!(outside.all[0].code, Code::LookOutsideCheck);
    assert_eq!(outside.all[0].span.as_ref().map(|span| (span.line, span.column)), Some((2, 9)));
    assert!(outside.all[0].help.as_ref().is_some_and(|help| help.contains("put it into a check")));
    let inside = fails("check(\"x\", || command(\"y\", #{ run: [\"y\"] }));");
    assert!(inside.line().contains("stands inside the closure of \"x\""), "{inside}");
    let early =
        Program::load(&files(&[("main.rhai", "command(\"x\", #{ run: [\"x\"] });\nrunbook(#{ title: \"t\" });")]), "main.rhai")
            .expect("nothing to see yet")
            .describe()
            .expect_err("a step first");
    assert_eq!(early.all[0].code, Code::Declaration);
    let files = files(&[("main.rhai", &format!("{HEAD}import \"m\" as m;")), ("m.rhai", "command(\"x\", #{ run: [\"x\"] });")]);
    let program = Program::load_pinned(&files, "main.rhai").unwrap_or_else(|error| panic!("{error}"));
    let (asked, ending) = play(&program, &mut willing);
    let Ending::Failed(failure) = ending else { panic!("{}", shown(&ending)) };
    assert_eq!(failure.diagnostics.all[0].code, Code::StepInImport);
    assert_eq!(failure.location.map(|at| at.file).as_deref(), Some("m.rhai"));
    assert!(asked.is_empty());
}

#[test]
fn observations_give_what_was_seen() {
    let seen = |operation: &Operation| match operation {
        Operation::Observe { observation, .. } => Some(Reply::Seen(match observation {
            Observation::Http { .. } => Ok(Seen::Response(Response {
                status: 503,
                headers: BTreeMap::from([("retry-after".to_owned(), "3".to_owned())]),
                body: Bytes::from("{\"a\":[1,2]}"),
                millis: 12,
                cut: false,
            })),
            Observation::Output { invocation, timeout } => {
                assert_eq!(timeout.map(|length| length.millis()), Some(5000));
                let Answer::Exited(mut exited) = printed(&format!("{}\n", invocation.argv.join("|"))) else { panic!("no exit") };
                exited.status = ExitStatus::Code(1);
                Ok(Seen::Exited(exited))
            }
            Observation::ReadFile { path } if path == "/bin" => Ok(Seen::Content(Bytes(vec![0xff]))),
            Observation::ReadFile { .. } => Ok(Seen::Content(Bytes::from("text\n"))),
            Observation::Stat { path } if path == "/none" => Ok(Seen::Value(Value::Null)),
            Observation::Stat { .. } => Ok(Seen::Value(serde_json::json!({ "size": 3 }))),
            Observation::Now => Ok(Seen::Value(Value::from("2026-01-01T00:00:00Z"))),
            other => Err(NotSeen { message: format!("no {other:?}") }),
        })),
        other => willing(other),
    };
    let body = r#"
let all = check("look", || {
    let r = http::get("http://127.0.0.1/x", #{ timeout: "1s" });
    let o = exec::output(["a", 1], #{ timeout: "5s" });
    [r.status, r.json().a[1], r.headers["retry-after"], r.millis, o.stdout, o.code, o.lines, fs::read("/x"), fs::exists("/none"), fs::exists("/x"), fs::stat("/x").size, clock::now()]
});
print(#{ all: all }.to_json());
let failed = attempt(|| check("binary", || fs::read("/bin")));
print(failed.error.message);
let refused = attempt(|| check("dns", || dns::resolve("x")));
print(refused.error.message);
let odd = attempt(|| check("odd", || http::get("http://127.0.0.1/")));
print(odd.error.message);
"#;
    let (asked, ending) = play(&program(body), &mut { seen });
    assert_eq!(ending, Ending::Completed, "{}", shown(&ending));
    let notes = notes(&asked);
    assert_eq!(notes[0], r#"{"all":[503,2,"3",12,"a|1",1,["a|1"],"text\n",false,true,3,"2026-01-01T00:00:00Z"]}"#);
    assert!(notes[1].contains("/bin") && notes[1].contains("not UTF-8"), "{}", notes[1]);
    assert!(notes[2].contains("no Resolve"), "{}", notes[2]);
    assert!(notes[3].contains("cannot be recorded") && notes[3].contains(".status"), "{}", notes[3]);
}

#[test]
fn cut_output_is_not_mistaken_for_the_whole() {
    let long = "a".repeat(KEPT + 1);
    let (asked, ending) = play(
        &program(
            "let o = command(\"x\", #{ run: [\"x\"] });\nprint(o.head.len());\nprint(attempt(|| o.stdout).error.message);\no.lines",
        ),
        &mut |operation| match operation {
            Operation::Step { .. } => Some(Reply::Done(printed(&long))),
            other => willing(other),
        },
    );
    assert_eq!(notes(&asked)[0], (KEPT / 2).to_string());
    assert!(notes(&asked)[1].contains("of its 65537 bytes 1 are not kept"), "{:?}", notes(&asked));
    let Ending::Failed(failure) = ending else { panic!("{}", shown(&ending)) };
    assert_eq!(failure.diagnostics.all[0].code, Code::NotText);
}

#[test]
fn a_closure_of_a_check_changes_nothing_outside_itself() {
    assert_eq!(
        says("let n = 1;\ncheck(\"x\", || { n = 2; true });\nprint(n);\nphase(\"y\", || { n = 3; });\nprint(n);"),
        ["1", "3"]
    );
}

#[test]
fn settled_by_is_asked_when_the_engine_wants_to_know() {
    let mut settled = Vec::new();
    let (_, ending) =
        play(&program("let want = 3;\ncommand(\"x\", #{ run: [\"x\"], settled_by: || want == 3 });"), &mut |operation| {
            match operation {
                Operation::Step { spec, .. } => {
                    assert!(matches!(&spec.kind, StepKind::Command(command) if command.settled_by));
                    Some(Reply::Settle)
                }
                Operation::Looked { look, .. } => {
                    settled.push(look.clone());
                    Some(Reply::Done(printed("")))
                }
                other => willing(other),
            }
        });
    assert_eq!((ending, settled), (Ending::Completed, vec![Look::Value(Value::Bool(true))]));
}
