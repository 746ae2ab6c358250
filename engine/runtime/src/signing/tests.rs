//! Keys of every kind, the real `ssh-keygen` and the real `ssh-agent`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;

use super::{AllowedSigners, NotAllowed, Signer, SshKey, Unsound, check, open};

const NAMESPACE: &str = "git";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn key(&self, name: &str, kind: &[&str], passphrase: &str) -> PathBuf {
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-f", name, "-N", passphrase, "-C", name, "-t"]).args(kind).current_dir(self.0.path());
        assert!(keygen.status().unwrap().success());
        self.path(name)
    }

    fn why(&self, named: &Path, agent: Option<&Path>) -> String {
        open(named.to_str().unwrap(), agent).unwrap_err().to_string()
    }
}

/// The real agent, which goes when this value goes.
struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(home: &Home) -> Self {
        let socket = home.path("agent");
        // It says on its standard output where it listens as soon as it does.
        let mut child = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert!(said.contains("SSH_AUTH_SOCK"), "{said}");
        Self { child, socket }
    }

    fn add(&self, arguments: &[&str], passphrase: &str) {
        let home = self.socket.parent().unwrap();
        let ask = home.join("askpass");
        fs::write(&ask, format!("#!/bin/sh\necho {passphrase}\n")).unwrap();
        fs::set_permissions(&ask, fs::Permissions::from_mode(0o700)).unwrap();
        let mut add = Command::new("ssh-add");
        add.args(arguments).current_dir(home).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::null());
        add.env("SSH_AUTH_SOCK", &self.socket).env("SSH_ASKPASS", &ask).env("SSH_ASKPASS_REQUIRE", "force");
        assert!(add.status().unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// What `ssh-keygen -Y verify` says.
fn keygen_agrees(home: &Home, signer: &dyn Signer, signature: &str) -> bool {
    fs::write(home.path("allowed"), format!("ann {}\n", signer.public().to_openssh().unwrap())).unwrap();
    fs::write(home.path("sig"), signature).unwrap();
    fs::write(home.path("payload"), "payload").unwrap();
    let mut verify = Command::new("ssh-keygen");
    verify.args(["-Y", "verify", "-f", "allowed", "-I", "ann", "-n", NAMESPACE, "-s", "sig"]).current_dir(home.0.path());
    let verify = verify.stdin(fs::File::open(home.path("payload")).unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
    verify.status().unwrap().success()
}

#[test]
fn files_and_agents_sign_what_ssh_keygen_accepts() {
    let home = Home::new();
    let plain = home.key("plain", &["ed25519"], "");
    let ecdsa = home.key("ecdsa", &["ecdsa", "-b", "256"], "");
    let locked = home.key("locked", &["ed25519"], "secret");
    let agent = Agent::start(&home);
    agent.add(&["locked"], "secret");
    let socket = Some(agent.socket.as_path());
    for named in [plain.to_str().unwrap(), ecdsa.to_str().unwrap(), locked.to_str().unwrap(), "locked.pub", "agent"] {
        let named = if named.ends_with(".pub") { home.path(named).display().to_string() } else { named.to_owned() };
        let signer = open(&named, socket).unwrap();
        let signature = signer.sign(NAMESPACE, b"payload").unwrap();
        assert!(keygen_agrees(&home, &*signer, &signature), "{named}");
        let key = check(signature.as_bytes(), NAMESPACE, b"payload").unwrap();
        assert_eq!(key.key_data(), signer.public().key_data());
        assert_eq!(check(signature.as_bytes(), NAMESPACE, b"Payload"), Err(Unsound::Forged));
        assert!(matches!(check(signature.as_bytes(), "statement@runbook", b"payload"), Err(Unsound::Namespace { .. })));
    }
    let print = open("agent", socket).unwrap().fingerprint();
    assert_eq!(open(&format!("agent:{print}"), socket).unwrap().fingerprint(), print);

    agent.add(&["ecdsa"], "");
    let why = open("agent", socket).unwrap_err().to_string();
    assert!(why.contains("several keys") && why.contains(&format!("agent:{print}")), "{why}");
    assert!(open("agent:SHA256:none", socket).unwrap_err().to_string().contains("does not have the key SHA256:none"));
    assert!(open("agent:ann", socket).unwrap_err().to_string().contains("ssh-add -l"));
    agent.add(&["-x"], "pass");
    assert!(open("agent", socket).unwrap_err().to_string().contains("locked"));
}

#[test]
fn a_key_that_cannot_sign_is_found_out_at_once() {
    let home = Home::new();
    assert!(home.why(&home.path("none"), None).contains("No such file"));
    assert!(home.why(&home.path("."), None).contains("not a file"));
    let locked = home.key("locked", &["ed25519"], "secret");
    let why = home.why(&locked, None);
    assert!(why.contains(&format!("ssh-add {}", locked.display())) && why.contains("SSH_AUTH_SOCK"), "{why}");
    assert!(SshKey::open(&locked).unwrap_err().to_string().contains("passphrase"));
    let rsa = home.key("rsa", &["rsa", "-b", "2048"], "");
    assert!(home.why(&rsa, None).contains("ssh-keygen -t ed25519"), "{}", home.why(&rsa, None));
    let odd = home.path("odd");
    fs::write(&odd, "-----BEGIN NONSENSE-----").unwrap();
    fs::set_permissions(&odd, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(home.why(&odd, None).contains("chmod 600"));
    fs::set_permissions(&odd, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(home.why(&odd, None).contains("OpenSSH format"));
    let key = SshKey::open(&home.key("plain", &["ed25519"], "")).unwrap();
    assert!(!format!("{key:?}").contains("PRIVATE"));
}

#[test]
fn what_is_no_agent_is_told_from_one() {
    let home = Home::new();
    assert!(open("agent", None).unwrap_err().to_string().contains("SSH_AUTH_SOCK"));
    let nobody = home.path("nobody");
    assert!(open("agent", Some(&nobody)).unwrap_err().to_string().contains("does not answer"));
    for answer in [&b"\0\0\0\x05hello"[..], b"\xff\xff\xff\xffx", b"\0\0\0\x05\x0c\0\0\0\x09", b"HTTP"] {
        let socket = home.path("odd");
        let listener = UnixListener::bind(&socket).unwrap();
        let server = std::thread::spawn(move || {
            use std::io::{Read as _, Write as _};
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 5]).unwrap();
            stream.write_all(answer).unwrap();
        });
        let why = open("agent", Some(&socket)).unwrap_err().to_string();
        assert!(why.contains("no agent") || why.contains("does not answer"), "{why}");
        server.join().unwrap();
        fs::remove_file(home.path("odd")).unwrap();
    }
}

#[test]
fn allowed_signers_are_read_as_openssh_reads_them() {
    let home = Home::new();
    let key = SshKey::open(&home.key("ann", &["ed25519"], "")).unwrap();
    let other = SshKey::open(&home.key("eve", &["ed25519"], "")).unwrap();
    let public = key.public().to_openssh().unwrap();
    let noon: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
    let who = |line: &str| AllowedSigners::parse(&format!("# people\n\n{line} {public}\n")).unwrap();
    assert_eq!(who("ann@example.org").who(key.public(), "git", noon), Ok("ann@example.org"));
    assert_eq!(who("ann@example.org").who(other.public(), "git", noon), Err(NotAllowed::Unknown));
    assert_eq!(who("\"ann@example.org,ann\"").who(key.public(), "git", noon), Ok("ann@example.org,ann"));
    let git_only = who("ann namespaces=\"git\",valid-after=\"20260101Z\",valid-before=\"20270101Z\"");
    assert_eq!(git_only.who(key.public(), "git", noon), Ok("ann"));
    assert!(matches!(git_only.who(key.public(), "statement@runbook", noon), Err(NotAllowed::Namespace { .. })));
    for at in ["2025-12-31T00:00:00Z", "2027-01-02T00:00:00Z"] {
        assert!(matches!(git_only.who(key.public(), "git", at.parse().unwrap()), Err(NotAllowed::Time { .. })));
    }
    assert_eq!(who("ann namespaces=\"*,!git\"").who(key.public(), "statement@runbook", noon), Ok("ann"));
    assert_eq!(who("ca cert-authority").who(key.public(), "git", noon), Err(NotAllowed::Unknown));
    for odd in ["ann", "ann ssh-ed25519 AAAA", "ann colour=\"red\" ssh-ed25519 AAAA", "\"ann", "ann valid-after=\"soon\" x"] {
        assert_eq!(AllowedSigners::parse(&format!("\n{odd}")).unwrap_err().line, 2, "{odd}");
    }
}

#[test]
fn principals_stand_for_people() {
    let is_of = |principals: &str| AllowedSigners::is_of(principals, "ann", "ops1").is_ok();
    assert!(["ann", "ann@ops1", "ann@example.org", "bob,ann@example.org", "*@ops1"].into_iter().all(is_of));
    assert!(!["bob", "bob@ops1", "anna@example.org", "*@ops1,!ann@*", ""].into_iter().any(is_of));
}
