//! `rollback-api` on a real nginx that serves whatever release the link says. What it does on the deployment of `runbook demo` is tried in the suite.

use std::os::unix::fs::symlink;

use super::components::{Edge, free_port};
use crate::exercises::Exercised;
use crate::support::{Place, until};

struct Stage {
    place: Place,
    port: u16,
    _edge: Edge,
}

/// Two releases, the newer one current.
fn stage() -> Stage {
    let place = Place::shipping("rollback-api");
    for release in ["1", "2"] {
        let site = format!("location = / {{ return 200 \"{release}\\n\"; }} location = /health {{ return 200; }}\n");
        place.write(&format!("srv/releases/{release}/site.conf"), &site);
    }
    symlink("releases/2", place.path("srv/current")).expect("a link");
    place.write("srv/notes/.keep", "");
    let (port, root) = (free_port(), place.path("srv").display().to_string());
    let site = format!("server {{ listen 127.0.0.1:{port}; include {root}/current/site.conf; }}");
    let edge = Edge::start(&place, "upstream api { server 127.0.0.1:9; }\n", &site);
    let settings = edge.settings(&place);
    let command = settings.lines().find_map(|line| line.strip_prefix("command = [")).expect("nginx").trim_end_matches(']');
    let settings =
        format!("[settings]\napi = \"http://127.0.0.1:{port}\"\nroot = \"{root}\"\nrestart = [{command}, \"-s\", \"reload\"]\n");
    place.write("runbook.toml", &settings);
    Stage { place, port, _edge: edge }
}

pub(crate) fn exercised() -> Box<dyn Exercised> {
    Box::new(stage())
}

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.place
    }

    fn parameters(&self) -> Vec<String> {
        vec!["watch=100ms".to_owned()]
    }

    fn state(&self) -> String {
        let notes = std::fs::read_dir(self.place.path("srv/notes")).expect("notes").flatten();
        let mut notes: Vec<_> = notes.map(|note| note.file_name().to_string_lossy().into_owned()).collect();
        notes.sort();
        let current = std::fs::read_link(self.place.path("srv/current")).expect("a link");
        format!("current: {}\nnotes: {notes:?}", current.display())
    }
}

#[test]
fn visitors_get_the_release_of_before_and_after_a_rollback_of_that_the_newer_one() {
    let stage = stage();
    let page = || {
        let output = std::process::Command::new("curl").args(["-s", &format!("http://127.0.0.1:{}/", stage.port)]).output();
        String::from_utf8_lossy(&output.expect("curl").stdout).trim().to_owned()
    };
    until("the newer one serves", || page() == "2");
    stage.place.expect(0, &["exec", "rollback-api", "--yes", "-p", "watch=100ms"]).says(&["completed"]);
    until("the older one serves", || page() == "1");
    stage.place.roll_back();
    until("the newer one serves again", || page() == "2");
}
