//! Each function of `std/systemd` on the units of a real systemd.

use super::Manager;
use crate::sshd::kill_with_children;
use crate::support::Place;

const UNITS: [(&str, &str); 4] = [
    (
        "web.service",
        "[Service]\nExecStartPre=/bin/cp %h/page %h/serving\nExecStart=/bin/sh -c 'echo serving; exec sleep infinity'\n\
         ExecReload=/bin/cp %h/page %h/reading\nTimeoutStopSec=5\n[Install]\nWantedBy=default.target\n",
    ),
    // The journal learns from `/proc` to which unit a process belongs: of one that is gone by then, it does not know.
    (
        "broken.service",
        "[Service]\nType=oneshot\nTimeoutStartSec=20\nExecStart=/bin/sh -c 'echo it breaks >&2; \
         until journalctl --directory %h/log/journal --quiet --unit broken | grep -q breaks; do :; done; exit 3'\n",
    ),
    ("once.service", "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n"),
    ("late.service", "[Service]\nExecStart=/bin/true\n"),
];

struct Scene {
    // It goes first: it is asked to, by a socket in the place.
    manager: Manager,
    place: Place,
}

impl Scene {
    fn start() -> Self {
        let place = Place::new();
        place.write("host/page", "one");
        let manager = Manager::start(&place.path("host"), &UNITS);
        Self { manager, place }
    }

    fn runbook(&self, body: &str) {
        let head = format!(
            "import \"std/systemd\" as systemd;\nlet at = systemd::here();\nat.systemctl = {};\nat.journalctl = {};\n",
            self.manager.systemctl(),
            self.manager.journalctl()
        );
        self.place.runbook("main", &(head + body));
    }

    fn active(&self, unit: &str) -> String {
        self.manager.property(unit, "ActiveState")
    }

    fn systemctl(&self, words: &[&str]) {
        let output = self.manager.ask(words);
        assert!(output.status.success(), "systemctl {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn looks_tell_what_systemd_knows() {
    let scene = Scene::start();
    scene.systemctl(&["start", "web", "once"]);
    assert!(!scene.manager.ask(&["start", "broken"]).status.success());
    let pid = scene.manager.property("web", "MainPID");
    let looks = r#"
        let web = check("web", || systemd::state(at, "web"));
        check("it runs", || [web.active, web.sub, web.result, web.enabled, web.pid, web.restarts], #{ expect: ["active", "running", "success", "disabled", PID, 0] });
        check("an invocation", || web.invocation.len(), #{ expect: 32 });
        let broken = check("broken", || systemd::state(at, "broken"));
        check("it failed", || [broken.active, broken.sub, broken.result, broken.enabled], #{ expect: ["failed", "failed", "exit-code", "static"] });
        check("a target has no process", || systemd::state(at, "basic.target").pid, #{ expect: 0 });
        check("which are up", || ["web", "once.service", "broken", "late"].map(|unit| systemd::is_active(at, unit)), #{ expect: [true, true, false, false] });
        check("not enabled", || !systemd::is_enabled(at, "web"));
        check("which failed", || systemd::failed(at), #{ expect: ["broken.service"] });
        check("its words", || systemd::journal(at, "web", 5).ends_with(": serving"), #{ within: "20s", every: "100ms" });
        check("the last one only", || { let last = systemd::journal(at, "broken", 1); last != "" && last.split("\n").len() == 1 }, #{ within: "20s", every: "100ms" });
        check("no words", || systemd::journal(at, "late", 5), #{ expect: "" });"#;
    scene.runbook(&looks.replace("PID", &pid));
    scene.place.expect(0, &["exec", "main"]).says(&["12 checks", "completed"]);
    for (body, says) in [
        (r#"check("x", || systemd::state(at, "nobody"));"#, "the unit nobody is not-found"),
        (r#"check("x", || systemd::is_active(at, "--all"));"#, "the unit --all is not-found"),
        (r#"systemd::wait(at, "broken", "1s");"#, "broken is failed (failed, exit-code)"),
        (r#"systemd::enable(at, "broken");"#, "broken is static"),
        (r#"systemd::start(at, "broken");"#, "failed"),
        (
            r#"at.systemctl = ["env", "XDG_RUNTIME_DIR=/nowhere", "systemctl", "--user"]; check("x", || systemd::failed(at));"#,
            "does not answer",
        ),
    ] {
        scene.runbook(body);
        scene.place.expect(1, &["exec", "main"]).says(&[says]);
    }
}

#[test]
fn a_rollback_brings_the_former_state_back_and_leaves_alone_what_was_so() {
    let scene = Scene::start();
    for (body, before, then) in [
        ("systemd::start(at, \"web\");", "inactive", "active"),
        ("systemd::start(at, \"web\");", "active", "active"),
        ("systemd::stop(at, \"web\");", "active", "inactive"),
        ("systemd::stop(at, \"web\");", "inactive", "inactive"),
        ("systemd::restart(at, \"web\"); systemd::wait(at, \"web\", \"30s\");", "inactive", "active"),
        ("systemd::restart(at, \"web\"); systemd::wait(at, \"web\", \"30s\");", "active", "active"),
    ] {
        scene.systemctl(&[if before == "active" { "start" } else { "stop" }, "web"]);
        let invocation = scene.manager.property("web", "InvocationID");
        scene.runbook(body);
        scene.place.expect(0, &["exec", "main", "--dry-run"]);
        assert_eq!((scene.active("web").as_str(), scene.manager.property("web", "InvocationID")), (before, invocation.clone()));
        scene.place.expect(0, &["exec", "main"]);
        assert_eq!(scene.active("web"), then, "{body} when it is {before}");
        let kept = scene.manager.property("web", "InvocationID") == invocation;
        assert_eq!(kept, before == then && !body.contains("restart"), "{body} when it is {before}");
        scene.place.run(&["rollback", &scene.place.newest_run()]);
        assert_eq!(scene.active("web"), before, "the rollback of {body}");
    }
    // The files are all that there is to it; the manager reads them again.
    let set = |enabled: &str| {
        let [link, unit] = ["default.target.wants/web.service", "web.service"]
            .map(|name| scene.place.path("host/config/systemd/user").join(name));
        std::fs::create_dir_all(link.parent().expect("a directory")).expect("a directory");
        std::fs::remove_file(&link).unwrap_or(());
        if enabled == "enabled" {
            std::os::unix::fs::symlink(unit, link).expect("a link");
        }
        scene.systemctl(&["daemon-reload"]);
        assert_eq!(scene.manager.property("web", "UnitFileState"), enabled);
    };
    for (body, before, then) in [
        ("systemd::enable(at, \"web\");", "disabled", "enabled"),
        ("systemd::disable(at, \"web\");", "enabled", "disabled"),
        ("systemd::enable(at, \"web\");", "enabled", "enabled"),
    ] {
        scene.runbook(&format!("at.systemctl = {};\n{body}", scene.manager.systemctl_inside()));
        set(before);
        scene.place.expect(0, &["exec", "main"]);
        assert_eq!(scene.manager.property("web", "UnitFileState"), then);
        scene.place.run(&["rollback", &scene.place.newest_run()]);
        assert_eq!(scene.manager.property("web", "UnitFileState"), before, "the rollback of {body}");
    }
}

#[test]
fn what_is_owed_first_makes_the_old_configuration_count() {
    let scene = Scene::start();
    scene.systemctl(&["start", "web"]);
    for (owe, change, read) in [
        ("systemd::owe_restart(at, \"web\");", "systemd::restart(at, \"web\");", "host/serving"),
        ("systemd::owe_reload(at, \"web\");", "systemd::reload(at, \"web\");", "host/reading"),
    ] {
        let write = r#"command("another page", #{ write: #{ path: "host/page", content: "two" } });"#;
        scene.runbook(&format!("{owe}\n{write}\n{change}"));
        scene.place.expect(0, &["exec", "main"]);
        assert_eq!(scene.place.read(read), "two");
        scene.place.expect(6, &["rollback", &scene.place.newest_run()]);
        assert_eq!((scene.place.read("host/page").as_str(), scene.place.read(read).as_str()), ("one", "one"), "{read}");
        assert_eq!(scene.active("web"), "active");
    }
    let body = r#"systemd::owe_daemon_reload(at);
        command("a description", #{ write: #{ path: "host/config/systemd/user/once.service.d/x.conf", content: "[Unit]\nDescription=Other\n" } });
        systemd::daemon_reload(at);"#;
    std::fs::create_dir_all(scene.place.path("host/config/systemd/user/once.service.d")).expect("a directory");
    scene.runbook(body);
    scene.place.expect(0, &["exec", "main"]);
    assert_eq!(scene.manager.property("once", "Description"), "Other");
    scene.place.expect(6, &["rollback", &scene.place.newest_run()]);
    assert_eq!(scene.manager.property("once", "Description"), "once.service");
}

#[test]
fn a_restart_whose_end_nobody_saw_is_settled_by_its_invocation() {
    let scene = Scene::start();
    scene.systemctl(&["start", "web"]);
    let first = scene.manager.property("web", "InvocationID");
    // The client restarts the unit, and does not come back: the engine and its keeper die meanwhile.
    scene.place.fifo("begun");
    scene.place.fifo("never");
    let script = format!(
        r#"at.systemctl = ["sh", "-c", "{} \"$@\"; [ $1 != restart ] || {{ echo > begun; read x < never; }}", "sh"];"#,
        scene.manager.systemctl().replace(['[', ']', '"', ','], "")
    );
    scene.runbook(&format!("{script}\nsystemd::restart(at, \"web\");"));
    let mut engine = scene.place.command(&["exec", "main"]).spawn().expect("runbook");
    scene.place.wait_for("begun");
    kill_with_children(engine.id());
    engine.wait().expect("it is gone");
    let second = scene.manager.property("web", "InvocationID");
    assert_ne!(first, second);
    scene.place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!(scene.manager.property("web", "InvocationID"), second, "it was restarted once");
}
