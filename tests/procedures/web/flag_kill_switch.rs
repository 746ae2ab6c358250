//! `flag-kill-switch` on a service that speaks the part of Unleash's admin API that it uses: Debian has no Unleash.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::components::{Prometheus, Service};
use crate::exercises::{Exercised, trap};
use crate::support::Place;

struct Stage {
    place: Place,
    on: Arc<AtomicBool>,
    chat: Arc<Mutex<Vec<String>>>,
    _servers: [Service; 2],
    _prometheus: Prometheus,
}

/// The flag is on, and as long as it is there is harm.
fn stage() -> Stage {
    let place = Place::shipping("flag-kill-switch");
    let (on, chat) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Vec::new())));
    let (flag, heard, root) = (Arc::clone(&on), Arc::clone(&chat), place.path(""));
    let other = root.clone();
    let flags = Service::start(move |asked| {
        let path = asked.path.as_str();
        if path == "/metrics" {
            return (200, format!("http_requests_total {}\n", if flag.load(Ordering::SeqCst) { 0.5 } else { 0.0 }));
        }
        if !asked.headers.contains(&("authorization".to_owned(), "canary-token-5521".to_owned())) {
            return (401, String::new());
        }
        if asked.method == "POST" && trap::is_sprung(&root) {
            return (500, trap::SAID.to_owned());
        }
        let feature = "/api/admin/projects/default/features/new-checkout";
        match (asked.method.as_str(), path.strip_prefix(feature)) {
            ("GET", Some("")) => {
                let on = flag.load(Ordering::SeqCst);
                (200, format!("{{\"name\":\"new-checkout\",\"environments\":[{{\"name\":\"production\",\"enabled\":{on}}}]}}"))
            }
            ("POST", Some(switch @ ("/environments/production/on" | "/environments/production/off"))) => {
                flag.store(switch.ends_with("/on"), Ordering::SeqCst);
                (200, String::new())
            }
            _ => (404, String::new()),
        }
    });
    let webhook = Service::start(move |asked| {
        if trap::is_sprung(&other) {
            return (500, trap::SAID.to_owned());
        }
        heard.lock().expect("heard").push(asked.body.clone());
        (200, "ok".to_owned())
    });
    let prometheus = Prometheus::start(&place, &[("all", flags.address.to_string())], "groups: []\n");
    place.write(
        "runbook.toml",
        &format!(
            "[secrets]\n\"flags/token\" = {{ env = \"FLAGS_TOKEN\" }}\n[settings]\nprometheus = \"{}\"\nwebhook = \"{}\"\n\
             [settings.flags]\nbase = \"{}\"\nproject = \"default\"\nenvironment = \"production\"\ntoken = \"flags/token\"\nharm = \"http_requests_total\"\nlimit = 0.01\n",
            prometheus.url,
            webhook.url(),
            flags.url()
        ),
    );
    Stage { place, on, chat, _servers: [flags, webhook], _prometheus: prometheus }
}

impl Stage {
    #[track_caller]
    fn run(&self, code: i32, arguments: &[&str]) -> crate::support::Ran {
        let mut command = self.place.command(arguments);
        command.env("FLAGS_TOKEN", "canary-token-5521");
        let ran = crate::support::Ran::of(command);
        assert_eq!(ran.code, Some(code), "{ran}");
        ran
    }
}

const EXEC: [&str; 5] = ["exec", "flag-kill-switch", "--yes", "-p", "flag=new-checkout"];

pub(crate) fn exercised() -> Box<dyn Exercised> {
    Box::new(stage())
}

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.place
    }

    fn parameters(&self) -> Vec<String> {
        ["flag=new-checkout", "settle=10s"].map(str::to_owned).to_vec()
    }

    fn variables(&self) -> Vec<(&'static str, &'static str)> {
        vec![("FLAGS_TOKEN", "canary-token-5521")]
    }

    fn state(&self) -> String {
        format!("on: {}", self.on.load(Ordering::SeqCst))
    }
}

#[test]
fn the_flag_goes_off_people_hear_of_it_the_harm_fades_and_it_can_be_switched_on_again() {
    let stage = stage();
    stage.run(0, &["exec", "flag-kill-switch", "--dry-run", "-p", "flag=new-checkout"]).says(&["withheld", "rehearsed"]);
    assert!(stage.on.load(Ordering::SeqCst) && stage.chat.lock().expect("heard").is_empty());
    stage.run(0, &EXEC).says(&["= 0.5", "the harm is over"]).is_silent_about(&["canary-token-5521"]);
    assert!(!stage.on.load(Ordering::SeqCst));
    assert!(stage.chat.lock().expect("heard")[0].contains("new-checkout was switched off in production"));
    let run = stage.place.newest_run();
    // What is off already is left alone.
    stage.run(0, &EXEC).says(&["is off already"]);
    assert_eq!(stage.chat.lock().expect("heard").len(), 1);
    stage.run(6, &["rollback", &run]);
    assert!(stage.on.load(Ordering::SeqCst));
    let journal = std::fs::read_to_string(stage.place.state().join("runs").join(run).join("journal.jsonl")).expect("a journal");
    assert!(!journal.contains("canary-token-5521"));
}

#[test]
fn a_flag_that_is_not_there_and_a_server_that_refuses_us_are_named() {
    let stage = stage();
    stage.run(1, &["exec", "flag-kill-switch", "--yes", "-p", "flag=unknown"]).says(&["unknown", "the server answers 404"]);
    let mut command = stage.place.command(&EXEC);
    command.env("FLAGS_TOKEN", "another");
    assert!(crate::support::Ran::of(command).err.contains("the server answers 401"));
    assert!(stage.on.load(Ordering::SeqCst));
}
