//! Where a command runs, as a script says it.

use super::*;

fn hosts() -> BTreeMap<String, Vec<String>> {
    BTreeMap::from([("web".to_owned(), vec!["web-1".to_owned(), "web-2".to_owned()])])
}

/// Each command that is asked for: its path, its host, and those of its rollback.
fn places(body: &str) -> Vec<(String, Option<String>, Vec<Option<String>>)> {
    let (asked, ending) = play(&program(body).with_hosts(&hosts()), &mut willing);
    assert_eq!(ending, Ending::Completed, "{}", shown(&ending));
    let host = |change: &Change| change.host().map(str::to_owned);
    let commands = specs(&asked).into_iter().filter_map(|(path, spec)| match spec.kind {
        StepKind::Command(command) => match &command.rollback {
            RollbackPlan::Changes(changes) => Some((path, host(&command.change), changes.iter().map(host).collect())),
            _ => Some((path, host(&command.change), Vec::new())),
        },
        _ => None,
    });
    commands.collect()
}

fn some(host: &str) -> Option<String> {
    Some(host.to_owned())
}

#[test]
fn a_rollback_runs_where_its_command_ran_unless_it_says_otherwise() {
    let found = places(
        r#"command("a", #{ on: "web-1", run: ["x"], rollback: [["y"], #{ run: ["z"], on: "db" }, #{ run: ["w"], on: "here" }] });
           command("b", #{ run: ["x"], rollback: ["y"] });
           command("c", #{ on: "here", run: ["x"], rollback: ["y"] });"#,
    );
    let wanted = [
        ("a".to_owned(), some("web-1"), vec![some("web-1"), some("db"), None]),
        ("b".to_owned(), None, vec![None]),
        ("c".to_owned(), None, vec![None]),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_directory_of_one_machine_is_not_taken_along_to_another() {
    let body =
        r#"command("a", #{ on: "web-1", run: ["x"], cwd: "/srv", rollback: [#{ run: ["y"] }, #{ run: ["z"], on: "here" }] });"#;
    let (asked, _) = play(&program(body), &mut willing);
    let StepKind::Command(command) = &specs(&asked)[0].1.kind else { panic!("a command") };
    let RollbackPlan::Changes(changes) = &command.rollback else { panic!("changes") };
    let cwds: Vec<_> =
        changes.iter().map(|change| if let Change::Run(run) = change { run.cwd.as_deref() } else { None }).collect();
    assert_eq!(cwds, [Some("/srv"), None]);
}

#[test]
fn each_host_of_a_list_is_a_step_and_the_results_are_found_by_host() {
    let body = r#"let r = command("reload", #{ on: hosts("web"), run: ["x"], rollback: ["y"] }); print(r["web-2"].stdout);"#;
    let wanted = [
        ("reload on web-1".to_owned(), some("web-1"), vec![some("web-1")]),
        ("reload on web-2".to_owned(), some("web-2"), vec![some("web-2")]),
    ];
    assert_eq!(places(body), wanted);
    let (asked, _) = play(&program(body).with_hosts(&hosts()), &mut willing);
    assert_eq!(notes(&asked), ["reload on web-2"]);
}

#[test]
fn a_look_is_taken_on_its_host_and_says_so() {
    let (asked, _) = play(&program(r#"check("c", || exec::output(["id"], #{ on: "web-1" }).ok);"#), &mut willing);
    assert!(asked.is_empty() || !matches!(asked[0], Operation::Observe { .. }), "a look comes behind its step");
    let mut looking = |operation: &Operation| match operation {
        Operation::Observe { observation: Observation::Output { invocation, .. }, what, .. } => {
            assert_eq!((invocation.on.as_deref(), what.as_str()), (Some("web-1"), "exec::output on web-1: id"));
            let Answer::Exited(exited) = printed("") else { unreachable!() };
            Some(Reply::Seen(Ok(Seen::Exited(exited))))
        }
        _ => willing(operation),
    };
    let (asked, ending) = play(&program(r#"check("c", || exec::output(["id"], #{ on: "web-1" }).ok);"#), &mut looking);
    assert_eq!(ending, Ending::Completed);
    assert!(asked.iter().any(|operation| matches!(operation, Operation::Observe { .. })));
}

#[test]
fn the_host_is_part_of_the_fingerprint() {
    let of = |host: &str| {
        let body = format!("command(\"a\", #{{ on: \"{host}\", run: [\"x\"] }});");
        specs(&play(&program(&body), &mut willing).0)[0].1.fingerprint()
    };
    assert_eq!(of("web-1"), of("web-1"));
    assert_ne!(of("web-1"), of("web-2"));
}

#[test]
fn what_cannot_be_meant_is_an_error_at_its_line() {
    for (body, words) in [
        ("command(\"a\", #{ on: [], run: [\"x\"] });", "names no host"),
        ("command(\"a\", #{ on: [\"h\", \"h\"], run: [\"x\"] });", "twice"),
        ("command(\"a\", #{ on: \"-oProxyCommand=id\", run: [\"x\"] });", "no name of a host"),
        ("command(\"a\", #{ on: [\"h\", \"$(id)\"], run: [\"x\"] });", "no name of a host"),
        // The marks of a rehearsal are characters as all others are.
        ("command(\"a\", #{ on: \"‹h›\", run: [\"x\"] });", "no name of a host"),
        ("command(\"a\", #{ http: #{ url: \"‹a›://b\" } });", "no http:// or https://"),
        ("command(\"a\", #{ http: #{ url: \"http://b\", method: \"‹GET›\" } });", "no HTTP method"),
        ("command(\"a\", #{ on: [\"h\", \"here\"], run: [\"x\"] });", "stands alone"),
        ("command(\"a\", #{ on: 5, run: [\"x\"] });", "a name or a list of names"),
        ("command(\"a\", #{ on: \"h\", write: #{ path: \"/x\", content: \"\" } });", "`on` belongs to `run`"),
        ("command(\"a\", #{ on: [\"h\", \"i\"], run: [\"x\"], settled_by: || true });", "for host in"),
        ("command(\"a\", #{ on: [\"h\", \"i\"], run: [\"x\"], rollback: || { } });", "for host in"),
        ("command(\"a\", #{ on: \"h\", run: [\"x\"], rollback: #{ run: [\"y\"], on: [\"h\"] } });", "wants a text"),
        ("command(\"a\", #{ on: \"h\", run: [\"x\"], pty: true });", "on this machine only"),
        ("command(\"a\", #{ on: [\"h\"], run: [\"x\"], stop: \"everything\" });", "on this machine only"),
        ("hosts(\"wbe\");", "did you mean `web`"),
        ("hosts(5);", "the name of a group"),
    ] {
        let ending = play(&program(body).with_hosts(&hosts()), &mut willing).1;
        let text = shown(&ending);
        assert!(text.contains(words) && text.contains("main.rhai:2"), "{body}\n{text}");
    }
    assert!(fails("hosts(\"web\");").to_string().contains("[hosts] web = "));
}
