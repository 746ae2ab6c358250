//! `go-live` with the list of 100 items that we ship, over many restarts.

use super::components::{Edge, Prometheus, Service};
use crate::exercises::Exercised;
use crate::support::Place;
use crate::support::nginx::Nginx;

struct Stage {
    place: Place,
    _api: Service,
    _edge: Edge,
    _tls: Nginx,
    _prometheus: Prometheus,
}

fn stage() -> Stage {
    let place = Place::shipping("go-live");
    let root = place.path("srv").display().to_string();
    let api = Service::start(|asked| match asked.path.as_str() {
        "/no-such-page" => (404, String::new()),
        "/metrics" => (200, "http_requests_total 1\n".to_owned()),
        _ => (200, "ok\n".to_owned()),
    });
    let edge = Edge::start(&place, &format!("upstream api {{ server {}; }}\n", api.address), "");
    let tls = Nginx::start(&place, "location / { return 200; }");
    let rules = "groups:\n- name: api\n  rules:\n  - { alert: ApiHighErrorRate, expr: 'vector(0) > 1' }\n  - { alert: ApiDown, expr: 'up == 0' }\n";
    let prometheus = Prometheus::start(&place, &[("stable", api.address.to_string())], rules);
    for file in ["current", "upstream.conf", "ca.pem"] {
        place.write(&format!("srv/{file}"), "x\n");
    }
    let packed =
        std::process::Command::new("tar").args(["-czf", &format!("{root}/backup.tar.gz"), "-C", &root, "ca.pem"]).status();
    assert!(packed.expect("tar").success());
    let list = format!("{}/runbooks/go-live.json", env!("CARGO_MANIFEST_DIR"));
    // A certificate of a day is all that the test has; everything else of the list stands as it is.
    let text = std::fs::read_to_string(list).expect("the list").replace("\"days\": 30", "\"days\": 0");
    place.write("runbooks/go-live.json", &text);
    let me = std::process::Command::new("id").arg("-un").output().expect("id").stdout;
    let me = String::from_utf8_lossy(&me).trim().to_owned();
    let groups: String = ["api", "edge", "security", "data", "oncall", "legal", "support", "product", "board"]
        .iter()
        .map(|group| format!("{group} = [\"{me}\"]\n"))
        .collect();
    let places = format!(
        "places = {{ api = \"{api}\", service = \"{service}\", root = \"{root}\", front = \"{front}\", edge = \"127.0.0.1:{port}\", tls = \"{tls}\", \
         prometheus = \"{prometheus}\", p95 = \"vector(0.2)\", errors = \"vector(0)\", runbooks = \"{manifest}/runbooks\" }}",
        api = api.url(),
        service = api.address,
        front = edge.front,
        port = edge.port,
        tls = tls.url.trim_start_matches("https://"),
        prometheus = prometheus.url,
        manifest = env!("CARGO_MANIFEST_DIR"),
    );
    place.write(
        "runbook.toml",
        &format!(
            "[groups]\n{groups}[settings.launch]\nlist = \"runbooks/go-live.json\"\n{places}\ngate = [\"@board\"]\nquorum = 1\n\
             launch = [\"touch\", \"{root}/live\"]\nretreat = [\"rm\", \"-f\", \"{root}/live\"]\nhealth = \"{}/health\"\n",
            api.url()
        ),
    );
    Stage { place, _api: api, _edge: edge, _tls: tls, _prometheus: prometheus }
}

impl Stage {
    /// Answers one question; what does not hold is accepted as a risk. Gives whether another one is open, of another category.
    fn answers(&self) -> bool {
        let run = self.place.newest_run();
        let answers: [&[&str]; 3] = [&["--yes"], &["--choose", "accept the risk"], &["--text", "it comes tomorrow"]];
        let mut tried = answers.iter().map(|answer| self.place.run(&[&["answer", &run], *answer].concat()));
        tried.find(|ran| ran.code == Some(0)).expect("an answer that fits").err.contains("for an answer to")
    }
}

/// Two categories, of which the second has something that does not hold; the whole list is walked below.
pub(crate) fn exercised() -> Box<dyn Exercised> {
    let stage = stage();
    let list = r#"[{"category": "Service", "owner": "@api", "items": [{"item": "it answers", "look": {"http": "{api}/health"}}, {"item": "a restart was tried"}]},
        {"category": "Traffic", "owner": "@edge", "items": [{"item": "the page is there", "look": {"http": "{api}/no-such-page"}}]}]"#;
    stage.place.write("runbooks/go-live.json", list);
    Box::new(stage)
}

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.place
    }

    fn parameters(&self) -> Vec<String> {
        ["service=shop", "watch=100ms"].map(str::to_owned).to_vec()
    }

    fn state(&self) -> String {
        format!("live: {}", self.place.path("srv/live").exists())
    }

    fn answers(&self) -> bool {
        self.answers();
        true
    }
}

#[test]
fn a_hundred_items_are_walked_signed_decided_and_watched_over_many_restarts() {
    let stage = stage();
    let place = &stage.place;
    let ran = place.expect(4, &["exec", "go-live", "-p", "service=shop", "-p", "watch=1s"]);
    ran.says(&["10 categories: 32 items are looked at, 68 are answered for"]);
    let run = place.newest_run();
    let mut restarts = 0;
    // Each turn is a new process, as on days that follow each other.
    let ended = loop {
        // Each branch has one question at a time.
        while stage.answers() {}
        let resumed = place.run(&["resume", &run]);
        restarts += 1;
        match resumed.code {
            Some(4) if restarts < 300 => {
                assert!(!place.path("srv/live").exists(), "nothing is launched before the board has said so");
            }
            _ => break resumed,
        }
    };
    assert_eq!(ended.code, Some(0), "after {restarts} restarts: {ended}");
    assert!(place.path("srv/live").exists() && restarts >= 8, "{restarts}");
    let journal = place.journal();
    let ended =
        |kind: &str| journal.iter().filter(|record| record["type"] == "step_intended" && record["spec"]["kind"] == kind).count();
    assert!(ended("check") >= 32 && ended("confirm") > 68 + 10, "{} {}", ended("check"), ended("confirm"));
    // One thing of the list is not there: its risk was accepted with a reason, which the board got to read.
    let board = journal.iter().find(|record| record["spec"]["name"] == "Go live with shop?").expect("the question to the board");
    assert!(
        board["spec"]["details"].to_string().contains("the flag of the feature is there and off (it comes tomorrow)"),
        "{board}"
    );
    place.roll_back();
    assert!(!place.path("srv/live").exists());
    place.expect(0, &["verify"]);
}

#[test]
fn a_launch_that_fails_half_way_is_taken_back() {
    let stage = stage();
    let list =
        r#"[{"category": "Service", "owner": "@api", "items": [{"item": "it answers", "look": {"http": "{api}/health"}}]}]"#;
    stage.place.write("runbooks/go-live.json", list);
    let root = stage.place.path("srv").display().to_string();
    let settings = stage.place.read("runbook.toml");
    let half = settings.replace(
        &format!("launch = [\"touch\", \"{root}/live\"]"),
        &format!("launch = [\"sh\", \"-c\", \"touch {root}/live; exit 1\"]"),
    );
    assert_ne!(half, settings);
    stage.place.write("runbook.toml", &half);
    stage.place.expect(4, &["exec", "go-live", "-p", "service=shop"]);
    // A sign-off, and the yes of the board.
    let ended = [(); 2].map(|()| {
        stage.answers();
        stage.place.run(&["resume"]).code
    });
    assert_eq!(ended, [Some(4), Some(1)]);
    stage.place.roll_back();
    assert!(!stage.place.path("srv/live").exists(), "half of the visitors get there");
}
