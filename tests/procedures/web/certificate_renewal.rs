//! `certificate-renewal` with an authority of our own and an nginx that shows what it issues.

use std::os::unix::fs::symlink;
use std::process::Command;

use super::components::{Edge, free_port};
use crate::exercises::Exercised;
use crate::support::{Place, until};

struct Stage {
    place: Place,
    port: u16,
    _edge: Edge,
}

fn openssl(place: &Place, line: &str) {
    let output = Command::new("openssl").args(line.split(' ')).current_dir(place.path("tls")).output().expect("openssl");
    assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The present certificate is good for so many days.
fn stage(days: u32) -> Stage {
    let place = Place::shipping("certificate-renewal");
    let dir = place.path("tls").display().to_string();
    place.write("tls/san", "subjectAltName=DNS:localhost\n");
    place.write("tls/2025/.keep", "");
    let new = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for name in ["ca", "other"] {
        let ca = "-x509 -days 365 -addext basicConstraints=critical,CA:TRUE";
        openssl(&place, &format!("{new} {ca} -subj /CN={name} -keyout {name}.key -out {name}.pem"));
    }
    openssl(&place, &format!("{new} -subj /CN=localhost -keyout 2025/key.pem -out 2025/request.pem"));
    let sign = "-CA ca.pem -CAkey ca.key -CAcreateserial -extfile san";
    openssl(&place, &format!("x509 -req -days {days} -in 2025/request.pem {sign} -out 2025/cert.pem"));
    symlink("2025", place.path("tls/current")).expect("a link");
    let port = free_port();
    let site = format!(
        "server {{ listen 127.0.0.1:{port} ssl; server_name localhost; ssl_certificate {dir}/current/cert.pem; ssl_certificate_key {dir}/current/key.pem; \
         location / {{ return 200; }} }}"
    );
    let edge = Edge::start(&place, "upstream api { server 127.0.0.1:9; }\n", &site);
    let settings = edge.settings(&place);
    let nginx =
        settings.lines().find_map(|line| line.strip_prefix("command = [")).expect("nginx").trim_end_matches(']').to_owned();
    let issue = format!(
        "cd {dir} && openssl x509 -req -days 90 -in \\\"$REQUEST\\\" -CA ${{AUTHORITY:-ca}}.pem -CAkey ${{AUTHORITY:-ca}}.key -CAcreateserial -extfile san -out \\\"$CERTIFICATE\\\""
    );
    place.write(
        "runbook.toml",
        &format!(
            "[settings.certificate]\nroot = \"{dir}\"\nname = \"localhost\"\naddress = \"127.0.0.1:{port}\"\nca = \"{dir}/ca.pem\"\n\
             issue = [\"sh\", \"-c\", \"{issue}\"]\nreload = [{nginx}, \"-s\", \"reload\"]\n"
        ),
    );
    Stage { place, port, _edge: edge }
}

const EXEC: [&str; 3] = ["exec", "certificate-renewal", "--yes"];

impl Stage {
    /// The end of the certificate that is served, as openssl says it.
    fn served(&self) -> String {
        let line = format!(
            "openssl s_client -connect 127.0.0.1:{} -servername localhost </dev/null 2>/dev/null | openssl x509 -noout -fingerprint",
            self.port
        );
        let output = Command::new("sh").args(["-c", &line]).output().expect("openssl");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The one that the link points at, in the same words.
    fn current(&self) -> String {
        let certificate = self.place.path("tls/current/cert.pem");
        let output = Command::new("openssl").args(["x509", "-noout", "-fingerprint", "-in"]).arg(certificate).output();
        String::from_utf8_lossy(&output.expect("openssl").stdout).trim().to_owned()
    }

    fn directories(&self) -> usize {
        std::fs::read_dir(self.place.path("tls"))
            .expect("tls")
            .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_dir()))
            .count()
    }
}

pub(crate) fn exercised() -> Box<dyn Exercised> {
    Box::new(stage(10))
}

impl Exercised for Stage {
    fn place(&self) -> &Place {
        &self.place
    }

    fn state(&self) -> String {
        // nginx gives a reload to new workers, and the old ones go on for a moment.
        until("nginx serves the certificate that is current", || self.served() == self.current());
        let current = std::fs::read_link(self.place.path("tls/current")).expect("a link");
        let directories = std::fs::read_dir(self.place.path("tls")).expect("tls").flatten().filter(|entry| entry.path().is_dir());
        let mut names: Vec<_> = directories.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        format!("current: {}\n{}", current.display(), names.join("\n"))
    }
}

#[test]
fn a_certificate_that_ends_soon_is_renewed_and_can_be_taken_back() {
    let stage = stage(10);
    let old = stage.served();
    let before = stage.place.photograph();
    stage.place.expect(0, &["exec", "certificate-renewal", "--dry-run"]).says(&["withheld", "rehearsed"]);
    assert_eq!(stage.place.photograph(), before);
    stage.place.expect(0, &EXEC).says(&["Renew the certificate of localhost?", "completed"]);
    let (new, run) = (stage.served(), stage.place.newest_run());
    assert_ne!(new, old);
    // Every day from now on there is nothing to do.
    stage.place.expect(0, &EXEC).says(&["days: nothing to do"]);
    assert_eq!(stage.served(), new);
    stage.place.expect(6, &["rollback", &run]);
    until("the old one is served again", || stage.served() == old);
    assert_eq!(std::fs::read_link(stage.place.path("tls/current")).expect("a link").to_str(), Some("2025"));
    assert_eq!(stage.directories(), 2, "the key that is not used any more is gone");
}

#[test]
fn what_clients_would_refuse_is_never_served() {
    let stage = stage(10);
    let (old, directories) = (stage.served(), stage.directories());
    let settings = stage.place.read("runbook.toml").replace("${AUTHORITY:-ca}", "other");
    stage.place.write("runbook.toml", &settings);
    stage.place.expect(6, &EXEC).says(&["the authority that clients trust accepts it", "rolled back"]);
    assert_eq!((stage.served(), stage.directories()), (old, directories));
}

#[test]
fn killed_while_the_authority_issues_it_goes_on() {
    let stage = stage(10);
    stage.place.fifo("began");
    stage.place.fifo("go");
    let dir = stage.place.path("").display().to_string();
    let settings = stage.place.read("runbook.toml").replacen("\"cd ", &format!("\"cd {dir}; echo > began; cat go; cd "), 1);
    stage.place.write("runbook.toml", &settings);
    let old = stage.served();
    let engine = stage.place.begin(&EXEC);
    stage.place.wait_for("began");
    engine.kill();
    stage.place.write("go", "");
    stage.place.expect(0, &["resume"]).says(&["completed"]);
    assert_ne!(stage.served(), old);
}

#[test]
fn an_intermediate_certificate_is_followed_and_no_name_is_lost() {
    let stage = stage(10);
    let dir = stage.place.path("tls").display().to_string();
    // The authority that issues is one that the trusted one has signed, and it sends its own certificate along.
    openssl(&stage.place, "req -new -key other.key -subj /CN=other -out other.csr");
    stage.place.write("tls/authority", "basicConstraints=critical,CA:TRUE\n");
    openssl(
        &stage.place,
        "x509 -req -days 300 -in other.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile authority -out other.pem",
    );
    let settings = stage.place.read("runbook.toml").replace("${AUTHORITY:-ca}", "other");
    let chained =
        settings.replace("-out \\\"$CERTIFICATE\\\"", "-out \\\"$CERTIFICATE\\\" && cat other.pem >> \\\"$CERTIFICATE\\\"");
    assert_ne!(chained, settings);
    stage.place.write("runbook.toml", &chained);
    stage.place.expect(0, &EXEC).says(&["completed"]);

    // The one that is served is for two names, and the authority forgets one of them.
    let sign = "-CA ca.pem -CAkey ca.key -CAcreateserial -extfile two";
    stage.place.write("tls/two", "subjectAltName=DNS:localhost,DNS:www.localhost,IP:127.0.0.1\n");
    let current = std::fs::read_link(stage.place.path("tls/current")).expect("a link").display().to_string();
    openssl(&stage.place, &format!("x509 -req -days 10 -in {current}/request.pem {sign} -out {current}/cert.pem"));
    let reload = chained.lines().find_map(|line| line.strip_prefix("reload = ")).expect("a command");
    let words: Vec<String> = serde_json::from_str(reload).expect("a list");
    assert!(Command::new(&words[0]).args(&words[1..]).status().expect("nginx").success());
    until("it is served", || stage.served() == stage.current());
    let (before, directories) = (stage.served(), stage.directories());
    stage.place.expect(6, &EXEC).says(&["www.localhost", "rolled back"]);
    assert_eq!((stage.served(), stage.directories()), (before, directories));

    // It takes them from the request, which has all of them.
    let copies = chained.replace("-extfile san", "-copy_extensions copy");
    stage.place.write("runbook.toml", &copies);
    stage.place.expect(0, &EXEC).says(&["completed"]);
    let line = format!("openssl x509 -in {dir}/current/cert.pem -noout -ext subjectAltName");
    let names = Command::new("sh").args(["-c", &line]).output().expect("openssl").stdout;
    let names = String::from_utf8_lossy(&names).into_owned();
    assert!(names.contains("DNS:www.localhost") && names.contains("IP Address:127.0.0.1"), "{names}");
}

#[test]
fn a_renewal_that_came_since_is_not_taken_back_with_an_earlier_one() {
    let stage = stage(10);
    stage.place.expect(0, &EXEC);
    let first = stage.place.newest_run();
    stage.place.expect(0, &[EXEC.as_slice(), &["-p", "force=true"]].concat());
    let (served, directories) = (stage.served(), stage.directories());
    let ran = stage.place.run(&["rollback", &first]);
    ran.says(&["somebody renewed it since"]);
    assert_ne!(ran.code, Some(6), "{ran}");
    assert_eq!((stage.served(), stage.directories()), (served, directories));
}
