//! `std/releases` and `std/disk`, each function on the real thing: a tree of releases, the machine's own `df`.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::Place;

fn tree(names: &[&str], current: &str) -> Place {
    let place = Place::new();
    for name in names {
        place.write(&format!("srv/releases/{name}/page"), name);
    }
    symlink(current, place.path("srv/current")).expect("a link");
    place
}

#[test]
fn releases_are_read_from_a_real_tree() {
    let place = tree(&["2026.11.9", "2026.11.10", "2026.9.30", ".unfinished"], "releases/2026.11.10/");
    place.runbook(
        "main",
        r#"import "std/releases" as releases;
        check("current", || releases::current("srv"), #{ expect: "2026.11.10" });
        check("by number, oldest first", || releases::list("srv"), #{ expect: ["2026.9.30", "2026.11.9", "2026.11.10"] });
        check("before", || releases::before("srv", "2026.11.10"), #{ expect: "2026.11.9" });
        check("installed", || releases::installed("srv", "2026.9.30"), #{ expect: "2026.9.30" });
        check("path", || fs::read(releases::path("srv", "2026.9.30") + "/page"), #{ expect: "2026.9.30" });
        check("newer", || releases::is_newer("1.10", "1.9") && releases::is_newer("1.2.1", "1.2") && !releases::is_newer("a", "a"));
        let here = check("what is current can be pure", || releases::is_newer("2", "1"));"#,
    );
    place.expect(0, &["exec", "main"]).says(&["7 checks", "completed"]);
}

#[test]
fn what_releases_cannot_answer_is_an_error_that_names_what_is_there() {
    let place = tree(&["1", "2"], "releases/1");
    place.write("plain/current", "no link");
    place.write("far/.keep", "");
    symlink("/opt/builds/7", place.path("far/current")).expect("a link");
    for (look, says) in [
        (r#"releases::before("srv", "1")"#, "older than 1"),
        (r#"releases::installed("srv", "3")"#, "there are: [\"1\", \"2\"]"),
        (r#"releases::current("plain")"#, "plain/current"),
        (r#"releases::current("nowhere")"#, "nowhere/current"),
        (r#"releases::current("far")"#, "leads to /opt/builds/7"),
    ] {
        place.runbook("main", &format!("import \"std/releases\" as releases;\ncheck(\"it is there\", || {look});"));
        place.expect(1, &["exec", "main"]).says(&[says, "std/releases.rhai"]);
    }
}

#[test]
fn disk_says_what_df_says() {
    let place = Place::new();
    place.runbook(
        "main",
        r#"import "std/disk" as disk;
        let used = check("used", || disk::used_percent("."));
        let free = check("free", || disk::free_bytes("."));
        check("whole numbers", || type_of(used) == "i64" && type_of(free) == "i64" && used >= 0 && used <= 100);
        print(`free ${free}`);"#,
    );
    place.expect(0, &["exec", "main"]);
    let journal = place.journal();
    let noted = journal.iter().find(|record| record["type"] == "noted").expect("a note")["text"].to_string();
    let free: i64 = noted.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number");
    let output =
        Command::new("df").args(["--block-size=1", "--output=avail", "."]).current_dir(place.path("")).output().expect("df");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let available: i64 = text.lines().nth(1).expect("a value").trim().parse().expect("a number");
    // Other tests write to the same file system at the same time; a mistake of unit would be a factor of 1024.
    assert!((free - available).abs() < available / 2 + (1 << 30), "free {free}, df says {available}");
}

#[test]
fn a_disk_that_is_not_there_is_an_error_in_the_words_of_df() {
    let place = Place::with(
        r#"runbook(#{ title: "T" });
        import "std/disk" as disk;
        check("used", || disk::used_percent("no/such/place"));"#,
    );
    place.expect(1, &["exec", "main"]).says(&["df cannot tell about no/such/place", "std/disk.rhai"]);
}
