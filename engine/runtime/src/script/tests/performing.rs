//! What a script asks, step by step, and how it ends.

use super::*;

#[test]
fn a_whole_runbook_is_asked_step_by_step() {
    let (asked, ending) = play(
        &program(
            r#"
fn weight(percent) { command(`send ${percent} %`, #{ run: ["lb", settings.root, percent, true], rollback: ["lb", 0] }) }
let current = check("a release is current", || fs::read_link("/srv/current"));
confirm(`Roll ${p.service} back from ${current}?`, #{ by: ["@oncall"], deadline: "5m", on_timeout: "stop" });
let out = phase("Switch", #{ budget: "2m" }, || {
    command("link", #{ run: ["ln", current], rollback: [["ln", "-s", current], ["systemctl", "restart", p.service]], cwd: "/srv", timeout: "10s", retry: #{ times: 2, every: "5s" } });
    rollback("tell", || { command("say", #{ run: ["say", current] }); });
    command("conf", #{ write: #{ path: "/etc/a", content: "x", mode: 0o640 } })
});
for percent in [10, 50] { print(weight(percent).stdout); }
for percent in [10] { weight(percent); }
"#,
        ),
        &mut |operation| match operation {
            Operation::Observe { observation, what, .. } => {
                assert_eq!(*observation, Observation::ReadLink { path: "/srv/current".to_owned() });
                assert_eq!(what, "fs::read_link /srv/current");
                Some(Reply::Seen(Ok(Seen::Value(Value::from("r7")))))
            }
            other => willing(other),
        },
    );
    assert_eq!(ending, Ending::Completed, "{}", shown(&ending));
    assert_eq!(
        paths(&asked),
        [
            "a release is current",
            "Roll api back from r7?",
            "Switch/link",
            "Switch/tell",
            "Switch/conf",
            "send 10 %25",
            "send 50 %25",
            "send 10 %25#2"
        ]
    );
    assert_eq!(notes(&asked), ["send 10 %", "send 50 %"]);
    let steps = specs(&asked);
    let StepKind::Command(link) = &steps[2].1.kind else { panic!("{:?}", steps[2]) };
    let RollbackPlan::Changes(changes) = &link.rollback else { panic!("{:?}", link.rollback) };
    assert_eq!(argv_of(&changes[1]), ["systemctl", "restart", "api"]);
    assert!(matches!(&changes[0], Change::Run(run) if run.cwd.as_deref() == Some("/srv")));
    assert_eq!(link.retry.map(|retry| retry.times), Some(2));
    let StepKind::Command(conf) = &steps[4].1.kind else { panic!("{:?}", steps[4]) };
    assert_eq!(conf.rollback, RollbackPlan::Restore);
    let StepKind::Command(weight) = &steps[5].1.kind else { panic!("{:?}", steps[5]) };
    assert_eq!(argv_of(&weight.change), ["lb", "/srv", "10", "true"]);
    assert!(asked.iter().any(|operation| matches!(operation, Operation::EnterPhase { budget: Some(_), .. })));
}

#[test]
fn a_rollback_block_sees_what_was_captured_then_and_has_paths_of_its_own() {
    let program = Program::load(
        &files(&[
            ("main.rhai", &format!("{HEAD}import \"lib/steps\" as steps;\nfn mine(n) {{ command(\"back\", #{{ run: [\"main\", n] }}) }}\nfor percent in [10, 50] {{ steps::send(percent, || {{ mine(percent); command(\"back\", #{{ run: [\"x\"] }}); }}); }}\nthrow \"enough\";")),
            ("lib/steps.rhai", "fn mine(n) { throw \"the function of the module\" }\nfn send(percent, back) { command(`send ${percent}`, #{ run: [\"lb\"], rollback: back }) }"),
        ]),
        "main.rhai",
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let (line, mut listener) = Line::new();
    let actor = program.cast(&BTreeMap::new(), &serde_json::Map::new(), None, line);
    let (_, ending) = attend(actor.play(Arc::default()), &mut listener, &mut willing);
    assert!(matches!(&ending, Ending::Failed(failure) if failure.diagnostics.line() == "enough"), "{}", shown(&ending));
    let step = StepPath::root().child("send 10", 1);
    for _ in 0..2 {
        let (asked, ending) = attend(actor.roll_back(step.clone()), &mut listener, &mut willing);
        assert_eq!(ending, Ending::Completed, "{}", shown(&ending));
        assert_eq!(paths(&asked), ["~rollback/send 10/back", "~rollback/send 10/back#2"]);
        let StepKind::Command(back) = &specs(&asked)[0].1.kind else { panic!("{asked:?}") };
        assert_eq!(argv_of(&back.change), ["main", "10"]);
    }
    let nowhere = StepPath::root().child("nowhere", 1);
    let (asked, ending) = attend(actor.roll_back(nowhere.clone()), &mut listener, &mut willing);
    assert!(asked.is_empty() && matches!(ending, Ending::Failed(failure) if failure.step == Some(nowhere)));
}

#[test]
fn the_sample_of_the_documentation_is_described_and_performed_from_disk() {
    let root = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(root.path().join("api")).expect("a directory");
    std::fs::write(root.path().join("api/roll-back.rhai"), include_str!("sample.rhai")).expect("written");
    const RELEASES: &str = "fn current(service) { fs::read_link(`/srv/${service}/current`) }\nfn before(service, current) { fs::list(`/srv/${service}`)[0] }";
    const PROMETHEUS: &str = "fn value(query) { http::get(\"http://127.0.0.1:9090/\" + query).json().value }";
    let files = crate::script::Repository {
        root: root.path().to_owned(),
        std: |name| match name {
            "std/releases.rhai" => Some(RELEASES),
            "std/prometheus.rhai" => Some(PROMETHEUS),
            _ => None,
        },
    };
    let program = Program::load(&files, "api/roll-back.rhai").unwrap_or_else(|error| panic!("{error}"));
    let declaration = program.describe().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((declaration.title.as_str(), declaration.serves.len(), declaration.params.len()), ("Roll back the API", 2, 2));
    assert_eq!(declaration.about.as_deref(), Some("Roll an API back to the release that served before the current one."));
    let (line, mut listener) = Line::new();
    let params = BTreeMap::from([("service".to_owned(), Value::from("api")), ("to".to_owned(), Value::from(""))]);
    let settings = serde_json::Map::from_iter([
        ("root".to_owned(), Value::from("/srv")),
        ("api".to_owned(), Value::from("http://127.0.0.1:1")),
    ]);
    let actor = program.cast(&params, &settings, None, line);
    let mut seen = |operation: &Operation| match operation {
        Operation::Observe { observation, .. } => Some(Reply::Seen(Ok(match observation {
            Observation::ReadLink { .. } => Seen::Value(Value::from("r7")),
            Observation::ListDir { .. } => Seen::Value(serde_json::json!(["r6", "r7"])),
            Observation::Http { url, .. } => Seen::Response(Response {
                status: if url.ends_with("/health") { 200 } else { 207 },
                headers: BTreeMap::new(),
                body: Bytes::from("{\"value\":0.001}"),
                millis: 1,
                cut: false,
            }),
            other => panic!("{other:?}"),
        }))),
        other => willing(other),
    };
    let (asked, ending) = attend(actor.play(Arc::default()), &mut listener, &mut seen);
    assert_eq!(ending, Ending::Completed, "{}", shown(&ending));
    let steps = specs(&asked);
    assert_eq!(steps.len(), 13);
    let StepKind::Command(link) = &steps[4].1.kind else { panic!("{:?}", steps[4]) };
    assert_eq!(argv_of(&link.change), ["ln", "-sfn", "releases/r6", "/srv/current"]);
    assert!(link.settled_by);
}

#[test]
fn a_replay_asks_the_same_again() {
    let program = program("phase(\"a\", || { command(\"b\", #{ run: [\"c\"] }); });\ncommand(\"b\", #{ run: [\"c\"] });");
    let (line, mut listener) = Line::new();
    let actor = program.cast(&BTreeMap::new(), &serde_json::Map::new(), None, line);
    let (first, _) = attend(actor.play(Arc::default()), &mut listener, &mut willing);
    let (second, _) = attend(actor.play(Arc::default()), &mut listener, &mut willing);
    assert_eq!(first, second);
    assert_eq!(paths(&first), ["a/b", "b"]);
}

#[test]
fn a_failed_step_can_be_caught_and_names_itself() {
    let failing = &mut |operation: &Operation| match operation {
        Operation::Step { .. } => Some(Reply::Failed(Box::new(Failure::Exited(Exited {
            status: ExitStatus::Code(3),
            stdout: Excerpt::default(),
            stderr: Excerpt::default(),
            millis: 0,
            left_running: Vec::new(),
            unkept: Vec::new(),
        })))),
        other => willing(other),
    };
    let caught = program(
        r#"
try { command("x", #{ run: ["x"] }); } catch (e) { print(`${e.step} ${e.reason} ${e.code} ${e.message}`); }
let tried = attempt(|| command("y", #{ run: ["y"] }));
print(`${tried.ok} ${tried.error.step}`);
print(attempt(|| 7).value);
"#,
    );
    let (asked, ending) = play(&caught, failing);
    assert_eq!(ending, Ending::Completed, "{}", shown(&ending));
    assert_eq!(notes(&asked), ["x exited 3 exit code 3", "false y", "7"]);
    let uncaught = program("fn act() { command(\"x\", #{ run: [\"x\"] }) }\ntry { act(); } catch (e) { throw e; }");
    let (_, ending) = play(&uncaught, failing);
    let Ending::Failed(failure) = ending else { panic!("{}", shown(&ending)) };
    assert_eq!(failure.step, Some(StepPath::root().child("x", 1)));
    assert_eq!(failure.location.map(|at| (at.line, at.column)), Some((2, 12)));
    assert_eq!(failure.diagnostics.all[0].code, Code::StepFailed);
}

#[test]
fn a_hang_up_cannot_be_caught() {
    for body in [
        "try { command(\"x\", #{ run: [\"x\"] }); } catch { print(\"caught\"); }",
        "try { [1].map(|n| command(\"x\", #{ run: [\"x\"] })); } catch { print(\"caught\"); }",
        "attempt(|| command(\"x\", #{ run: [\"x\"] }));\nprint(\"caught\");",
        "loop { try { command(\"x\", #{ run: [\"x\"] }); } catch { } }",
        "check(\"x\", || { try { fs::read(\"x\") } catch { } });\nprint(\"caught\");",
    ] {
        let (asked, ending) = play(&program(body), &mut |operation| match operation {
            Operation::Step { spec, .. } if matches!(spec.kind, StepKind::Check(_)) => Some(Reply::Look),
            _ => None,
        });
        assert_eq!(ending, Ending::HungUp, "{body}");
        assert!(notes(&asked).is_empty(), "{body}");
    }
}

#[test]
fn a_dropped_actor_stops_a_computing_script() {
    let (line, mut listener) = Line::new();
    let actor = program("print(\"on\");\nlet n = 0;\nloop { n += 1; if n > 1000 { n = 0; } }").cast(
        &BTreeMap::new(),
        &serde_json::Map::new(),
        None,
        line,
    );
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let ending = runtime.block_on(async {
        let ending = actor.play(Default::default());
        let call = listener.recv().await.expect("the note");
        call.reply.send(Reply::GoOn).expect("the script waits");
        drop(actor);
        ending.await
    });
    // Stopped long before its allowance of operations is used up, or by it on a very fast machine.
    assert!(matches!(ending, Ending::HungUp), "{}", shown(&ending));
    runtime.block_on(async { assert!(listener.recv().await.is_none(), "the thread has ended") });
}

#[test]
fn settings_are_seen_everywhere_and_cannot_be_changed() {
    let files = files(&[
        (
            "main.rhai",
            &format!(
                "{HEAD}import \"m\" as m;\nfn f() {{ settings.root }}\nprint(f() + m::g() + [1].map(|x| settings.root)[0]);\nsettings.root = 1;"
            ),
        ),
        ("m.rhai", "const A = settings.root; fn g() { settings.root + global::A }"),
    ]);
    let program = Program::load(&files, "main.rhai").unwrap_or_else(|error| panic!("{error}"));
    let (asked, ending) = play(&program, &mut willing);
    assert_eq!(notes(&asked), ["/srv/srv/srv/srv"], "{}", shown(&ending));
    assert!(matches!(ending, Ending::Failed(_)), "{}", shown(&ending));
}

#[test]
fn a_variable_that_a_script_calls_settings_is_its_own() {
    let (asked, ending) = play(
        &program(
            r#"
fn first(settings) { settings[0] }
fn around() { let c = |x| settings.root + x; c.call("/a") }
print(first(["given"]) + around());
for settings in ["loop"] { print(settings); }
let settings = "local";
let c = |x| settings + x;
print(c.call("/b"));
try { throw "caught" } catch (settings) { print(settings); }
"#,
        ),
        &mut willing,
    );
    assert_eq!(notes(&asked), ["given/srv/a", "loop", "local/b", "caught"], "{}", shown(&ending));
}
