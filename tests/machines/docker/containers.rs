//! Each function of `std/docker` on containers of a real Docker.

use super::{Daemon, Registry};
use crate::sshd::kill_with_children;
use crate::support::{Place, until};

const SERVE: &str =
    r#"["sh", "-c", "trap 'exit 0' TERM; echo serving $(cat /release); echo to the side >&2; while :; do sleep 1 & wait; done"]"#;

struct Scene {
    // It goes first: its files are in the place.
    daemon: Daemon,
    place: Place,
}

impl Scene {
    fn start() -> Self {
        let place = Place::new();
        let daemon = Daemon::start(&place.path("docker"));
        Self { daemon, place }
    }

    /// A container of the first release, which runs.
    fn serve(&self) {
        let words: Vec<String> = serde_json::from_str(SERVE).expect("JSON");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.daemon.does(&[&["run", "--detach", "--network", "none", "--name", "shop", "shop:1"], &words[..]].concat());
    }

    fn runbook(&self, body: &str) {
        let head = format!("import \"std/docker\" as docker;\nlet at = docker::here();\nat.docker = {};\n", self.daemon.words());
        self.place.runbook("main", &(head + &body.replace("SERVE", SERVE)));
    }

    /// Every container: name, id, image and whether it runs.
    fn containers(&self) -> Vec<String> {
        let all = self.daemon.does(&["ps", "--all", "--no-trunc", "--format", "{{.Names}} {{.ID}} {{.Image}} {{.State}}"]);
        let mut lines: Vec<_> = all.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// The same without the ids.
    fn states(&self) -> Vec<String> {
        let plain = |line: &String| {
            line.split(' ').enumerate().filter(|(at, _)| *at != 1).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
        };
        self.containers().iter().map(plain).collect()
    }
}

#[test]
fn looks_tell_what_docker_knows_and_images_come_from_a_registry() {
    let scene = Scene::start();
    let registry = Registry::start(&scene.place);
    let name = format!("{}/shop:1", registry.address);
    scene.serve();
    scene.daemon.docker(&["run", "--network", "none", "--name", "broken", "shop:1", "sh", "-c", "echo it breaks; exit 3"]);
    scene.daemon.docker(&[
        "run",
        "--detach",
        "--network",
        "none",
        "--name",
        "ill",
        "--health-cmd",
        "false",
        "--health-interval",
        "1s",
        "--health-retries",
        "1",
        "shop:1",
        "sleep",
        "1000",
    ]);
    scene.daemon.does(&["tag", "shop:1", &name]);
    scene.daemon.does(&["push", &name]);
    let digest = scene.daemon.does(&["image", "inspect", "--format", "{{index .RepoDigests 0}}", &name]);
    scene.daemon.does(&["rmi", &name]);
    let id = scene.daemon.does(&["image", "inspect", "--format", "{{.Id}}", "shop:1"]);
    let looks = r#"
        let shop = check("shop", || docker::container(at, "shop"));
        check("it runs", || [shop.state, shop.image, shop.image_id, shop.exit_code, shop.restarts, shop.health], #{ expect: ["running", "shop:1", "ID", 0, 0, "none"] });
        check("broken", || { let broken = docker::container(at, "broken"); [broken.state, broken.exit_code] }, #{ expect: ["exited", 3] });
        check("absent", || docker::container(at, "nobody").state, #{ expect: "absent" });
        check("ill", || docker::container(at, "ill").health, #{ expect: "unhealthy", within: "1m", every: "200ms" });
        check("who runs", || ["shop", "broken", "ill", "nobody"].map(|name| docker::is_running(at, name)), #{ expect: [true, false, false, false] });
        check("both streams", || { let logs = docker::logs(at, "shop", 10); logs.contains("serving 1") && logs.contains("to the side") }, #{ within: "30s", every: "100ms" });
        check("made here", || docker::image(at, "shop:2").digests, #{ expect: [] });
        docker::pull(at, "NAME");
        check("from a registry", || { let image = docker::image(at, "NAME"); [image.id, image.digests] }, #{ expect: ["ID", ["DIGEST"]] });"#;
    scene.runbook(&looks.replace("DIGEST", &digest).replace("ID", &id).replace("NAME", &name));
    scene.place.expect(0, &["exec", "main"]).says(&["9 checks", "completed"]);
    for (body, says) in [
        (r#"check("x", || docker::image(at, "shop:9"));"#, "has no image shop:9"),
        (r#"check("x", || docker::logs(at, "nobody", 1));"#, "has no logs of nobody"),
        (r#"docker::start(at, "nobody");"#, "has no container nobody"),
        (r#"docker::wait(at, "broken", "1s");"#, "broken is exited (exit code 3, health none); it wrote: it breaks"),
        (r#"docker::wait(at, "ill", "1s");"#, "health unhealthy"),
        (r#"docker::run(at, "shop", "shop:2", [], []);"#, "has a container shop already"),
        (r#"docker::run(at, "new", "shop:9", [], []);"#, "has no image shop:9"),
        (r#"docker::replace(at, "broken", "shop:2", [], []);"#, "broken is exited"),
        (r#"docker::discard_former(at, "shop");"#, "shop-former is absent"),
        (
            r#"at.docker = ["docker", "--host", "unix:///nowhere"]; check("x", || docker::container(at, "shop"));"#,
            "Cannot connect",
        ),
    ] {
        scene.runbook(body);
        scene.place.expect(1, &["exec", "main"]).says(&[says]);
    }
}

#[test]
fn a_rollback_brings_back_the_very_same_containers() {
    let scene = Scene::start();
    scene.serve();
    let run = r#", "shop:2", ["--network", "none"], SERVE);"#;
    for (body, then) in [
        (r#"docker::stop(at, "shop");"#.to_owned(), vec!["shop shop:1 exited"]),
        (r#"docker::start(at, "shop");"#.to_owned(), vec!["shop shop:1 running"]),
        (format!("docker::run(at, \"other\"{run}"), vec!["other shop:2 running", "shop shop:1 running"]),
        (
            format!("docker::replace(at, \"shop\"{run} docker::wait(at, \"shop\", \"1m\");"),
            vec!["shop shop:2 running", "shop-former shop:1 exited"],
        ),
    ] {
        let before = scene.containers();
        scene.runbook(&body);
        scene.place.expect(0, &["exec", "main", "--dry-run"]);
        assert_eq!(scene.containers(), before, "a rehearsal of {body}");
        scene.place.expect(0, &["exec", "main"]);
        assert_eq!(scene.states(), then, "{body}");
        scene.place.run(&["rollback", &scene.place.newest_run()]);
        assert_eq!(scene.containers(), before, "the rollback of {body}");
    }
}

#[test]
fn a_replacement_that_fails_is_taken_back_and_one_that_holds_is_ended() {
    let scene = Scene::start();
    scene.serve();
    let before = scene.containers();
    // The new release ends at once: the run takes itself back.
    scene.runbook(
        r#"docker::replace(at, "shop", "shop:2", ["--network", "none"], ["sh", "-c", "echo no room; exit 4"]);
        docker::wait(at, "shop", "2s");"#,
    );
    let source = scene.place.read("runbooks/main.rhai").replace("owner: \"team\"", "owner: \"team\", on_failure: \"rollback\"");
    scene.place.runbook("main", &source);
    scene.place.expect(6, &["exec", "main"]).says(&["exit code 4", "no room"]);
    assert_eq!(scene.containers(), before);
    scene.runbook(r#"docker::replace(at, "shop", "shop:2", ["--network", "none"], SERVE); docker::wait(at, "shop", "1m");"#);
    scene.place.expect(0, &["exec", "main"]);
    scene.place.expect(1, &["exec", "main"]).says(&["there is a container shop-former"]);
    scene.runbook(r#"docker::discard_former(at, "shop");"#);
    scene.place.expect(0, &["exec", "main"]);
    assert_eq!(scene.states(), ["shop shop:2 running"]);
}

#[test]
fn an_engine_that_dies_in_the_middle_makes_no_second_container() {
    let scene = Scene::start();
    scene.place.fifo("begun");
    scene.place.fifo("never");
    let docker = scene.daemon.words().replace(['[', ']', '"', ','], "");
    let script = format!(
        r#"at.docker = ["sh", "-c", "{docker} \"$@\" || exit; [ $1 != create ] || {{ echo > begun; read x < never; }}", "sh"];"#
    );
    scene.runbook(&format!("{script}\ndocker::run(at, \"shop\", \"shop:1\", [\"--network\", \"none\"], SERVE);"));
    let mut engine = scene.place.command(&["exec", "main"]).spawn().expect("runbook");
    scene.place.wait_for("begun");
    kill_with_children(engine.id());
    engine.wait().expect("it is gone");
    let made = scene.containers();
    assert_eq!(scene.states(), ["shop shop:1 created"]);
    scene.place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!(scene.states(), ["shop shop:1 running"]);
    assert_eq!(scene.containers(), made.iter().map(|line| line.replace("created", "running")).collect::<Vec<_>>());
}

#[test]
fn names_are_no_beginnings_of_ids() {
    let scene = Scene::start();
    scene.serve();
    let id = scene.daemon.does(&["inspect", "--format", "{{.Id}}", "shop"]);
    let name = &id[..4];
    scene.runbook(&format!("docker::stop(at, \"{name}\");"));
    scene.place.expect(1, &["exec", "main"]).says(&["has no container"]);
    assert_eq!(scene.states(), ["shop shop:1 running"]);
    scene.runbook(&format!("docker::run(at, \"{name}\", \"shop:2\", [\"--network\", \"none\"], SERVE);"));
    scene.place.expect(0, &["exec", "main"]);
    let mut both = [format!("{name} shop:2 running"), "shop shop:1 running".to_owned()];
    both.sort();
    assert_eq!(scene.states(), both);
}

#[test]
fn what_could_not_come_back_is_not_stopped() {
    let scene = Scene::start();
    for (options, says) in [(&["--rm"][..], "was made with --rm"), (&[], "shop is paused")] {
        scene
            .daemon
            .does(&[&["run", "--detach", "--network", "none", "--name", "shop"], options, &["shop:1", "sleep", "1000"]].concat());
        if options.is_empty() {
            scene.daemon.does(&["pause", "shop"]);
        }
        let before = scene.containers();
        for body in [r#"docker::stop(at, "shop");"#, r#"docker::replace(at, "shop", "shop:2", ["--network", "none"], SERVE);"#] {
            scene.runbook(body);
            scene.place.expect(1, &["exec", "main"]).says(&[says]);
            assert_eq!(scene.containers(), before, "{body}");
        }
        scene.daemon.does(&["rm", "--force", "shop"]);
    }
    // One that is started anew over and over did run.
    scene.daemon.does(&["run", "--detach", "--network", "none", "--restart", "always", "--name", "loop", "shop:1", "false"]);
    // The pauses get longer, so that the looks below fall into one.
    until("a pause", || {
        scene.daemon.does(&["inspect", "--format", "{{.RestartCount}} {{.State.Status}}", "loop"]) == "6 restarting"
    });
    scene.runbook(
        r#"check("it restarts", || docker::container(at, "loop").state, #{ expect: "restarting" }); docker::stop(at, "loop");"#,
    );
    scene.place.expect(0, &["exec", "main"]);
    assert_eq!(scene.states(), ["loop shop:1 exited"]);
    scene.place.expect(6, &["rollback", &scene.place.newest_run()]);
    assert_ne!(scene.states(), ["loop shop:1 exited"]);
}

#[test]
fn a_rollback_touches_no_container_that_somebody_else_made() {
    let scene = Scene::start();
    scene.serve();
    let replace = |release: &str| {
        scene.runbook(&format!("docker::replace(at, \"shop\", \"shop:{release}\", [\"--network\", \"none\"], SERVE);"));
        scene.place.expect(0, &["exec", "main"]);
        scene.place.newest_run()
    };
    let first = replace("2");
    scene.runbook(r#"docker::discard_former(at, "shop");"#);
    scene.place.expect(0, &["exec", "main"]);
    // There is nothing to return to: what serves goes on.
    let kept = scene.containers();
    scene.place.expect(7, &["rollback", &first]).says(&["there is nothing to return to"]);
    assert_eq!(scene.containers(), kept);
    // Another replacement since.
    let second = replace("1");
    let kept = scene.containers();
    scene.place.expect(7, &["rollback", &first]).says(&["another container by now"]);
    assert_eq!(scene.containers(), kept);
    // That one is taken back, although somebody has removed what it made.
    scene.daemon.does(&["rm", "--force", "shop"]);
    scene.place.expect(6, &["rollback", &second]);
    assert_eq!(scene.states(), ["shop shop:2 running"]);
    // A container that was stopped, and another one in its place since.
    scene.runbook(r#"docker::stop(at, "shop");"#);
    scene.place.expect(0, &["exec", "main"]);
    scene.daemon.does(&["rm", "shop"]);
    scene.daemon.does(&["create", "--network", "none", "--name", "shop", "shop:1", "sleep", "1000"]);
    scene.place.expect(7, &["rollback", &scene.place.newest_run()]).says(&["No such container"]);
    assert_eq!(scene.states(), ["shop shop:1 created"]);
}

#[test]
fn a_container_whose_logs_cannot_be_read_says_how_it_ended() {
    let scene = Scene::start();
    let words = ["run", "--network", "none", "--log-driver", "none", "--name", "mute", "shop:1", "sh", "-c", "exit 5"];
    scene.daemon.docker(&words);
    scene.runbook(r#"docker::wait(at, "mute", "1s");"#);
    scene
        .place
        .expect(1, &["exec", "main"])
        .says(&["mute is exited (exit code 5, health none); it wrote: ", "has no logs of mute"]);
}
