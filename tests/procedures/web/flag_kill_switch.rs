//! `flag-kill-switch` on a service that speaks Unleash's admin API as it is described: Debian has no Unleash.

use std::sync::{Arc, Mutex};

use super::components::{Flag, Prometheus, Service, TOKEN, unleash};
use crate::exercises::{Exercised, trap};
use crate::support::Place;

struct Stage {
    place: Place,
    flag: Arc<Mutex<Flag>>,
    chat: Arc<Mutex<Vec<String>>>,
    _servers: [Service; 2],
    _prometheus: Prometheus,
}

/// The flag is on, and as long as it is there is harm.
fn stage() -> Stage {
    let place = Place::shipping("flag-kill-switch");
    let (flag, chat) = (Arc::new(Mutex::new(Flag { on: true, ..Flag::default() })), Arc::new(Mutex::new(Vec::new())));
    let flags = unleash(&flag, place.path(""));
    let (heard, other) = (Arc::clone(&chat), place.path(""));
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
    Stage { place, flag, chat, _servers: [flags, webhook], _prometheus: prometheus }
}

impl Stage {
    fn is_on(&self) -> bool {
        self.flag.lock().expect("ours").on
    }

    #[track_caller]
    fn run(&self, code: i32, arguments: &[&str]) -> crate::support::Ran {
        let mut command = self.place.command(arguments);
        command.env("FLAGS_TOKEN", TOKEN);
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
        vec![("FLAGS_TOKEN", TOKEN)]
    }

    fn state(&self) -> String {
        format!("on: {}", self.is_on())
    }
}

#[test]
fn the_flag_goes_off_people_hear_of_it_the_harm_fades_and_it_can_be_switched_on_again() {
    let stage = stage();
    stage.run(0, &["exec", "flag-kill-switch", "--dry-run", "-p", "flag=new-checkout"]).says(&["withheld", "rehearsed"]);
    assert!(stage.is_on() && stage.chat.lock().expect("heard").is_empty());
    stage.run(0, &EXEC).says(&["= 0.5", "the harm is over"]).is_silent_about(&[TOKEN]);
    assert!(!stage.is_on());
    assert!(stage.chat.lock().expect("heard")[0].contains("new-checkout was switched off in production"));
    let run = stage.place.newest_run();
    // What is off already is left alone.
    stage.run(0, &EXEC).says(&["is off already"]);
    assert_eq!(stage.chat.lock().expect("heard").len(), 1);
    stage.run(6, &["rollback", &run]);
    assert!(stage.is_on());
    let journal = std::fs::read_to_string(stage.place.state().join("runs").join(run).join("journal.jsonl")).expect("a journal");
    assert!(!journal.contains(TOKEN));
}

#[test]
fn what_the_server_says_is_passed_on() {
    let stage = stage();
    stage.run(1, &["exec", "flag-kill-switch", "--yes", "-p", "flag=unknown"]).says(&["404", "Could not find feature"]);
    let mut command = stage.place.command(&EXEC);
    command.env("FLAGS_TOKEN", "another-token");
    let ran = crate::support::Ran::of(command);
    ran.says(&["401", "You must log in to use Unleash"]);
    // Where somebody else has to approve, a kill switch is none: that is said, and not tried again.
    stage.flag.lock().expect("ours").change_requests = true;
    stage.run(1, &EXEC).says(&["403", "Change requests are enabled"]);
    stage.flag.lock().expect("ours").archived = true;
    stage.place.expect(0, &["abandon", &stage.place.newest_run(), "--why", "somebody else does it"]);
    stage.run(1, &EXEC).says(&["new-checkout is archived"]);
    assert!(stage.is_on() && stage.flag.lock().expect("ours").switched.is_empty());
}
