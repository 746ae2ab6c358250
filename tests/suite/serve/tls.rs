//! The page with a certificate of its own, from an authority that openssl makes for the test.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::serve::client::Server;
use crate::support::{Place, authority};

const NAMES: &str = "DNS:localhost,IP:127.0.0.1";

/// A place with a certificate in `tls`, readable as a server wants it.
fn place() -> Place {
    let place = Place::new();
    place.runbook("plain", "command(\"note\", #{ run: [\"touch\", \"done\"], rollback: \"nothing\" });\n");
    certify(&place, "tls");
    place.write("runbook.toml", "[serve]\ntls_cert = \"tls/server.pem\"\ntls_key = \"tls/server.key\"\n");
    place
}

fn certify(place: &Place, dir: &str) {
    authority::certify(place, dir, NAMES);
    std::fs::set_permissions(place.path(&format!("{dir}/server.key")), std::fs::Permissions::from_mode(0o600)).expect("a mode");
}

/// Asks over TLS, as somebody who knows the authority of a directory.
fn ask(place: &Place, server: &Server, dir: &str, path: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(place.path(&format!("{dir}/ca.pem"))).expect("a certificate")).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().expect("a name")).expect("a client");
    let stream = TcpStream::connect(server.at)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut stream = StreamOwned::new(connection, stream);
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
        server.at, server.token
    );
    stream.write_all(head.as_bytes())?;
    let mut text = String::new();
    // Not every end of a connection says good-bye.
    match stream.read_to_string(&mut text) {
        Err(error) if text.is_empty() => Err(error),
        _ => Ok(text),
    }
}

#[test]
fn the_page_is_encrypted_and_says_so_and_nothing_is_answered_in_the_clear() {
    let place = place();
    let server = Server::start(&place);
    let page = ask(&place, &server, "tls", "/").expect("an answer");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("strict-transport-security: max-age=31536000"), "{page}");
    // In the clear there is no answer, whatever is asked.
    let plain = server.program().get("/");
    assert_eq!(plain.status, 0, "{plain:?}");
    // Nobody but those who know the authority is sure whom they speak to.
    certify(&place, "other");
    let stranger = ask(&place, &server, "other", "/").expect_err("a certificate of somebody else");
    assert!(stranger.to_string().contains("certificate"), "{stranger}");
    let plain = Place::new();
    let without = Server::start(&plain);
    assert_eq!(without.program().get("/").header("strict-transport-security"), "");
}

#[test]
fn a_certificate_that_cannot_be_used_or_kept_secret_stops_the_start() {
    let place = place();
    std::fs::set_permissions(place.path("tls/server.key"), std::fs::Permissions::from_mode(0o640)).expect("a mode");
    place.expect(10, &["serve", "--listen", "127.0.0.1:0"]).says(&["RB0049", "can be read by others", "chmod 600"]);
    certify(&place, "tls");
    certify(&place, "other");
    for (key, value, why) in [
        ("tls_key", "other/server.key", "RB0049"),
        ("tls_key", "tls/none", "RB0049"),
        ("tls_cert", "tls/san", "RB0049"),
        ("tls_key", "", "both, or neither"),
    ] {
        let (mut cert, mut private) = ("tls/server.pem", "tls/server.key");
        *(if key == "tls_cert" { &mut cert } else { &mut private }) = value;
        let line = if value.is_empty() { String::new() } else { format!("tls_key = \"{private}\"\n") };
        place.write("runbook.toml", &format!("[serve]\ntls_cert = \"{cert}\"\n{line}"));
        place.expect(2, &["serve", "--listen", "127.0.0.1:0"]).says(&[why]);
    }
}

#[test]
fn a_renewed_certificate_that_is_refused_is_said_where_the_server_speaks() {
    let place = place();
    let mut server = Server::start(&place);
    certify(&place, "new");
    std::fs::copy(place.path("new/server.pem"), place.path("tls/server.pem")).expect("copied");
    kill_process(server.pid(), Signal::HUP).expect("told");
    let said = server.notice();
    assert!(
        said.starts_with("error: ") && said.contains("cannot be used") && said.contains("; the old one stays (RB0049)"),
        "{said}"
    );
    std::fs::set_permissions(place.path("tls/server.key"), std::fs::Permissions::from_mode(0o640)).expect("a mode");
    kill_process(server.pid(), Signal::HUP).expect("told");
    let said = server.notice();
    assert!(said.contains("can be read by others; the old one stays (RB0049)"), "{said}");
    // And what to do about it.
    assert!(server.notice().contains("chmod 600"));
}

#[test]
fn a_renewed_certificate_is_taken_without_a_restart_and_half_of_one_is_not() {
    let place = place();
    let server = Server::start(&place);
    let asks = |dir: &str| ask(&place, &server, dir, "/healthz").is_ok_and(|answer| answer.ends_with("ok\n"));
    certify(&place, "new");
    assert!(asks("tls") && !asks("new"));
    // The certificate is there already and its key is not yet: nobody can use that.
    std::fs::copy(place.path("tls/ca.pem"), place.path("old-ca.pem")).expect("copied");
    std::fs::copy(place.path("new/server.pem"), place.path("tls/server.pem")).expect("copied");
    kill_process(server.pid(), Signal::HUP).expect("told");
    assert!(asks("tls"), "the old one is good until the new one is");
    std::fs::copy(place.path("new/server.key"), place.path("tls/server.key")).expect("copied");
    kill_process(server.pid(), Signal::HUP).expect("told");
    let began = Instant::now();
    while !asks("new") {
        assert!(began.elapsed() < Duration::from_secs(60), "the new certificate is not taken");
    }
    assert!(!asks("tls"));
    // And without being told, by looking.
    certify(&place, "tls");
    let began = Instant::now();
    while !asks("tls") {
        assert!(began.elapsed() < Duration::from_secs(60), "the third certificate is not found");
        std::thread::yield_now();
    }
}

#[test]
fn whoever_does_not_shake_hands_is_left_and_keeps_nobody_out() {
    let place = place();
    let server = Server::start(&place);
    let mut silent: Vec<_> = (0..20).map(|_| TcpStream::connect(server.at).expect("a connection")).collect();
    // The first byte of a handshake, and no second one.
    silent.iter_mut().take(10).for_each(|stream| stream.write_all(&[0x16]).expect("sent"));
    assert!(ask(&place, &server, "tls", "/healthz").is_ok());
    for mut stream in silent {
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        let mut rest = Vec::new();
        // Closed by the server, with or without a word of TLS: what must not come is our own patience.
        if let Err(error) = stream.read_to_end(&mut rest) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
        }
    }
}
