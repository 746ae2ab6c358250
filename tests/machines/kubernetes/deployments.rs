//! Each function of `std/kubernetes`, by the real `kubectl`.

use std::process::Command;

use super::Api;
use crate::sshd::kill_with_children;
use crate::support::Place;

struct Scene {
    place: Place,
    api: Api,
}

impl Scene {
    /// Two deployments, of which one has two revisions.
    fn start() -> Self {
        let (place, api) = (Place::new(), Api::start());
        api.deploy("web", &[("app", "shop:1"), ("sidecar", "proxy:1")], 3);
        api.deploy("worker", &[("app", "worker:1")], 1);
        let scene = Self { place, api };
        scene.kubectl(&["set", "image", "deployment/web", "app=shop:2"]);
        scene
    }

    /// The real one, as a person types it; what it prints.
    #[track_caller]
    fn kubectl(&self, words: &[&str]) -> String {
        let output = Command::new("kubectl")
            .arg(format!("--server={}", self.api.url()))
            .args(["--namespace", "shop"])
            .args(words)
            .env("HOME", self.place.path("home"))
            .env_remove("KUBECONFIG")
            .output()
            .expect("kubectl");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "kubectl {words:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn runbook(&self, body: &str) {
        let head = format!(
            "import \"std/kubernetes\" as kubernetes;\nlet at = kubernetes::namespace(\"shop\");\nat.kubectl = {};\n",
            self.api.kubectl()
        );
        self.place.runbook("main", &(head + body));
    }

    /// What every deployment runs, and which revisions the real kubectl knows.
    fn state(&self) -> String {
        format!("{} {}", self.api.state("web"), self.api.state("worker"))
    }
}

#[test]
fn looks_tell_what_the_cluster_says() {
    let scene = Scene::start();
    scene.runbook(
        r#"let web = check("web", || kubernetes::deployment(at, "web"));
        check("its images", || web.images, #{ expect: #{ app: "shop:2", sidecar: "proxy:1" } });
        check("its replicas", || [web.replicas, web.ready, web.updated, web.available, web.revision], #{ expect: [3, 3, 3, 3, 2] });
        check("its rollout", || [web.complete, web.stuck, web.why], #{ expect: [true, false, ""] });
        check("an image", || kubernetes::image(at, "web", "app"), #{ expect: "shop:2" });
        let all = check("revisions", || kubernetes::revisions(at, "web"));
        check("the oldest first", || all.map(|one| [one.revision, one.images.app, one.replicas]), #{ expect: [[1, "shop:1", 0], [2, "shop:2", 3]] });
        check("the current one", || web.replica_set == all[1].replica_set && web.replica_set.starts_with("web-"));
        check("only its own", || kubernetes::revisions(at, "worker").len(), #{ expect: 1 });
        check("events", || kubernetes::events(at, "Deployment", "web").map(|one| [one.type, one.reason, one.count]), #{ expect: [["Normal", "ScalingReplicaSet", 7], ["Normal", "Late", 4], ["Warning", "FailedCreate", 12]] });
        check("no events", || kubernetes::events(at, "Deployment", "worker"), #{ expect: [] });"#,
    );
    scene.place.expect(0, &["exec", "main"]).says(&["11 checks", "completed"]);
    for (body, says) in [
        (
            r#"check("x", || kubernetes::deployment(at, "nobody"));"#,
            "kubectl cannot get deployment/nobody: Error from server (NotFound)",
        ),
        (r#"check("x", || kubernetes::image(at, "web", "db"));"#, "has no container db; there are: [\"app\", \"sidecar\"]"),
        (r#"kubernetes::set_image(at, "web", "db", "x:1");"#, "has no container db"),
        (r#"kubernetes::return_to(at, "web", 9);"#, "has no revision 9"),
        (r#"kubernetes::scale(at, "-A", 1);"#, "kubectl cannot get deployment/-A"),
        (
            r#"at.kubectl = ["kubectl", "--server=http://127.0.0.1:1"]; check("x", || kubernetes::revisions(at, "web"));"#,
            "refused",
        ),
    ] {
        scene.runbook(body);
        scene.place.expect(1, &["exec", "main"]).says(&[says]);
    }
}

#[test]
fn a_rollback_returns_to_what_ran_before() {
    let scene = Scene::start();
    for (body, then) in [
        (r#"kubernetes::set_image(at, "web", "app", "shop:3");"#, "shop:3 proxy:1 x3 worker:1 x1"),
        (r#"kubernetes::set_image(at, "web", "app", "shop:1");"#, "shop:1 proxy:1 x3 worker:1 x1"),
        (r#"kubernetes::return_to(at, "web", kubernetes::revisions_of);"#, ""),
        (r#"kubernetes::restart(at, "worker");"#, "shop:2 proxy:1 x3 worker:1 x1"),
        (r#"kubernetes::scale(at, "web", 5); kubernetes::scale(at, "worker", 0);"#, "shop:2 proxy:1 x5 worker:1 x0"),
        // There and back again: what the first step leads back to has another number by then.
        (
            r#"kubernetes::set_image(at, "web", "app", "shop:4"); kubernetes::set_image(at, "web", "app", "shop:2"); kubernetes::set_image(at, "web", "sidecar", "proxy:2");"#,
            "shop:2 proxy:2 x3 worker:1 x1",
        ),
    ] {
        let first = scene.kubectl(&["rollout", "history", "deployment/web"]);
        let oldest =
            first.lines().filter_map(|line| line.split_whitespace().next()?.parse::<u64>().ok()).min().expect("a revision");
        let body = body.replace("kubernetes::revisions_of", &oldest.to_string());
        let before = scene.state();
        scene.runbook(&body);
        scene.place.expect(0, &["exec", "main", "--dry-run"]);
        assert_eq!(scene.state(), before, "a rehearsal of {body}");
        scene.place.expect(0, &["exec", "main"]);
        if then.is_empty() {
            assert_ne!(scene.state(), before, "{body}");
        } else {
            assert_eq!(scene.state(), then, "{body}");
        }
        scene.place.expect(6, &["rollback", &scene.place.newest_run()]);
        assert_eq!(scene.state(), before, "the rollback of {body}");
    }
}

#[test]
fn a_rollout_is_complete_when_kubectl_says_so() {
    let scene = Scene::start();
    for (image, complete, why) in [
        ("shop:5", true, ""),
        ("shop:broken", false, "0 of 3 updated replicas are available"),
        ("shop:stuck", false, "it made no progress within its deadline"),
    ] {
        scene.kubectl(&["set", "image", "deployment/web", &format!("app={image}")]);
        let status = Command::new("kubectl")
            .arg(format!("--server={}", scene.api.url()))
            .args(["--namespace", "shop", "rollout", "status", "deployment/web", "--watch=false"])
            .env("HOME", scene.place.path("home"))
            .output()
            .expect("kubectl");
        let told = String::from_utf8_lossy(&status.stdout).into_owned() + &String::from_utf8_lossy(&status.stderr);
        assert_eq!(told.contains("successfully rolled out"), complete, "{told}");
        assert_eq!(told.contains("exceeded its progress deadline"), image == "shop:stuck", "{told}");
        scene.runbook(&format!(
            "check(\"the same\", || {{ let web = kubernetes::deployment(at, \"web\"); [web.complete, web.stuck, web.why] }}, #{{ expect: [{complete}, {}, {why:?}] }});",
            image == "shop:stuck"
        ));
        scene.place.expect(0, &["exec", "main"]);
    }
    scene.runbook(r#"kubernetes::wait(at, "web", "1s");"#);
    scene
        .place
        .expect(1, &["exec", "main"])
        .says(&["it made no progress within its deadline; FailedCreate: the quota is used up"]);
    scene.runbook(r#"kubernetes::set_image(at, "web", "app", "shop:slow"); kubernetes::wait(at, "web", "1m");"#);
    scene.place.expect(0, &["exec", "main"]).says(&["3 replicas of revision"]);
}

#[test]
fn a_revision_that_the_cluster_forgot_leaves_the_rollback_stuck_and_says_why() {
    let scene = Scene::start();
    scene.runbook(r#"kubernetes::set_image(at, "web", "app", "shop:3");"#);
    scene.place.expect(0, &["exec", "main"]);
    scene.api.forget("2");
    scene.place.expect(7, &["rollback", &scene.place.newest_run()]).says(&["does not know the replica set web-", "any more"]);
    assert_eq!(scene.api.state("web"), "shop:3 proxy:1 x3");
}

#[test]
fn what_was_deployed_since_is_not_undone() {
    let scene = Scene::start();
    for (body, left) in [
        (r#"kubernetes::set_image(at, "web", "app", "shop:3");"#, "shop:3 proxy:1 x3"),
        (r#"kubernetes::return_to(at, "web", OLDEST);"#, ""),
        (r#"kubernetes::restart(at, "web");"#, ""),
    ] {
        let all = scene.kubectl(&["rollout", "history", "deployment/web"]);
        let oldest = all.lines().filter_map(|line| line.split_whitespace().next()?.parse::<u64>().ok()).min().expect("one");
        let before = scene.api.state("web");
        scene.runbook(&body.replace("OLDEST", &oldest.to_string()));
        scene.place.expect(0, &["exec", "main"]);
        let ours = scene.api.state("web");
        assert!(left.is_empty() || ours == left, "{ours}");
        let run = scene.place.newest_run();
        scene.kubectl(&["set", "image", "deployment/web", "app=shop:theirs"]);
        scene.place.expect(7, &["rollback", &run]).says(&["was left at", "roll back first what was deployed since"]);
        assert_eq!(scene.api.state("web"), "shop:theirs proxy:1 x3", "{body}");
        // They take theirs back: what this run has left has another number by then.
        scene.kubectl(&["rollout", "undo", "deployment/web"]);
        assert_eq!(scene.api.state("web"), ours);
        scene.place.expect(6, &["rollback", &run]);
        assert_eq!(scene.api.state("web"), before, "{body}");
    }
    // What changed nothing takes nothing back.
    scene.runbook(r#"kubernetes::set_image(at, "worker", "app", "worker:1"); kubernetes::scale(at, "worker", 1);"#);
    scene.place.expect(0, &["exec", "main"]);
    scene.kubectl(&["set", "image", "deployment/worker", "app=worker:theirs"]);
    scene.kubectl(&["scale", "deployment/worker", "--replicas=4"]);
    scene.place.run(&["rollback", &scene.place.newest_run()]);
    assert_eq!(scene.api.state("worker"), "worker:theirs x4");
}

#[test]
fn what_was_scaled_since_stays() {
    let scene = Scene::start();
    scene.runbook(r#"kubernetes::scale(at, "web", 5);"#);
    scene.place.expect(0, &["exec", "main"]);
    scene.kubectl(&["scale", "deployment/web", "--replicas=8"]);
    scene.place.expect(6, &["rollback", &scene.place.newest_run()]).says(&["web has 8 replicas and was left with 5"]);
    assert_eq!(scene.api.state("web"), "shop:2 proxy:1 x8");
}

#[test]
fn another_cluster_with_the_same_names_is_left_alone() {
    let scene = Scene::start();
    let other = Api::start();
    other.deploy("worker", &[("app", "worker:1")], 1);
    other.deploy("web", &[("app", "shop:1"), ("sidecar", "proxy:1")], 3);
    let context = |url: &str| scene.place.write("context", url);
    for body in [r#"kubernetes::set_image(at, "web", "app", "shop:3");"#, r#"kubernetes::scale(at, "web", 5);"#] {
        context(&scene.api.url());
        scene.runbook(&format!(
            "at.kubectl = [\"sh\", \"-c\", \"exec kubectl --server=$(cat '{}') \\\"$@\\\"\", \"sh\"];\n{body}",
            scene.place.path("context").display()
        ));
        scene.place.expect(0, &["exec", "main"]);
        context(&other.url());
        let before = other.state("web");
        scene.place.expect(7, &["rollback", &scene.place.newest_run()]).says(&["kubectl speaks with another cluster"]);
        assert_eq!(other.state("web"), before, "{body}");
    }
}

#[test]
fn an_engine_that_dies_behind_the_return_finds_it_done() {
    let scene = Scene::start();
    scene.place.fifo("begun");
    scene.place.fifo("go");
    let script = format!(
        r#"kubectl --server={} "$@" || exit; case "$*" in *undo*) echo undo >> ledger; [ -e once ] || {{ : > once; echo > begun; read go < go; }};; esac"#,
        scene.api.url()
    );
    scene.runbook(&format!(
        "at.kubectl = [\"sh\", \"-c\", {script:?}, \"sh\"];\nkubernetes::set_image(at, \"web\", \"app\", \"shop:3\");"
    ));
    scene.place.expect(0, &["exec", "main"]);
    let run = scene.place.newest_run();
    let mut engine = scene.place.command(&["rollback", &run]).spawn().expect("runbook");
    scene.place.wait_for("begun");
    kill_with_children(engine.id());
    engine.wait().expect("it is gone");
    scene.place.expect(6, &["rollback", &run]);
    assert_eq!((scene.api.state("web").as_str(), scene.place.ledger().len()), ("shop:2 proxy:1 x3", 1));
}

#[test]
fn one_that_is_paused_is_refused_before_it_is_changed() {
    let scene = Scene::start();
    scene.kubectl(&["rollout", "pause", "deployment/web"]);
    for body in [
        r#"kubernetes::set_image(at, "web", "app", "shop:3");"#,
        r#"kubernetes::restart(at, "web");"#,
        r#"kubernetes::return_to(at, "web", 1);"#,
    ] {
        scene.runbook(body);
        scene.place.expect(1, &["exec", "main"]).says(&["web is paused: kubectl rollout resume"]);
        assert_eq!(scene.api.state("web"), "shop:2 proxy:1 x3", "{body}");
    }
    scene.runbook(r#"kubernetes::scale(at, "web", 5);"#);
    scene.place.expect(0, &["exec", "main"]);
}

#[test]
fn large_objects_and_many_of_them_are_read_all_the_same() {
    let scene = Scene::start();
    let long = "x".repeat(40_000);
    scene.kubectl(&["annotate", "deployment/web", &format!("note={long}")]);
    for release in ["3", "4", "5"] {
        scene.kubectl(&["set", "env", "deployment/web", &format!("LONG={release}{long}")]);
    }
    scene.runbook(
        r#"let all = check("revisions", || kubernetes::revisions(at, "web"));
        check("all of them", || all.map(|one| [one.revision, one.images.app, one.replicas]), #{ expect: [[1, "shop:1", 0], [2, "shop:2", 0], [3, "shop:2", 0], [4, "shop:2", 0], [5, "shop:2", 3]] });
        kubernetes::set_image(at, "web", "app", "shop:6");
        kubernetes::wait(at, "web", "1m");"#,
    );
    scene.place.expect(0, &["exec", "main"]);
    scene.place.expect(6, &["rollback", &scene.place.newest_run()]);
    assert_eq!(scene.api.state("web"), "shop:2 proxy:1 x3");
}
