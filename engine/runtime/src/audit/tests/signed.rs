//! Signatures, judged by the real `git` and `ssh-keygen`.

use std::fs;
use std::process::Command;

use super::fixture::{Place, completed, run};
use std::sync::Arc;

use crate::audit::{Request, verify};
use crate::signing::{Signer as _, Signing, SshKey};

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
    fs::write(&allowed, format!("alice@ops1 namespaces=\"git\" {}\n", key.public().to_openssh().unwrap())).unwrap();
    let archive = place.open().signed_by(Signing { signer: Some(Arc::new(key)), required: true });
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
    fs::write(&allowed, format!("alice@ops1 {}\n", other.public().to_openssh().unwrap())).unwrap();
    assert_ne!(place.git(&["-c", &setting, "log", "-1", "--format=%G?", "main"]).trim(), "G");
    assert!(
        !format!("{other:?}").contains("PRIVATE")
            && other.sign("git", b"x").unwrap().starts_with("-----BEGIN SSH SIGNATURE-----")
    );
}
