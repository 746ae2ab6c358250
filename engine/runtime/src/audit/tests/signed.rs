//! Signatures, judged by the real `git` and `ssh-keygen`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::fixture::{Place, completed, run};
use crate::audit::{Request, Signer as _, SshKey, verify};

fn keygen(place: &Place, arguments: &[&str]) {
    let status = Command::new("ssh-keygen").args(["-q", "-f", "key"]).args(arguments).current_dir(place.state.path()).status();
    assert!(status.unwrap().success());
}

#[test]
fn git_agrees_with_every_signature() {
    let place = Place::new();
    keygen(&place, &["-t", "ed25519", "-N", "", "-C", "alice"]);
    let key = SshKey::open(&place.state.path().join("key")).unwrap();
    let allowed = place.state.path().join("allowed");
    fs::write(&allowed, format!("alice@ops1 namespaces=\"git\" {}\n", key.public().unwrap())).unwrap();
    let archive = place.open().signed_by(Box::new(key));
    archive.seal(&completed(1).seal("")).unwrap();
    archive.conclude(&completed(1).seal("")).unwrap();

    let setting = format!("gpg.ssh.allowedSignersFile={}", allowed.display());
    for commit in ["main", &format!("runs/{}", run(1))] {
        place.git(&["-c", &setting, "verify-commit", commit]);
        let line = place.git(&["-c", &setting, "log", "-1", "--format=%G? %GS", commit]);
        assert_eq!(line.trim(), "G alice@ops1");
    }
    assert_eq!(place.git(&["fsck", "--strict"]), "");
    assert_eq!(verify(&place.path(), &Request::default()).unwrap().findings, []);

    // Somebody else's key: git disagrees.
    fs::remove_file(place.state.path().join("key")).unwrap();
    keygen(&place, &["-t", "ed25519", "-N", ""]);
    let other = SshKey::open(&place.state.path().join("key")).unwrap();
    fs::write(&allowed, format!("alice@ops1 {}\n", other.public().unwrap())).unwrap();
    assert_ne!(place.git(&["-c", &setting, "log", "-1", "--format=%G?", "main"]).trim(), "G");
    assert!(!format!("{other:?}").contains("PRIVATE") && other.sign(b"x").unwrap().starts_with("-----BEGIN SSH SIGNATURE-----"));
}

#[test]
fn a_key_that_cannot_sign_is_found_out_at_once() {
    let place = Place::new();
    let file = place.state.path().join("key");
    let why = || SshKey::open(&file).unwrap_err().to_string();
    assert!(why().contains("No such file"));
    keygen(&place, &["-t", "ed25519", "-N", "secret"]);
    assert!(why().contains("passphrase"));
    fs::remove_file(&file).unwrap();
    keygen(&place, &["-t", "ecdsa", "-N", ""]);
    assert!(why().contains("ssh-keygen -t ed25519"), "{}", why());
    fs::write(&file, "-----BEGIN NONSENSE-----").unwrap();
    assert!(why().contains("OpenSSH format"), "{}", why());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(why().contains("chmod 600"));
}
