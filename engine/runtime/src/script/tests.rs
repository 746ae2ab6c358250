//! The script room against an engine that answers from a script.

use std::collections::BTreeMap;

use rhai::Map;
use runbook_model::Value;
use runbook_model::answer::{Answer, ExitStatus, Exited, Response, Said};
use runbook_model::change::{Change, Invocation};
use runbook_model::declaration::Declaration;
use runbook_model::excerpt::{Bytes, Excerpt, KEPT};
use runbook_model::failure::Failure;
use runbook_model::observation::{NotSeen, Observation, Seen};
use runbook_model::path::StepPath;
use runbook_model::step::{OnFailure, RollbackPlan, StepKind, StepSpec};
use tokio::sync::mpsc;

use super::{Actor, Code, Diagnostics, Ending, Pinned, Program};
use crate::operation::{Call, Line, Look, Operation, Reply};

const HEAD: &str = "let p = runbook(#{ title: \"t\" });\n";

fn files(texts: &[(&str, &str)]) -> Pinned {
    Pinned(texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
}

fn program(body: &str) -> Program {
    Program::load(&files(&[("main.rhai", &format!("{HEAD}{body}"))]), "main.rhai").unwrap_or_else(|error| panic!("{error}"))
}

fn refused(body: &str) -> Diagnostics {
    Program::load(&files(&[("main.rhai", body)]), "main.rhai").expect_err("a mistake")
}

fn settings() -> Map {
    Map::from([("root".into(), "/srv".into())])
}

fn printed(text: &str) -> Answer {
    Answer::Exited(Exited {
        status: ExitStatus::Code(0),
        stdout: Excerpt::of(text.as_bytes()),
        stderr: Excerpt::default(),
        millis: 7,
        left_running: Vec::new(),
    })
}

/// Answers until the performance ends; gives what was asked, and the ending.
fn attend(
    actor: &Actor,
    listener: &mut mpsc::UnboundedReceiver<Call>,
    scene: Option<StepPath>,
    answer: &mut dyn FnMut(&Operation) -> Option<Reply>,
) -> (Vec<Operation>, Ending) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let ending: std::pin::Pin<Box<dyn Future<Output = Ending>>> = match scene {
            None => Box::pin(actor.play()),
            Some(path) => Box::pin(actor.roll_back(path)),
        };
        tokio::pin!(ending);
        let mut asked = Vec::new();
        loop {
            tokio::select! {
                biased;
                call = listener.recv() => {
                    let call = call.expect("the actor holds the line");
                    let reply = answer(&call.operation);
                    asked.push(call.operation);
                    if let Some(reply) = reply {
                        call.reply.send(reply).expect("the script waits");
                    }
                }
                ending = &mut ending => return (asked, ending),
            }
        }
    })
}

fn play(program: &Program, answer: &mut dyn FnMut(&Operation) -> Option<Reply>) -> (Vec<Operation>, Ending) {
    let (line, mut listener) = Line::new();
    let actor = program.cast(&BTreeMap::from([("service".to_owned(), Value::from("api"))]), settings(), line);
    attend(&actor, &mut listener, None, answer)
}

/// Does every step: commands print their name, checks look once and pass.
fn willing(operation: &Operation) -> Option<Reply> {
    Some(match operation {
        Operation::Step { spec, .. } => match &spec.kind {
            StepKind::Check(_) => Reply::Look,
            StepKind::Command(_) => Reply::Done(printed(&format!("{}\n", spec.name))),
            StepKind::Confirm(_) => Reply::Done(Answer::Said(Said::Yes)),
            StepKind::Rollback(_) => Reply::Done(Answer::Nothing),
        },
        Operation::Looked { look: Look::Value(value), .. } => Reply::Done(Answer::Value(value.clone())),
        Operation::Looked { look: Look::Unknown { .. }, .. } => Reply::Unknown { assumed: None },
        Operation::Looked { look: Look::Failed { message, location }, .. } => {
            Reply::Failed(Box::new(Failure::LookFailed { message: message.clone(), at: location.clone() }))
        }
        Operation::Observe { .. } => Reply::Seen(Err(NotSeen { message: "nothing to see".to_owned() })),
        _ => Reply::GoOn,
    })
}

/// A rehearsal: commands are withheld.
fn rehearsing(operation: &Operation) -> Option<Reply> {
    match operation {
        Operation::Step { spec, .. } => match &spec.kind {
            StepKind::Command(command) => Some(Reply::Unknown { assumed: command.assume.clone() }),
            _ => willing(operation),
        },
        _ => willing(operation),
    }
}

fn specs(asked: &[Operation]) -> Vec<(String, StepSpec)> {
    asked
        .iter()
        .filter_map(|operation| match operation {
            Operation::Step { path, spec, .. } => Some((path.to_string(), (**spec).clone())),
            _ => None,
        })
        .collect()
}

fn paths(asked: &[Operation]) -> Vec<String> {
    specs(asked).into_iter().map(|(path, _)| path).collect()
}

fn notes(asked: &[Operation]) -> Vec<String> {
    asked
        .iter()
        .filter_map(|operation| match operation {
            Operation::Note { text, .. } => Some(text.clone()),
            _ => None,
        })
        .collect()
}

fn argv_of(change: &Change) -> &[String] {
    match change {
        Change::Run(Invocation { argv, .. }) => argv,
        other => panic!("{other:?}"),
    }
}

fn says(body: &str) -> Vec<String> {
    let (asked, ending) = play(&program(body), &mut willing);
    assert_eq!(ending, Ending::Completed, "{}", shown(&ending));
    notes(&asked)
}

fn shown(ending: &Ending) -> String {
    match ending {
        Ending::Failed(failure) => failure.diagnostics.to_string(),
        Ending::Unknowable(diagnostics) => diagnostics.to_string(),
        other => format!("{other:?}"),
    }
}

fn fails(body: &str) -> Diagnostics {
    match play(&program(body), &mut willing).1 {
        Ending::Failed(failure) => failure.diagnostics,
        other => panic!("{}", shown(&other)),
    }
}

fn unknowable(body: &str) -> Diagnostics {
    match play(&program(body), &mut rehearsing).1 {
        Ending::Unknowable(diagnostics) => diagnostics,
        other => panic!("{}: {body}", shown(&other)),
    }
}

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
    let actor = program.cast(&BTreeMap::new(), Map::new(), line);
    let (_, ending) = attend(&actor, &mut listener, None, &mut willing);
    assert!(matches!(&ending, Ending::Failed(failure) if failure.diagnostics.line() == "enough"), "{}", shown(&ending));
    let step = StepPath::root().child("send 10", 1);
    for _ in 0..2 {
        let (asked, ending) = attend(&actor, &mut listener, Some(step.clone()), &mut willing);
        assert_eq!(ending, Ending::Completed, "{}", shown(&ending));
        assert_eq!(paths(&asked), ["~rollback/send 10/back", "~rollback/send 10/back#2"]);
        let StepKind::Command(back) = &specs(&asked)[0].1.kind else { panic!("{asked:?}") };
        assert_eq!(argv_of(&back.change), ["main", "10"]);
    }
    let nowhere = StepPath::root().child("nowhere", 1);
    let (asked, ending) = attend(&actor, &mut listener, Some(nowhere.clone()), &mut willing);
    assert!(asked.is_empty() && matches!(ending, Ending::Failed(failure) if failure.step == Some(nowhere)));
}

#[test]
fn the_sample_of_the_documentation_is_described_and_performed_from_disk() {
    let root = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(root.path().join("api")).expect("a directory");
    std::fs::write(root.path().join("api/roll-back.rhai"), include_str!("sample.rhai")).expect("written");
    let releases = "fn current(service) { fs::read_link(`/srv/${service}/current`) }\nfn before(service, current) { fs::list(`/srv/${service}`)[0] }";
    let prometheus = "fn value(query) { http::get(\"http://127.0.0.1:9090/\" + query).json().value }";
    let std = [("std/releases.rhai", releases), ("std/prometheus.rhai", prometheus)];
    let files = super::Repository {
        root: root.path().to_owned(),
        std: std.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
    };
    let program = Program::load(&files, "api/roll-back.rhai").unwrap_or_else(|error| panic!("{error}"));
    let declaration = program.describe().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((declaration.title.as_str(), declaration.serves.len(), declaration.params.len()), ("Roll back the API", 2, 2));
    assert_eq!(declaration.about.as_deref(), Some("Roll an API back to the release that served before the current one."));
    let (line, mut listener) = Line::new();
    let params = BTreeMap::from([("service".to_owned(), Value::from("api")), ("to".to_owned(), Value::from(""))]);
    let settings = Map::from([("root".into(), "/srv".into()), ("api".into(), "http://127.0.0.1:1".into())]);
    let actor = program.cast(&params, settings, line);
    let mut seen = |operation: &Operation| match operation {
        Operation::Observe { observation, .. } => Some(Reply::Seen(Ok(match observation {
            Observation::ReadLink { .. } => Seen::Value(Value::from("r7")),
            Observation::ListDir { .. } => Seen::Value(serde_json::json!(["r6", "r7"])),
            Observation::Http { url, .. } => Seen::Response(Response {
                status: if url.ends_with("/health") { 200 } else { 207 },
                headers: BTreeMap::new(),
                body: Bytes::from("{\"value\":0.001}"),
                millis: 1,
            }),
            other => panic!("{other:?}"),
        }))),
        other => willing(other),
    };
    let (asked, ending) = attend(&actor, &mut listener, None, &mut seen);
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
    let actor = program.cast(&BTreeMap::new(), Map::new(), line);
    let (first, _) = attend(&actor, &mut listener, None, &mut willing);
    let (second, _) = attend(&actor, &mut listener, None, &mut willing);
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
    let actor =
        program("print(\"on\");\nlet n = 0;\nloop { n += 1; if n > 1000 { n = 0; } }").cast(&BTreeMap::new(), Map::new(), line);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let ending = runtime.block_on(async {
        let ending = actor.play();
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
    let program = Program::load(&files, "main.rhai").unwrap_or_else(|error| panic!("{error}"));
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
fn unknown_values_flow_through_text_and_stop_decisions() {
    let unknown = "let u = command(\"build\", #{ run: [\"make\"] });\n";
    let (asked, ending) = play(
        &program(&format!(
            "{unknown}{}",
            r#"
let tag = u.stdout.to_upper();
let image = `reg/${tag}:1` + "-x";
command("push", #{ run: ["push", image, u.lines[0], "a-" + tag], rollback: ["rm", tag], env: #{ TAG: tag } });
let v = check("sees", || u.stdout == "x");
command(`use ${v}`, #{ run: ["x", v] });
print(`${u.code + 1}`);
let known = command("known", #{ run: ["x"], assume: "v7\n" });
if known.stdout == "v7" { print("assumed"); }
"#
        )),
        &mut rehearsing,
    );
    assert_eq!(ending, Ending::Completed, "{}", shown(&ending));
    let steps = specs(&asked);
    let StepKind::Command(push) = &steps[1].1.kind else { panic!("{:?}", steps[1]) };
    let mark = "‹output of \"build\"›";
    assert_eq!(argv_of(&push.change), ["push", &format!("reg/{mark}:1-x"), mark, &format!("a-{mark}")]);
    assert_eq!(steps[3].1.name, "use ‹result of \"sees\"›");
    assert_eq!(notes(&asked), [mark, "assumed"]);
    for decision in [
        "if u.stdout == \"x\" { print(1); }",
        "if u.ok { print(1); }",
        "if !u.ok { print(1); }",
        "while u.ok { print(1); }",
        "let x = u.stdout; switch x { \"a\" => print(1), _ => print(2) }",
        "switch u.stdout { \"a\" => print(1), _ => print(2) }",
        "let t = `v${u.stdout}`; switch t { \"a\" => print(1), _ => print(2) }",
        "for line in u.lines { print(line); }",
        "if u.stdout.contains(\"x\") { print(1); }",
        "if u.stdout.is_empty() { print(1); }",
        "if `${u.stdout}` == \"\" { print(1); }",
        "if \"x\" in u.lines { print(1); }",
        "if u.lines.len() > 3 { print(1); }",
        "if [1, 2].contains(u.code) { print(1); }",
        "fn f(x) { x } if f(u.ok) { print(1); }",
        "let t = `${u.stdout}`; if t.starts_with(\"a\") { print(1); }",
        "let t = `${u.stdout}`; if t.to_upper() == \"X\" { print(1); }",
        "let t = `${u.stdout}`; if t.len > 3 || t.len() > 3 { print(1); }",
        "let t = `${u.stdout}`; if t.split(\"o\")[0] == \"a\" { print(1); }",
        "let t = `${u.stdout}`; if t.sub_string(0, 3) == \"a\" { print(1); }",
        "if u.ok && true { print(1); }",
        "if true && u.ok { print(1); }",
        "if u.ok || false { print(1); }",
        "let l = [1, 2]; if l[u.code] == 1 { print(1); }",
        "if u in [1, 2] { print(1); }",
        "do { print(1); } while u.ok;",
        "if #{ a: u.code } == #{ a: 1 } { print(1); }",
        "if u == () { print(1); }",
        "fn f(x) { switch x { \"a\" => print(1), _ => print(2) } } f(u.code);",
        "phase(\"p\", || { switch u.code { 1 => print(1), _ => print(2) } });",
        "let v = if true { switch u.code { 1 => print(1), _ => print(2) } };",
        "let r = if u.ok { 1 } else { 2 };",
        "try { if u.code == 1 { print(1); } } catch { print(2); }",
    ] {
        let (asked, ending) = play(&program(&format!("{unknown}{decision}")), &mut rehearsing);
        let Ending::Unknowable(diagnostics) = &ending else { panic!("{decision}: {}", shown(&ending)) };
        assert!(notes(&asked).is_empty(), "{decision}");
        assert_eq!(diagnostics.location().map(|at| at.line), Some(3), "{decision}\n{diagnostics}");
        assert!(diagnostics.to_string().contains("assume"), "{diagnostics}");
    }
    let text = unknowable(&format!("{unknown}if u.stdout == \"x\" {{ print(1); }}")).to_string();
    assert!(text.contains("the output of \"build\" is not known in a rehearsal, but `==` depends on it"), "{text}");
    assert!(text.contains("withheld here"), "{text}");
}

#[test]
fn a_look_that_depends_on_an_unknown_is_unknown_and_takes_no_look() {
    let unknown = "let u = command(\"build\", #{ run: [\"make\"] });\n";
    for check in [
        "check(\"c\", || exec::output([\"cat\", u.stdout]).ok);",
        "check(\"c\", || http::get(`http://127.0.0.1/${u.stdout}`).status);",
        "check(\"c\", || http::get(\"http://127.0.0.1/\", #{ headers: #{ a: `${u.stdout}` } }).status);",
        "check(\"c\", || u);",
        "check(\"c\", || [1, #{ a: `x${u.stdout}` }]);",
        "check(\"c\", || 1, #{ expect: u.code });",
        "check(\"c\", || { let x = u.code == 1; x });",
        "check(\"c\", || if u.ok { 1 } else { 2 });",
    ] {
        let (asked, ending) = play(&program(&format!("{unknown}{check}\nprint(\"on\");")), &mut rehearsing);
        assert_eq!(ending, Ending::Completed, "{check}: {}", shown(&ending));
        let looks: Vec<_> =
            asked.iter().filter(|asked| matches!(asked, Operation::Looked { look: Look::Unknown { .. }, .. })).collect();
        assert_eq!((looks.len(), notes(&asked).len()), (1, 1), "{check}: {asked:?}");
        assert!(!asked.iter().any(|asked| matches!(asked, Operation::Observe { .. })), "{check}");
    }
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    for (body, code, line, column, words) in [
        ("let x = ;", Code::Syntax, 1, 9, ""),
        ("let x = y;", Code::Syntax, 1, 9, "y"),
        ("comand(\"x\", #{});", Code::UnknownFunction, 1, 1, "did you mean `command`"),
        ("command(\"x\", #{\n  run: [\"x\"],\n  timout: \"1s\" });", Code::UnknownOption, 3, 3, "did you mean `timeout`"),
        ("command(\"x\", #{ write: #{ path: \"x\", contents: \"\" } });", Code::UnknownOption, 1, 38, "did you mean `content`"),
        ("command(\"x\", #{ run: [], timeout: \"5 parsecs\" });", Code::BadOption, 1, 35, "not a length"),
        ("confirm(\"x\", #{ on_timeout: \"stopp\" });", Code::BadOption, 1, 29, "did you mean \"stop\""),
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
        let program = Program::load(&files(&[("main.rhai", &text)]), "main.rhai").unwrap_or_else(|error| panic!("{error}"));
        let error = program.describe().expect_err(declared).to_string();
        assert!(error.contains(words) && error.contains("main.rhai:1"), "{error}");
    }
    let none = Program::load(&files(&[("main.rhai", "let x = 1;")]), "main.rhai").expect("fine").describe().expect_err("none");
    assert_eq!(none.all[0].code, Code::Declaration);
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
        ("sh(\"x\", #{ \"a b\": 1 });", Code::BadOption, "shell variable"),
        ("if 5 == \"5\" { }", Code::UnlikeTypes, "a number with a text"),
        ("Fn(\"sleep\").call(1);", Code::Blocked, "sleep"),
        ("let m = #{ a: 1 }; m.b", Code::ScriptError, "b"),
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
    let program = Program::load(&files, "main.rhai").unwrap_or_else(|error| panic!("{error}"));
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
