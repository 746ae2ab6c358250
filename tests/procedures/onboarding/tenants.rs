//! Customers who come in, once.

use super::platform::{Platform, TOKEN};
use crate::exercises::Exercised;
use crate::support::Place;

struct Stage {
    place: Place,
    platform: Platform,
}

const EXEC: [&str; 9] = [
    "exec",
    "tenant-onboarding",
    "--yes",
    "-p",
    "tenant=shop",
    "-p",
    "company=Shop \"Ünd\" Söhne",
    "-p",
    "admin=ann@shop.example",
];

/// What is made, in this order: where it is asked for, and what is there then.
const THINGS: [(&str, &str); 7] = [
    ("/tenants", "shop"),
    ("/tenants/shop/schema", "shop/schema"),
    ("/tenants/shop/quota", "shop/quota"),
    ("/tenants/shop/users", "shop/users"),
    ("/tenants/shop/domain", "shop/domain"),
    ("/tenants/shop/features", "shop/features"),
    ("/tenants/shop/welcome", "shop/welcome"),
];

fn stage() -> Stage {
    let place = Place::shipping("tenant-onboarding");
    let platform = Platform::start(&place);
    place.write("token", TOKEN);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(place.path("token"), mode).expect("ours");
    place.write(
        "runbook.toml",
        &format!(
            "[secrets]\n\"platform/token\" = {{ file = {:?} }}\n[settings.onboarding]\nbase = \"{}\"\ntoken = \"platform/token\"\n\
             domain = \"example.com\"\nplans = {{ small = {{ users = 5, gigabytes = 10, features = [\"reports\"] }} }}\n",
            place.path("token"),
            platform.service.url()
        ),
    );
    Stage { place, platform }
}

impl Stage {
    /// Two more tries, a second apart, are the patience of the runbook; a test has none.
    fn hurry(&self) {
        let source = self.place.read("runbooks/tenant-onboarding.rhai").replace("every: \"1s\"", "every: \"1ms\"");
        self.place.runbook("tenant-onboarding", &source);
    }

    #[track_caller]
    fn each_once(&self) {
        let made = self.platform.made();
        let wanted: Vec<_> = THINGS.iter().map(|(_, thing)| (*thing, 1)).collect();
        let made: Vec<_> = made.iter().map(|(thing, times)| (thing.as_str(), *times)).collect();
        let sorted = std::collections::BTreeMap::from_iter(wanted);
        assert_eq!(made, sorted.into_iter().collect::<Vec<_>>());
    }
}

pub(crate) fn exercised() -> Box<dyn Exercised> {
    let stage = stage();
    stage.hurry();
    Box::new(stage)
}

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.place
    }

    fn parameters(&self) -> Vec<String> {
        EXEC.iter().filter(|word| word.contains('=')).map(|&word| word.to_owned()).collect()
    }

    fn state(&self) -> String {
        self.platform.there()
    }
}

#[test]
fn six_things_are_made_rehearsed_before_and_taken_back_after() {
    let Stage { place, platform } = &stage();
    let (before, untouched) = (platform.there(), place.photograph());
    let rehearsal = EXEC.map(|word| if word == "--yes" { "--dry-run" } else { word });
    place.expect(0, &rehearsal).says(&["withheld", "POST", "/tenants/shop/schema", "rehearsed"]);
    assert_eq!((platform.there(), place.photograph()), (before.clone(), untouched));

    let ran = place.expect(0, &EXEC);
    ran.says(&["is in: shop.example.com"]);
    assert!(platform.there().contains("ann@shop.example") && platform.made().len() == THINGS.len(), "{}", platform.there());
    place.expect(0, &["verify"]);
    let first = place.newest_run();
    place.expect(6, &EXEC).says(&["shop is there already"]);
    place.expect(6, &["rollback", &first]);
    assert_eq!(platform.there(), before);
    // What was taken back may be asked for again: a new run has keys of its own.
    place.expect(0, &EXEC);
    assert_eq!(platform.made()["shop"], 2);
    let told = std::fs::read_to_string(place.journal_path()).expect("a journal");
    assert!(!told.contains(TOKEN));
}

#[test]
fn killed_before_and_after_each_thing_was_made_it_is_made_once() {
    for after in [false, true] {
        let stage = stage();
        let Stage { place, platform } = &stage;
        let mut arguments = EXEC.to_vec();
        for (path, _) in THINGS {
            platform.hold(path, after);
            let engine = place.begin(&arguments);
            platform.wait_for_one();
            engine.kill();
            // What was asked for goes on over there, whoever is dead here; the request that resume sends may come first.
            platform.let_go();
            arguments = vec!["resume", "--yes"];
        }
        place.expect(0, &["resume", "--yes"]).says(&["completed"]);
        stage.each_once();
        place.roll_back();
        assert_eq!(platform.there(), "{}");
    }
}

#[test]
fn whatever_is_refused_everything_before_it_is_taken_back() {
    for (path, _) in THINGS {
        let stage = stage();
        let Stage { place, platform } = &stage;
        platform.refuse(Some(path));
        stage.hurry();
        place.expect(6, &EXEC).says(&["503", "rolled back"]);
        assert_eq!(platform.there(), "{}", "{path}");
        platform.refuse(None);
        place.expect(0, &EXEC);
        assert_eq!(platform.made().len(), THINGS.len());
    }
}
