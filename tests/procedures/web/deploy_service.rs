//! `deploy-service` on a real nginx that serves whatever release the link says, as soon as it is restarted.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use super::components::Edge;
use crate::exercises::Exercised;
use crate::support::{Place, until};

struct Stage {
    place: Place,
    edge: Edge,
}

/// A release: a piece of nginx's configuration, which it reads when it is restarted.
fn release(place: &Place, dir: &str, page: &str, health: u16) {
    let site = format!("location = / {{ return 200 \"{page}\\n\"; }} location = /health {{ return {health}; }}\n");
    place.write(&format!("{dir}/site.conf"), &site);
}

fn stage() -> Stage {
    let place = Place::shipping("deploy-service");
    release(&place, "srv/releases/1", "one", 200);
    symlink("releases/1", place.path("srv/current")).expect("a link");
    place.write("data/orders", "42\n");
    let port = super::components::free_port();
    let root = place.path("srv").display().to_string();
    let site = format!("server {{ listen 127.0.0.1:{port}; include {root}/current/site.conf; }}");
    let edge = Edge::start(&place, "upstream api { server 127.0.0.1:9; }\n", &site);
    let settings = edge.settings(&place);
    let command = settings.lines().find_map(|line| line.strip_prefix("command = [")).expect("nginx").trim_end_matches(']');
    place.write(
        "runbook.toml",
        &format!(
            "[settings]\napi = \"http://127.0.0.1:{port}\"\nroot = \"{root}\"\nrestart = [{command}, \"-s\", \"reload\"]\ndata = \"{}\"\nsmoke = [\"/\"]\n",
            place.path("data").display()
        ),
    );
    Stage { place, edge }
}

impl Stage {
    /// Packs a release, and gives the arguments that deploy it.
    fn packed(&self, name: &str, page: &str, health: u16) -> Vec<String> {
        let (dir, archive) = (format!("build/{name}"), self.place.path(&format!("{name}.tar.gz")));
        release(&self.place, &dir, page, health);
        let packed = Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(self.place.path(&dir)).arg(".").status();
        assert!(packed.expect("tar").success());
        let told = Command::new("sha256sum").arg(&archive).output().expect("sha256sum").stdout;
        let digest = String::from_utf8_lossy(&told).split(' ').next().unwrap_or_default().to_owned();
        let parameter = |name: &str, value: &str| ["-p".to_owned(), format!("{name}={value}")];
        let mut arguments = ["exec", "deploy-service", "--yes"].map(str::to_owned).to_vec();
        for (key, value) in
            [("release", name), ("archive", &archive.display().to_string()), ("sha256", &digest), ("watch", "300ms")]
        {
            arguments.extend(parameter(key, value));
        }
        arguments
    }

    fn page(&self) -> String {
        let url = self.place.read("runbook.toml").lines().find_map(|line| line.strip_prefix("api = ").map(str::to_owned));
        let url = url.expect("the address");
        let output = Command::new("curl").args(["-s", url.trim_matches('"')]).output().expect("curl");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// What lies there of releases, and which one is current.
    fn releases(&self) -> (Vec<String>, String) {
        let entries = std::fs::read_dir(self.place.path("srv/releases")).expect("releases");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("one").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        (names, std::fs::read_link(self.place.path("srv/current")).expect("a link").display().to_string())
    }
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

/// The backup stays on purpose, so it is no part of the state.
pub(crate) fn exercised() -> Box<dyn Exercised> {
    let stage = stage();
    let deploy = stage.packed("2", "two", 200);
    Box::new(Deployment { stage, deploy })
}

struct Deployment {
    stage: Stage,
    deploy: Vec<String>,
}

impl Exercised for Deployment {
    fn place(&self) -> &Place {
        &self.stage.place
    }

    fn parameters(&self) -> Vec<String> {
        self.deploy.iter().filter(|word| word.contains('=')).cloned().collect()
    }

    fn state(&self) -> String {
        format!("{:?}", self.stage.releases())
    }
}

#[test]
fn a_release_is_deployed_with_a_backup_and_taken_back() {
    let stage = stage();
    let (before, deploy) = (stage.releases(), stage.packed("2", "two", 200));
    let untouched = stage.place.photograph();
    let rehearsal: Vec<_> = words(&deploy).iter().map(|word| if *word == "--yes" { "--dry-run" } else { word }).collect();
    stage.place.expect(0, &rehearsal).says(&["withheld", "mv -T", "rehearsed"]);
    assert_eq!((stage.place.photograph(), stage.page()), (untouched, "one".to_owned()));
    stage.place.expect(0, &words(&deploy)).says(&["completed"]);
    assert_eq!(stage.page(), "two");
    let backup = std::fs::read_dir(stage.place.path("srv/backups")).expect("backups").next().expect("one").expect("one").path();
    let listed = Command::new("tar").arg("-tzf").arg(backup).output().expect("tar").stdout;
    assert!(String::from_utf8_lossy(&listed).contains("./orders"));
    stage.place.roll_back();
    until("the old release serves", || stage.page() == "one");
    assert_eq!(stage.releases(), before);
    let other = |word: &String| match word.strip_prefix("sha256=") {
        Some(digest) => format!("sha256={}", "0".repeat(digest.len())),
        None => word.clone(),
    };
    let forged: Vec<_> = deploy.iter().map(other).collect();
    assert_ne!(forged, deploy);
    stage.place.expect(6, &words(&forged));
    assert_eq!(stage.releases(), before);
}

#[test]
fn a_release_that_is_not_healthy_takes_itself_back() {
    let stage = stage();
    let before = stage.releases();
    let sick = stage.packed("2", "two", 500);
    // A minute is the patience of the runbook; a test has less. What it proves is the same.
    let source = stage.place.read("runbooks/deploy-service.rhai").replace("within: \"1m\"", "within: \"1s\"");
    stage.place.runbook("deploy-service", &source);
    stage.place.expect(6, &words(&sick)).says(&["the service is healthy", "rolled back"]);
    until("the old release serves", || stage.page() == "one");
    assert_eq!(stage.releases(), before);
    assert!(stage.place.path("srv/backups").is_dir(), "the backup stays");
    drop(stage.edge);
}

#[test]
fn killed_in_the_middle_it_goes_on_and_a_release_that_nginx_refuses_goes_away() {
    let stage = stage();
    let deploy = stage.packed("2", "two", 200);
    let mut engine = stage.place.begin(&words(&deploy));
    engine.at("Prove/the service stays healthy for 300ms");
    engine.kill();
    stage.place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!((stage.page(), stage.place.begun("Install/install 2")), ("two".to_owned(), 1));
    let before = stage.releases();
    let broken = stage.packed("3", "th\"ree", 200);
    stage.place.expect(6, &words(&broken)).says(&["restart the service", "rolled back"]);
    assert_eq!((stage.releases(), stage.page()), (before, "two".to_owned()));
}

#[test]
fn what_is_unpacked_is_what_was_announced_and_nothing_else() {
    let stage = stage();
    let before = stage.releases();
    let asked: Vec<_> = stage.packed("2", "two", 200).into_iter().filter(|word| word != "--yes").collect();
    stage.place.expect(4, &words(&asked));
    // While somebody thinks about it, the archive becomes another one.
    stage.packed("2", "forged", 200);
    stage.place.expect(0, &["answer", &stage.place.newest_run(), "--yes"]);
    stage.place.expect(6, &["resume"]).says(&["is not the one any more"]);
    assert_eq!((stage.releases(), stage.page()), (before, "one".to_owned()));

    // What an earlier run has left unpacked becomes no part of it.
    let deploy = stage.packed("2", "two", 200);
    stage.place.write("srv/releases/.2.part/left.conf", "");
    stage.place.expect(0, &words(&deploy));
    assert_eq!(stage.page(), "two");
    assert!(!stage.place.path("srv/releases/2/left.conf").exists());
    for backup in std::fs::read_dir(stage.place.path("srv/backups")).expect("backups").flatten() {
        let mode = backup.metadata().expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}: the data are for nobody else", backup.path().display());
    }
}

#[test]
fn what_was_deployed_since_is_not_taken_away_with_an_earlier_one() {
    let stage = stage();
    stage.place.expect(0, &words(&stage.packed("2", "two", 200)));
    let first = stage.place.newest_run();
    stage.place.expect(0, &words(&stage.packed("3", "three", 200)));
    let (second, before) = (stage.place.newest_run(), stage.releases());
    let ran = stage.place.run(&["rollback", &first]);
    ran.says(&["somebody switched since"]);
    assert_ne!(ran.code, Some(6), "{ran}");
    assert_eq!((stage.releases(), stage.page()), (before, "three".to_owned()));
    // The newer one first, then the older.
    stage.place.expect(0, &["abandon", &first, "--why", "the newer one first"]);
    stage.place.expect(6, &["rollback", &second]);
    until("the release before serves", || stage.page() == "two");
}
