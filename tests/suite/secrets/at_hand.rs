//! Secrets that cannot be had are found before the first step, where that costs nothing and asks nobody.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::Place;

const USES: &str = r#"
command("first", #{ run: ["sh", "-c", "echo first >> ledger"], rollback: "nothing" });
command("use", #{ run: ["sh", "-c", "echo used >> ledger"], env: #{ PW: secret("db/password"), KEY: secret("api/key") }, rollback: "nothing" });
"#;

#[test]
fn a_file_that_is_open_to_others_and_a_variable_that_is_not_set_are_found_before_the_first_step() {
    let place = Place::with(USES);
    place.write("runbook.toml", "[secrets]\n\"db/password\" = { file = \"pw\" }\n\"api/key\" = { env = \"API_KEY_OF_TEST\" }\n");
    place.write("pw", "correct-horse-1");
    let mode = |mode| std::fs::set_permissions(place.path("pw"), std::fs::Permissions::from_mode(mode)).expect("ours");
    mode(0o644);
    place.expect(2, &["exec", "main"]).says(&["mode 0644", "chmod 600", "API_KEY_OF_TEST", "nothing was run", "runbook doctor"]);
    assert!(place.ledger().is_empty());
    place.expect(0, &["runs"]).says(&["No runs."]);
    mode(0o600);
    let mut command = place.command(&["exec", "main"]);
    assert!(command.env("API_KEY_OF_TEST", "staple-battery-1").output().expect("it starts").status.success());
    assert_eq!(place.ledger(), ["first", "used"]);
}

#[test]
fn what_a_program_gives_is_not_asked_for_before_its_step() {
    let place = Place::with(&USES.replace(", KEY: secret(\"api/key\")", ""));
    place.write("runbook.toml", "[secrets]\n\"db/password\" = { command = [\"sh\", \"-c\", \"echo asked >> ledger; false\"] }\n");
    place.expect(1, &["exec", "main"]);
    assert_eq!(place.ledger(), ["first", "asked"]);
}

#[test]
fn one_that_a_parameter_chooses_is_looked_for_as_well() {
    let place = Place::with(
        r#"let p = runbook(#{ title: "Chooses", params: #{ which: #{ type: "secret" } } });
        command("first", #{ run: ["sh", "-c", "echo first >> ledger"], rollback: "nothing" });
        command("use", #{ run: ["true"], env: #{ PW: secret(p.which) }, rollback: "nothing" });"#,
    );
    place.write("runbook.toml", "[secrets]\n\"db/password\" = { env = \"PASSWORD_OF_TEST\" }\n");
    place.expect(2, &["exec", "main", "-p", "which=db/password"]).says(&["PASSWORD_OF_TEST", "nothing was run"]);
    assert!(place.ledger().is_empty());
}

#[test]
fn branches_that_need_the_first_secret_at_once_keep_what_stood_in_their_files() {
    let place = Place::with(
        r#"parallel("par", ["a", "b", "c", "d", "e", "f"], |item| {
            command("write", #{ write: #{ path: `file-${item}`, content: ["pw=", secret("db/password")] } });
        });"#,
    );
    place.write("runbook.toml", "[secrets]\n\"db/password\" = { file = \"pw\" }\n");
    place.private("pw", "correct-horse-1");
    for item in ["a", "b", "c", "d", "e", "f"] {
        place.write(&format!("file-{item}"), &format!("precious {item}"));
    }
    place.expect(0, &["exec", "main"]);
    assert_eq!(place.read("file-c"), "pw=correct-horse-1");
    // Sealed in the journal, all with the same key.
    place.expect(6, &["rollback", "last"]);
    for item in ["a", "b", "c", "d", "e", "f"] {
        assert_eq!(place.read(&format!("file-{item}")), format!("precious {item}"));
    }
}
