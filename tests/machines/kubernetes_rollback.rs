//! `kubernetes-rollback`, by the real `kubectl` on the cluster of the tests.

use std::fs;
use std::sync::Arc;

use crate::kubernetes::Api;
use crate::service::Service;
use crate::sshd::kill_with_children;
use crate::support::Place;

struct Scene {
    place: Place,
    api: Arc<Api>,
    _health: Service,
}

/// A deployment whose second revision runs this image; it is well when it runs the first one.
fn scene(second: &str, kubectl: &str) -> Scene {
    let (place, api) = (Place::new(), Arc::new(Api::start()));
    api.deploy("web", &[("app", "shop:1")], 3);
    api.deploy("other", &[("app", "other:1")], 1);
    let set = std::process::Command::new("kubectl")
        .arg(format!("--server={}", api.url()))
        .args(["--namespace", "shop", "set", "image", "deployment/web"])
        .arg(format!("app={second}"))
        .env("HOME", place.path("home"))
        .status();
    assert!(set.expect("kubectl (Debian: kubernetes-client)").success());
    let known = Arc::clone(&api);
    let health = Service::start(move |asked| {
        let well = asked.path == "/shop/web" && known.state("web").starts_with("shop:1 ");
        (if well { 200 } else { 503 }, String::new())
    });
    let source = format!("{}/runbooks/kubernetes-rollback.rhai", env!("CARGO_MANIFEST_DIR"));
    place.runbook("kubernetes-rollback", &fs::read_to_string(source).expect("the runbook"));
    let kubectl = if kubectl.is_empty() { api.kubectl() } else { kubectl.replace("URL", &api.url()) };
    let settings = format!("[settings]\nhealth = \"{}/{{namespace}}/{{deployment}}\"\nkubectl = {kubectl}\n", health.url());
    place.write("runbook.toml", &settings);
    Scene { place, api, _health: health }
}

const RETURN: [&str; 10] =
    ["exec", "kubernetes-rollback", "-p", "deployment=web", "-p", "namespace=shop", "-p", "watch=1s", "-p", "within=20s"];

#[test]
fn the_former_revision_runs_again_and_the_rollback_of_that_is_the_later_one() {
    let Scene { place, api, .. } = &scene("shop:2-broken", "");
    let before = (api.state("web"), api.state("other"));
    place.expect(0, &[&RETURN[..], &["--dry-run"]].concat()).says(&["--to-revision=1"]);
    assert_eq!((api.state("web"), api.state("other")), before, "a rehearsal changes nothing");
    place.expect(0, &[&RETURN[..], &["--yes"]].concat()).says(&["from revision 2 to 1", "completed"]);
    assert_eq!(api.state("web"), "shop:1 x3");
    place
        .expect(1, &[&RETURN[..], &["--yes", "-p", "to=9"]].concat())
        .says(&["no such revision of web; it has [2, 3], and 3 is current"]);
    place.expect(2, &["exec", "kubernetes-rollback", "--yes", "-p", "deployment=-A"]).says(&["deployment"]);
    assert_eq!(api.state("other"), before.1);
}

#[test]
fn a_revision_that_is_no_better_is_left_again() {
    // The first revision becomes available; what the health check wants is another thing.
    let Scene { place, api, .. } = &scene("shop:2", "");
    let settings = place.read("runbook.toml").replace("/{namespace}/{deployment}", "/never/well");
    place.write("runbook.toml", &settings);
    let source = place.read("runbooks/kubernetes-rollback.rhai").replace("within: \"2m\"", "within: \"1s\"");
    place.write("runbooks/kubernetes-rollback.rhai", &source);
    place.expect(1, &[&RETURN[..], &["--yes"]].concat()).says(&["it is healthy"]);
    assert_eq!(api.state("web"), "shop:1 x3");
    place.expect(6, &["rollback", &place.newest_run()]);
    assert_eq!(api.state("web"), "shop:2 x3");
    place.expect(0, &["verify"]);
}

#[test]
fn an_engine_that_dies_behind_the_change_does_not_make_it_twice() {
    let script =
        r#"kubectl --server=URL "$@" || exit; case "$*" in *undo*) echo undo >> ledger; echo > begun; read go < go;; esac"#;
    let Scene { place, api, .. } = &scene("shop:2", &format!("[\"sh\", \"-c\", {script:?}, \"sh\"]"));
    place.fifo("begun");
    place.fifo("go");
    let mut engine = place.command(&[&RETURN[..], &["--yes"]].concat()).spawn().expect("runbook");
    place.wait_for("begun");
    kill_with_children(engine.id());
    engine.wait().expect("it is gone");
    place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!((api.state("web").as_str(), place.ledger().len()), ("shop:1 x3", 1));
}
