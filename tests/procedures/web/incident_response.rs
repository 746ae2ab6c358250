//! `incident-response`: who does not answer is followed by the next level, also while no process is at work on the run.

use std::sync::{Arc, Mutex};

use super::components::Service;
use crate::exercises::{Exercised, trap};
use crate::support::{Place, until};

struct Stage {
    place: Place,
    chat: Arc<Mutex<Vec<String>>>,
    _servers: [Service; 2],
}

fn stage() -> Stage {
    let place = Place::shipping("incident-response");
    let chat = Arc::new(Mutex::new(Vec::new()));
    let (heard, root) = (Arc::clone(&chat), place.path(""));
    let webhook = Service::start(move |asked| {
        if trap::is_sprung(&root) {
            return (500, trap::SAID.to_owned());
        }
        heard.lock().expect("heard").push(asked.body.clone());
        (200, "ok".to_owned())
    });
    let health = Service::start(|_| (200, String::new()));
    let me = std::process::Command::new("id").arg("-un").output().expect("id").stdout;
    let me = String::from_utf8_lossy(&me).trim().to_owned();
    place.write("incidents/.keep", "");
    place.write(
        "runbook.toml",
        &format!(
            "[groups]\noncall = [\"nobody-is-called-this\"]\nleads = [\"{me}\"]\n[settings.incident]\ndir = \"{}\"\n\
             levels = [[\"@oncall\"], [\"@oncall\", \"@leads\"], [\"@leads\"]]\nwebhook = \"{}\"\nhealth = \"{}\"\n",
            place.path("incidents").display(),
            webhook.url(),
            health.url()
        ),
    );
    Stage { place, chat, _servers: [webhook, health] }
}

impl Stage {
    fn heard(&self) -> Vec<String> {
        self.chat.lock().expect("heard").clone()
    }

    /// The time line.
    fn story(&self) -> String {
        let files = std::fs::read_dir(self.place.path("incidents")).expect("incidents").map(|entry| entry.expect("one").path());
        let file = files.filter(|path| path.extension().is_some_and(|end| end == "md")).max().expect("a time line");
        std::fs::read_to_string(file).expect("a time line")
    }

    /// Answers the open question, and goes on.
    fn says(&self, code: i32, answer: &[&str]) {
        self.place.expect(0, &[&["answer", &self.place.newest_run()], answer].concat());
        self.place.expect(code, &["resume"]);
    }
}

/// The first level is at home.
pub(crate) fn exercised() -> Box<dyn Exercised> {
    let stage = stage();
    let settings = stage.place.read("runbook.toml").replace("[[\"@oncall\"],", "[[\"@leads\"],");
    stage.place.write("runbook.toml", &settings);
    Box::new(stage)
}

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.place
    }

    fn parameters(&self) -> Vec<String> {
        vec!["what=logins fail".to_owned()]
    }

    fn state(&self) -> String {
        let files = std::fs::read_dir(self.place.path("incidents")).expect("incidents").flatten();
        let texts = files.map(|file| std::fs::read_to_string(file.path()).expect("a text"));
        texts.filter(|text| !text.is_empty()).collect()
    }

    fn answers(&self) -> bool {
        let run = self.place.newest_run();
        let answers: [&[&str]; 2] = [&["--choose", "it is over"], &["--text", "Ann"]];
        answers.iter().any(|answer| self.place.run(&[&["answer", &run], *answer].concat()).code == Some(0))
    }
}

#[test]
fn silence_calls_the_next_level_and_the_incident_is_led_to_its_end() {
    let stage = stage();
    // The first level has a millisecond: by the time that the run is resumed it is over.
    stage.place.expect(
        4,
        &["exec", "incident-response", "-p", "what=logins fail", "-p", "first=1s", "-p", "second=2h", "-p", "third=3h"],
    );
    assert_eq!(stage.heard().len(), 1);
    until("the first level is over", || stage.place.run(&["resume"]).err.contains("Level 2"));
    assert!(stage.heard()[1].contains("@leads") && stage.heard().len() == 2, "{:?}", stage.heard());
    stage.says(4, &["--text", "Ann"]);
    for name in ["Ann", "Bob", "Eve"] {
        stage.says(4, &["--text", name]);
    }
    stage.says(4, &["--choose", "an update for people"]);
    stage.says(4, &["--text", "the cache was full"]);
    stage.says(4, &["--choose", "it is over"]);
    stage.says(0, &["--text", "a larger cache (Bob)"]);
    let (story, heard) = (stage.story(), stage.heard());
    for part in [
        "# sev2: logins fail",
        "taken by Ann",
        "lead: Ann; repair: Bob; voice: Eve",
        "the cache was full",
        "Follow-ups: a larger cache (Bob)",
    ] {
        assert!(story.contains(part), "{part}\n{story}");
    }
    assert!(heard.iter().any(|text| text.contains("sev2: the cache was full")), "{heard:?}");
    assert!(heard.last().is_some_and(|text| text.contains("is over")), "{heard:?}");
    stage.place.expect(0, &["verify"]);
}

#[test]
fn a_rehearsal_calls_nobody_and_a_kill_loses_nothing() {
    let stage = stage();
    let exec = ["exec", "incident-response", "-p", "what=logins fail"];
    let mut engine = stage.place.begin(&exec);
    engine.at("begin the time line");
    engine.kill();
    stage.place.expect(4, &["resume"]);
    let heard = stage.heard().len();
    assert!(heard == 1 || heard == 2, "a call that the kill met may come twice, never not at all: {heard}");
    stage.place.expect(4, &["resume"]);
    assert_eq!(stage.heard().len(), heard, "nobody is called again by a resume");
    // Given up, the time line is as it was: there was none.
    stage.place.roll_back();
    assert_eq!(std::fs::read_dir(stage.place.path("incidents")).expect("incidents").count(), 1);
    let (before, heard) = (stage.place.photograph(), stage.heard().len());
    let rehearsed = stage.place.expect(0, &[&exec[..], &["--dry-run"]].concat());
    rehearsed.says(&[
        "withheld",
        "taken instead: \"somebody of level 1\"",
        "taken instead: \"it is over\"",
        "tell people that it is over",
    ]);
    assert_eq!((stage.place.photograph(), stage.heard().len()), (before, heard));
}

#[test]
fn the_levels_are_called_by_their_names_and_times_that_cannot_be_are_refused_first() {
    let stage = stage();
    let exec = ["exec", "incident-response", "-p", "what=logins fail"];
    for wrong in ["first=20m", "second=40m"] {
        stage.place.expect(1, &[&exec[..], &["-p", wrong]].concat()).says(&["the times follow each other"]);
    }
    assert_eq!(stage.heard(), Vec::<String>::new(), "nobody is called who has no time to answer");
    let settings = stage.place.read("runbook.toml").replace("[[\"@oncall\"],", "[[\"@oncall\", \"@leads\"],");
    stage.place.write("runbook.toml", &settings);
    stage.place.expect(4, &exec);
    let heard = stage.heard();
    assert!(heard[0].contains("sev2: logins fail. @oncall, @leads: who takes it?"), "{heard:?}");
}
