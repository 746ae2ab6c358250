//! `runbook doctor` on this machine as it is, and in places that are broken.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Place, Ran};

/// Standing and words of a finding.
fn finding(ran: &Ran, about: &str) -> Option<(String, String)> {
    let lines = ran.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("an object a line"));
    let mut found = lines.filter(|line| line["about"] == about);
    found.next().map(|line| {
        (line["standing"].as_str().unwrap_or_default().to_owned(), line["says"].as_str().unwrap_or_default().to_owned())
    })
}

#[track_caller]
fn stands(ran: &Ran, about: &str, standing: &str, words: &str) {
    let (is, says) = finding(ran, about).unwrap_or_else(|| panic!("nothing about {about}:\n{ran}"));
    assert!(is == standing && says.contains(words), "{about}: {is}, {says}");
}

#[test]
fn a_place_in_order_ends_with_0_and_is_left_as_it_was() {
    let place = Place::with("command(\"a\", #{ run: [\"true\"], rollback: \"nothing\" });\n");
    let ran = place.expect(0, &["doctor", "--output", "json"]);
    stands(&ran, "configuration", "ok", "1 runbook found");
    stands(&ran, "git", "ok", "git version");
    stands(&ran, "kernel", "ok", "Linux");
    stands(&ran, "state directory", "ok", "can be made");
    stands(&ran, "signing", "ok", "not signed");
    stands(&ran, "language", "warning", "LANG");
    assert!(!place.state().exists(), "to look makes nothing");
    place.expect(0, &["doctor"]).says(&["ok       ", " 0 missing", "→ export LANG=C.UTF-8"]);
    place.expect(0, &["exec", "main"]);
    stands(&place.expect(0, &["doctor", "--output", "json"]), "state directory", "ok", "yours");
}

#[test]
fn what_is_named_and_cannot_be_used_is_missing_and_ends_with_2() {
    let place = Place::with("command(\"a\", #{ run: [\"true\"], rollback: \"nothing\" });\n");
    let open = place.write("open", "secret");
    std::fs::set_permissions(&open, Permissions::from_mode(0o644)).unwrap();
    place.write(
        "runbook.toml",
        "[audit]\nsign = \"no-such-key\"\nsigning = \"required\"\nremote = \"elsewhere\"\n[hosts]\nweb = [\"web-1\"]\n\
         [secrets]\na = { env = \"NOT_SET_HERE\" }\nb = { file = \"open\" }\nc = { command = [\"no-such-program\"] }\n",
    );
    std::fs::create_dir(place.state()).unwrap();
    std::fs::set_permissions(place.state(), Permissions::from_mode(0o777)).unwrap();
    let empty = place.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let mut command = place.command(&["doctor", "--output", "json"]);
    command.env("PATH", &empty);
    let ran = Ran::of(command);
    assert_eq!(ran.code, Some(2), "{ran}");
    stands(&ran, "git", "missing", "remote");
    stands(&ran, "ssh", "missing", "[hosts]");
    stands(&ran, "signing", "missing", "no-such-key");
    stands(&ran, "state directory", "missing", "open to others");
    stands(&ran, "secret a", "warning", "NOT_SET_HERE");
    stands(&ran, "secret b", "missing", "0644");
    stands(&ran, "secret c", "missing", "no-such-program");
    assert!(!ran.out.contains("from-a-secret") && std::fs::read_dir(place.state()).unwrap().next().is_none(), "{ran}");
}

#[test]
fn a_configuration_with_mistakes_hides_nothing_else() {
    let place = Place::new();
    place.write("runbook.toml", "state_dri = \"x\"\n");
    let ran = place.expect(2, &["doctor", "--output", "json"]);
    assert_eq!(finding(&ran, "configuration").map(|(standing, _)| standing).as_deref(), Some("missing"), "{ran}");
    stands(&ran, "kernel", "ok", "Linux");
}

#[test]
fn a_clock_before_the_newest_run_is_found_out() {
    let place = Place::with("command(\"a\", #{ run: [\"true\"], rollback: \"nothing\" });\n");
    place.expect(0, &["exec", "main"]);
    std::fs::create_dir(place.state().join("runs/7ZZZZZZZZZ0000000000000000")).unwrap();
    let ran = place.run(&["doctor", "--output", "json"]);
    assert_eq!(finding(&ran, "clock and runs"), None, "a time that cannot be is no time: {ran}");
    std::fs::create_dir(place.state().join("runs/02Z00000000000000000000000")).unwrap();
    std::fs::remove_dir(place.state().join("runs/7ZZZZZZZZZ0000000000000000")).unwrap();
    stands(&place.run(&["doctor", "--output", "json"]), "clock and runs", "warning", "set back");
}

#[test]
fn directories_of_runbooks_that_hold_none_are_said() {
    let place = Place::with("command(\"a\", #{ run: [\"true\"], rollback: \"nothing\" });\n");
    place.write("runbook.toml", "runbooks = [\"runbooks\", \"runboks\"]\n");
    let ran = place.expect(0, &["doctor", "--output", "json"]);
    stands(&ran, "runbooks", "warning", "runboks` is not there");
    place.write("outside/api.rhai", "");
    for outside in ["../outside", "/", "a/../../outside", "a/../runbooks"] {
        place.write("repo/runbook.toml", &format!("runbooks = [\"{outside}\"]\n"));
        let ran = place.expect(2, &["-C", "repo", "doctor", "--output", "json"]);
        stands(&ran, "runbooks", "missing", "outside of the root");
    }
}

#[test]
fn what_counts_for_nothing_in_ones_own_file_is_said() {
    let place = Place::with("command(\"a\", #{ run: [\"true\"], rollback: \"nothing\" });\n");
    place.write("home/.config/runbook/config.toml", "[settings]\nto = \"me\"\n");
    assert_eq!(finding(&place.expect(0, &["doctor", "--output", "json"]), "own file"), None);
    place.write("home/.config/runbook/config.toml", "[groups]\nsre = [\"ada\"]\n[check.allow]\nRB0026 = \"one team only\"\n");
    let ran = place.expect(0, &["doctor", "--output", "json"]);
    stands(&ran, "own file", "warning", "`groups`, `check` in");
    stands(&ran, "own file", "warning", "only `runbook.toml` can say that");
    // The same in the repository counts.
    place.write("home/.config/runbook/config.toml", "");
    place.write("runbook.toml", "[groups]\nsre = [\"ada\"]\n");
    assert_eq!(finding(&place.expect(0, &["doctor", "--output", "json"]), "own file"), None);
}

#[test]
fn an_environment_that_is_not_there_is_missing() {
    let place = Place::with("command(\"a\", #{ run: [\"true\"], rollback: \"nothing\" });\n");
    place.write("runbook.toml", "[env.production]\nprotected = true\n");
    let doctor = |env: &str| {
        let mut command = place.command(&["doctor", "--output", "json"]);
        command.env("RUNBOOK_ENV", env);
        Ran::of(command)
    };
    let ran = doctor("prodution");
    assert_eq!(ran.code, Some(2), "{ran}");
    stands(&ran, "environment", "missing", "there is no environment `prodution`");
    assert!(ran.out.contains("set RUNBOOK_ENV to one of: production"), "{ran}");
    let ran = doctor("production");
    stands(&ran, "environment", "ok", "production");
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn a_trail_that_takes_no_run_is_missing() {
    let place = Place::with("command(\"a\", #{ run: [\"true\"], rollback: \"nothing\" });\n");
    place.expect(0, &["exec", "main"]);
    stands(&place.expect(0, &["doctor", "--output", "json"]), "audit trail", "ok", "audit.git");
    std::fs::remove_file(place.path(".runbook/audit.git/HEAD")).unwrap();
    stands(&place.expect(2, &["doctor", "--output", "json"]), "audit trail", "missing", "damaged at `HEAD`");
    // As the run says it.
    place.expect(11, &["exec", "main"]).says(&["damaged at `HEAD`"]);
    std::fs::remove_dir_all(place.path(".runbook/runs")).unwrap();
    place.write(".runbook/runs", "");
    place.expect(2, &["exec", "main"]).says(&["runs"]);
    stands(&place.expect(2, &["doctor", "--output", "json"]), "state directory", "missing", "runs` is not a directory");
}
