//! A real nginx in front, which asks people for their password and says who they are.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use ureq::tls::{RootCerts, TlsConfig, parse_pem};

use crate::serve::client::Server;
use crate::support::Place;
use crate::support::nginx::Nginx;

/// What the manual says: the header that says who somebody is is set, whatever the browser sent.
fn locations(port: u16, users: &str) -> String {
    format!(
        "location / {{ auth_basic runbook; auth_basic_user_file {users};\n\
         proxy_pass http://127.0.0.1:{port}; proxy_bind 127.0.0.2; proxy_http_version 1.1; proxy_buffering off;\n\
         proxy_set_header Host $http_host; proxy_set_header X-Forwarded-User $remote_user; proxy_set_header X-Forwarded-For $remote_addr; }}"
    )
}

struct Fronted {
    place: Place,
    nginx: Nginx,
    server: Server,
}

fn fronted() -> Fronted {
    let place = Place::new();
    place.runbook("plain", "command(\"note\", #{ run: [\"touch\", \"done\"], rollback: \"nothing\" });\n");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    place.write("nginx/users", "ola:{PLAIN}olas-password\nvic:{PLAIN}vics-password\nmallory:{PLAIN}mallorys-password\n");
    let nginx = Nginx::start(&place, &locations(port, &place.path("nginx/users").display().to_string()));
    place.write(
        "runbook.toml",
        &format!(
            "[serve]\nurl = \"{}\"\ntrusted_proxy = [\"127.0.0.2\"]\nviewers = [\"vic\"]\noperators = [\"ola\"]\n",
            nginx.url
        ),
    );
    let server = Server::of(&place, place.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]));
    Fronted { place, nginx, server }
}

impl Fronted {
    /// Asks through the proxy, as somebody who knows a password; `more` are headers that they send themselves.
    fn ask(&self, user: &str, path: &str, form: Option<&str>, more: &[(&str, &str)]) -> (u16, String) {
        let ca = std::fs::read(self.place.path("nginx/ca.pem")).expect("a certificate");
        let roots = parse_pem(&ca).filter_map(|item| match item {
            Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        });
        let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots.collect::<Vec<_>>())).build();
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).tls_config(tls).build().into();
        let url = format!("{}{path}", self.nginx.url).replace("https://", &format!("https://{user}:{user}s-password@"));
        let answer = match form {
            None => more.iter().fold(agent.get(&url), |asked, (name, value)| asked.header(*name, *value)).call(),
            Some(form) => {
                let asked = agent.post(&url).header("content-type", "application/x-www-form-urlencoded");
                more.iter().fold(asked, |asked, (name, value)| asked.header(*name, *value)).send(form)
            }
        };
        let mut answer = answer.expect("an answer");
        let hsts = answer.headers().get("strict-transport-security").is_some();
        assert!(answer.status() == 401 || hsts, "browsers are told to stay encrypted");
        (answer.status().as_u16(), answer.body_mut().read_to_string().expect("text"))
    }
}

#[test]
fn whoever_the_proxy_names_may_what_their_role_says() {
    let fronted = fronted();
    let (status, page) = fronted.ask("vic", "/open/plain", None, &[]);
    assert!(status == 200 && page.contains("<span class=\"who\">vic</span>") && page.contains("You may look"), "{page}");
    // What a browser says of itself is overwritten on the way.
    let (status, page) = fronted.ask("vic", "/", None, &[("x-forwarded-user", "ola")]);
    assert!(status == 200 && page.contains("<span class=\"who\">vic</span>"), "{page}");
    assert_eq!(fronted.ask("mallory", "/", None, &[]).0, 403);
    let page = fronted.ask("ola", "/open/plain", None, &[]).1;
    let field = |name: &str| {
        page.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
    };
    let form = format!("_form={}&shown={}&runbook=plain&mode=live", field("_form"), field("shown"));
    let url = fronted.nginx.url.clone();
    assert_eq!(fronted.ask("ola", "/runs", Some(&form), &[("origin", "https://evil.example")]).0, 403);
    // Somebody else's form, sent by somebody who is known.
    assert_eq!(fronted.ask("vic", "/runs", Some(&form), &[("origin", &url)]).0, 403);
    assert_eq!(fronted.ask("ola", "/runs", Some(&form), &[("origin", &url)]).0, 303);
    assert_eq!(fronted.place.journal()[1]["operator"]["name"], "ola");
}

#[test]
fn the_same_header_from_elsewhere_is_nobodys_name() {
    let fronted = fronted();
    // The server listens on this machine: whoever reaches it past the proxy is a stranger, whatever they say.
    let name = fronted.nginx.url.trim_start_matches("https://").to_owned();
    let forged = fronted.server.stranger().with("host", &name).with("x-forwarded-user", "ola");
    let answer = forged.get("/");
    assert_eq!((answer.status, answer.header("location")), (303, "/login"));
    assert_eq!(forged.get("/api/runs").status, 401);
    let form = forged.with("origin", &fronted.nginx.url).form("/runs", &[("runbook", "plain"), ("mode", "live")]);
    assert_eq!(form.status, 401, "{form:?}");
    assert!(fronted.place.path(".runbook/runs").read_dir().is_ok_and(|mut runs| runs.next().is_none()), "something was run");
    // From the proxy's own address, with two names: one of them is the browser's.
    let mut stream = std::net::TcpStream::from(proxys_own(fronted.server.at));
    let head =
        format!("GET / HTTP/1.1\r\nhost: {name}\r\nx-forwarded-user: vic\r\nx-forwarded-user: ola\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    assert!(text.starts_with("HTTP/1.1 403"), "{text}");
}

fn proxys_own(to: std::net::SocketAddr) -> rustix::fd::OwnedFd {
    use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
    let stream = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&stream, &std::net::SocketAddr::from(([127, 0, 0, 2], 0))).expect("bound");
    connect(&stream, &to).expect("connected");
    stream
}
