//! Signed runs: judged alike by git, by ssh-keygen, and by `runbook verify` on a clone alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use crate::support::Place;

const ASKS: &str = r#"
command("before", #{ run: ["sh", "-c", "echo before >> ledger"], rollback: "nothing" });
confirm("Go on?");
command("after", #{ run: ["sh", "-c", "echo after >> ledger"], rollback: "nothing" });
"#;

/// A place whose operator has a key, known as `ann`.
fn signed(source: &str) -> Place {
    let place = Place::with(source);
    keygen(&place, "id", "");
    fs::write(place.path("allowed"), format!("ann@example.org {}", place.read("home/id.pub"))).expect("a file");
    place.write("home/.config/runbook/config.toml", "[audit]\nsign = \"~/id\"\n");
    place.write("runbook.toml", "[audit]\nallowed_signers = \"allowed\"\n[env.production.audit]\nsigning = \"required\"\n");
    place
}

fn keygen(place: &Place, name: &str, passphrase: &str) {
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-C", "x", "-N", passphrase, "-f"]).arg(place.path("home").join(name));
    assert!(keygen.status().expect("ssh-keygen").success());
}

/// `ssh-keygen -Y verify` on what git has in a file.
fn keygen_agrees(place: &Place, file: &str) -> bool {
    let text = place.git(&["show", &format!("main:{file}")]);
    let text = place.write("text", &text);
    let signature = place.write("sig", &place.git(&["show", &format!("main:{file}.sig")]));
    let mut verify = Command::new("ssh-keygen");
    verify.args(["-Y", "verify", "-I", "ann@example.org", "-n", "statement@runbook", "-f"]);
    verify.arg(place.path("allowed")).arg("-s").arg(signature).stdin(fs::File::open(text).expect("a file"));
    verify.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("ssh-keygen").success()
}

#[test]
fn a_review_makes_no_run_longer_and_no_rehearsal_fresher() {
    let place = signed("command(\"a\", #{ run: [\"true\"], rollback: \"nothing\" });");
    place.write("runbook.toml", "[env.strict]\nrequire_rehearsal = \"1s\"\n");
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    let told = || {
        let report = place.expect(0, &["report", &run]).out;
        let rows = |row: &&str| ["✓ **completed**", "| Took ", "| Ended "].iter().any(|begin| row.starts_with(begin));
        (place.expect(0, &["runs"]).out, report.lines().filter(rows).map(str::to_owned).collect::<Vec<_>>())
    };
    let before = told();
    assert_eq!(before.1.len(), 3);
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    place.expect(0, &["review", &run]);
    assert_eq!(told(), before);
    place.expect(0, &["exec", "main", "--env", "strict", "--dry-run"]);
    let rehearsal = place.newest_run();
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    place.expect(0, &["review", &rehearsal]);
    place.expect(10, &["exec", "main", "--env", "strict"]).says(&["wants a rehearsal", "old"]);
}

#[test]
fn git_ssh_keygen_and_verify_agree() {
    let place = signed(ASKS);
    place.expect(4, &["exec", "main", "--env", "production"]).is_silent_about(&["unsigned"]);
    let run = place.newest_run();
    place.expect(0, &["answer", &run, "--yes", "--note", "looks\ngood"]);
    place.expect(0, &["resume"]);
    place.expect(0, &["review", &run]).says(&["reviewed", "SHA256:"]);
    let setting = format!("gpg.ssh.allowedSignersFile={}", place.path("allowed").display());
    for branch in ["main", &format!("runs/{run}")] {
        place.git(&["-c", &setting, "verify-commit", branch]);
    }
    let files = place.git(&["ls-tree", "-r", "--name-only", "main"]);
    let statements: Vec<_> = files.lines().filter(|file| file.contains("/statements/") && !file.ends_with(".sig")).collect();
    let meanings: Vec<_> = statements.iter().filter_map(|file| file.rsplit_once('-')).map(|(_, meaning)| meaning).collect();
    assert_eq!(meanings, ["executed", "approved", "executed", "reviewed"], "{files}");
    for statement in &statements {
        assert!(keygen_agrees(&place, statement), "{statement}");
    }
    let approved = place.git(&["show", &format!("main:{}", statements[1])]);
    for wanted in ["meaning: approved", &run, "env: production", "step: Go on?", "said: yes", r"why: looks\ngood", "journal: "] {
        assert!(approved.contains(wanted), "{wanted} is missing:\n{approved}");
    }
    place.expect(0, &["verify", "--signed"]).says(&["signed: ", "4 acts of people, by ann@example.org"]);

    // On a clone alone that nobody can write, from a directory where nothing is configured.
    let clone = place.path("clone.git");
    let trail = place.state().join("audit.git");
    place.git(&["clone", "--quiet", "--bare", &trail.to_string_lossy(), &clone.to_string_lossy()]);
    let elsewhere = tempfile::tempdir().expect("a directory");
    let auditor = |arguments: &[&str]| {
        let mut command = place.command(&["verify", "--repo"]);
        command.arg(&clone).args(arguments).current_dir(elsewhere.path()).env("HOME", elsewhere.path());
        crate::support::Ran::of(command)
    };
    let all = ["--allowed-signers", place.path("allowed").to_str().expect("a path"), "--signed", &run[..12], "--output", "json"]
        .map(str::to_owned);
    fs::set_permissions(&clone, fs::Permissions::from_mode(0o555)).expect("a mode");
    let ran = auditor(&all.each_ref().map(String::as_str));
    assert_eq!(ran.code, Some(0), "{ran}");
    let sum: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&sum["sound"], &sum["signed"]["acts"]), (&true.into(), &4.into()), "{sum}");
    auditor(&[]).says(&["nobody vouches"]);
    assert!(!elsewhere.path().join(".runbook").exists(), "nothing is written where the auditor stands");

    // Somebody else's file: every signature is a stranger's.
    keygen(&place, "other", "");
    let strangers = place.write("strangers", &format!("eve@example.org {}", place.read("home/other.pub")));
    let ran = auditor(&["--allowed-signers", strangers.to_str().expect("a path")]);
    assert_eq!(ran.code, Some(11), "{ran}");
    ran.says(&["not among the allowed signers"]);
}

#[test]
fn key_trouble_is_found_before_the_first_step() {
    let place = signed(r#"command("say", #{ run: ["sh", "-c", "echo x >> ledger"], rollback: "nothing" });"#);
    let config = |text: &str| drop(place.write("home/.config/runbook/config.toml", text));
    keygen(&place, "locked", "secret");
    keygen(&place, "stranger", "");
    fs::copy(place.path("home/id"), place.path("home/open")).expect("a copy");
    fs::set_permissions(place.path("home/open"), fs::Permissions::from_mode(0o644)).expect("a mode");
    for (sign, why) in [
        ("", "no key is named"),
        ("sign = \"~/none\"", "No such file"),
        ("sign = \"~/open\"", "chmod 600"),
        ("sign = \"~/locked\"", "ssh-add"),
        ("sign = \"agent\"", "SSH_AUTH_SOCK"),
        ("sign = \"~/stranger\"", "not among the allowed signers"),
    ] {
        // Less care than the repository wants is not for the user to choose.
        config(&format!("[audit]\n{sign}\nsigning = \"optional\"\n[env.production.audit]\nsigning = \"optional\"\n"));
        place.expect(10, &["exec", "main", "--env", "production"]).says(&[why, "nothing was run"]);
        assert!(place.ledger().is_empty(), "{sign}");
    }
    // Where it is not required the run goes on, and says so.
    config("[audit]\nsign = \"~/none\"\n");
    place.expect(0, &["exec", "main"]).says(&["notice: this is not signed", "No such file", "(unsigned)"]);
    place.expect(0, &["verify"]).says(&["unsigned: "]);
    place.expect(11, &["verify", "--signed"]).says(&["is not signed, and has to be", "record 1 "]);
}

#[test]
fn whoever_passes_over_a_failure_signs_it() {
    let place = signed(r#"command("gate", #{ run: ["sh", "-c", "echo x >> ledger; exit 3"], rollback: "nothing" });"#);
    let mut terminal = place.terminal(&["exec", "main", "--env", "production"]);
    terminal.until("s? ").keys("k\r").until("why").keys("the gate is shut\r");
    terminal.end().with(0);
    place.expect(0, &["verify", "--signed"]).says(&["signed"]);
    let files = place.git(&["ls-tree", "-r", "--name-only", "main", "--", "."]);
    let file = files.lines().find(|file| file.ends_with("-skipped")).expect("a statement");
    assert!(keygen_agrees(&place, file));
    let said = place.git(&["show", &format!("main:{file}")]);
    assert!(said.contains("step: gate\n") && said.contains("why: the gate is shut\n"), "{said}");
}

#[test]
fn an_unsigned_run_of_an_environment_that_wants_signatures_is_found() {
    let place = signed(r#"check("fine", || true);"#);
    place.write("runbook.toml", "[env.production]\nprotected = true\n");
    place.write("home/.config/runbook/config.toml", "");
    place.expect(0, &["exec", "main", "--env", "production"]);
    place.expect(0, &["exec", "main"]);
    place.expect(0, &["verify"]);
    place.write("runbook.toml", "[env.production.audit]\nsigning = \"required\"\n");
    let ran = place.expect(11, &["verify"]);
    let runs: std::collections::BTreeSet<_> =
        ran.err.lines().filter_map(|line| line.strip_prefix("run ")?.split(',').next()).collect();
    assert_eq!(runs.len(), 1, "{ran}");
}

#[test]
fn a_trail_that_was_rolled_back_is_not_run_on() {
    let place = Place::with(r#"command("say", #{ run: ["sh", "-c", "echo x >> ledger"], rollback: "nothing" });"#);
    place.expect(0, &["exec", "main"]);
    place.expect(0, &["exec", "main"]);
    place.git(&["update-ref", "refs/heads/main", "main~1"]);
    place.expect(11, &["exec", "main"]).says(&["was rewritten", "nothing was run"]);
    place.expect(11, &["verify"]).says(&["does not descend from"]);
    assert_eq!(place.ledger(), ["x", "x"]);
}
