//! `go-live` and `health-sweep` for real: people who answer from elsewhere, servers that are there, and some that are not.

use std::process::Command;

use crate::support::Place;
use crate::support::nginx::Nginx;

/// The list that we ship, with everybody as owner: here is nobody but whoever runs the tests.
fn launch() -> (Place, Nginx) {
    let place = Place::shipping("go-live");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/go-live.json");
    let mut list: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(shipped).expect("the list")).expect("JSON");
    let categories = list["categories"].as_array_mut().expect("categories");
    assert_eq!(categories.len(), 10);
    assert_eq!(categories.iter().map(|category| category["items"].as_array().expect("items").len()).sum::<usize>(), 100);
    for category in categories {
        category.as_object_mut().expect("a category").remove("owner");
    }
    place.write("runbooks/go-live.json", &list.to_string());
    let nginx = Nginx::start(&place, "location / { return 200 'well\\n'; }");
    place.write("runbook.toml", &format!("[settings]\nhealth = \"{}/\"\n", nginx.plain_url));
    (place, nginx)
}

/// Answers everything that waits, from the command line, as `say` decides by the question; says how many there were.
fn answer_all(place: &Place, run: &str, say: impl Fn(&str) -> &'static str) -> usize {
    let mut answers = 0;
    loop {
        let open = place.run(&["answer", run]);
        let Some(question) = open.err.lines().find_map(|line| line.strip_prefix("? ")) else { return answers };
        place.expect(0, &["answer", run, question, "--choose", say(question)]);
        answers += 1;
    }
}

#[test]
fn a_hundred_items_are_answered_from_elsewhere_while_nothing_of_the_run_is_alive() {
    let (place, _nginx) = launch();
    place.expect(4, &["exec", "go-live", "-p", "watch=1s", "-p", "every=100ms"]).says(&["100 items in 10 categories"]);
    let run = place.newest_run();
    let (mut answers, mut sessions) = (0, 0);
    loop {
        let say = |question: &str| match question {
            "Insurance is informed" => "open",
            question if question.ends_with("signed off?") => "signed off",
            "Does the launch go live?" => "go",
            _ => "done",
        };
        answers += answer_all(&place, &run, say);
        sessions += 1;
        if place.run(&["resume", &run]).code == Some(0) {
            break;
        }
        assert!(sessions < 40, "it goes on");
    }
    // All that a program cannot judge, ten signatures, and the decision.
    let automated = place.journal().iter().filter(|it| it["type"] == "step_intended" && it["spec"]["kind"] == "check").count();
    assert!(answers > 90 && sessions > 10, "{answers} answers in {sessions} sessions, {automated} looks");
    let decision = place.journal().into_iter().find(|it| it["path"] == "Decide/Does the launch go live?").expect("it was asked");
    assert!(decision.to_string().contains("Business: 9 of 10 good, signed off; open: Insurance is informed"), "{decision}");
    place.expect(0, &["verify"]);
}

#[test]
fn an_engine_that_dies_while_it_watches_watches_again() {
    let (place, nginx) = launch();
    place.write("one.json", r#"{ "categories": [ { "name": "All", "items": [ { "name": "the page", "http": "PAGE" } ] } ] }"#);
    place.write("one.json", &place.read("one.json").replace("PAGE", &nginx.plain_url));
    place.expect(4, &["exec", "go-live", "-p", "list=one.json", "-p", "watch=1d", "-p", "every=50ms"]);
    let run = place.newest_run();
    place.expect(0, &["answer", &run, "--choose", "signed off"]);
    place.expect(4, &["resume", &run]);
    place.expect(0, &["answer", &run, "--choose", "go"]);
    let mut engine = place.begin(&["resume", &run]);
    engine.at("Watch/the launch stays healthy for 1d");
    engine.kill();
    let mut engine = place.begin(&["resume", &run]);
    engine.at("Watch/the launch stays healthy for 1d");
    // What goes down while it is watched fails the run.
    drop(nginx);
    engine.ends(1).says(&["stays healthy"]);
}

#[test]
fn a_sweep_looks_at_everything_and_names_what_is_not_well() {
    let place = Place::shipping("health-sweep");
    let nginx = Nginx::start(&place, "location /well { return 200; } location /ill { return 503; }");
    let port = nginx.plain_url.rsplit(':').next().expect("a port").to_owned();
    let (url, certificate) = (&nginx.plain_url, place.path("nginx/server.pem"));
    let certificate = certificate.display();
    let sweep = |http: &str, tcp: &str| {
        format!("[settings.sweep]\nhttp = {http}\ntcp = {tcp}\ndisks = [\"/\"]\ncertificates = [\"{certificate}\"]\n")
    };
    place.write("runbook.toml", &sweep(&format!("[\"{url}/well\"]"), &format!("[\"127.0.0.1:{port}\"]")));
    let well = ["-p", "disk_percent=100", "-p", "memory_percent=0", "-p", "certificate_days=0"];
    // What nginx writes down about those who look is not for us to keep it from.
    let photograph = || place.photograph().into_iter().filter(|file| !file.contains("/nginx/")).collect::<Vec<_>>();
    let before = photograph();
    place.expect(0, &[&["exec", "health-sweep", "--dry-run"][..], &well].concat());
    assert_eq!(photograph(), before);
    place.expect(0, &[&["exec", "health-sweep"][..], &well].concat()).says(&["good for", "% used", "completed"]);
    // Nobody listens on port 1, and the certificate of the tests is good for a day.
    place.write(
        "runbook.toml",
        &(sweep(&format!("[\"{url}/well\", \"{url}/ill\"]"), "[\"127.0.0.1:1\"]") + "postgres = [\"127.0.0.1:1\"]\n"),
    );
    let ill = place.expect(1, &["exec", "health-sweep", "-p", "disk_percent=100", "-p", "memory_percent=0"]);
    ill.says(&["/ill: ", "answers 503", "accepts no connection", "expires in", "no response", &format!("{url}/well: 200")]);
    assert!(Command::new("pg_isready").arg("--version").output().is_ok(), "pg_isready (Debian: postgresql-client)");
}
