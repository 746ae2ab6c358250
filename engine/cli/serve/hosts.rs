//! Which `Host` and `Origin` are ours. A page elsewhere can point a name of its own at this machine (DNS rebinding): such a
//! request comes with that name.

use std::net::SocketAddr;

/// The names by which the page may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hosts {
    /// `host:port` in lower case, and without the port when it is the usual one: a browser leaves it out.
    names: Vec<String>,
    /// `https://host:port` of each, as a browser writes it.
    origins: Vec<String>,
}

impl Hosts {
    /// The names of a server that listens at `at`, and those that its configuration adds (`host` or `host:port`).
    pub(super) fn new(at: SocketAddr, tls: bool, added: &[String], url: Option<&str>) -> Self {
        let port = at.port();
        let scheme = if tls { "https" } else { "http" };
        let mut hosts = Self { names: Vec::new(), origins: Vec::new() };
        let own = if at.ip().is_unspecified() { Vec::new() } else { vec![at.to_string()] };
        let near = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
        for name in near.into_iter().filter(|_| at.ip().is_loopback()).chain(own) {
            hosts.add(scheme, &name);
        }
        for name in added {
            // Behind a proxy the browser speaks TLS, whatever we speak.
            hosts.add("https", name);
            hosts.add(scheme, name);
            // The colons of an address of IPv6 are none before a port.
            if !name.rsplit(']').next().unwrap_or(name).contains(':') {
                hosts.add(scheme, &format!("{name}:{port}"));
            }
        }
        if let Some((scheme, name)) = url.and_then(|url| url.split_once("://")) {
            hosts.add(scheme, name.split('/').next().unwrap_or(name));
        }
        hosts
    }

    fn add(&mut self, scheme: &str, name: &str) {
        let name = name.to_ascii_lowercase();
        let usual = name.strip_suffix(if scheme == "https" { ":443" } else { ":80" });
        self.origins.push(format!("{scheme}://{}", usual.unwrap_or(&name)));
        self.names.extend(usual.map(str::to_owned));
        self.names.push(name);
    }

    /// Whether a request with this `Host` is for us.
    pub(super) fn knows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let usual = [":80", ":443"].iter().find_map(|port| host.strip_suffix(port));
        self.names.iter().any(|name| *name == host || Some(name.as_str()) == usual)
    }

    /// Whether a page of this `Origin` is ours.
    pub(super) fn is_ours(&self, origin: &str) -> bool {
        self.origins.iter().any(|ours| ours.eq_ignore_ascii_case(origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_somebody_pointed_at_us_is_not_ours() {
        let hosts = Hosts::new("127.0.0.1:8710".parse().unwrap(), false, &[], None);
        for ours in ["127.0.0.1:8710", "localhost:8710", "LOCALHOST:8710", "[::1]:8710"] {
            assert!(hosts.knows(ours), "{ours}");
        }
        for other in ["evil.example:8710", "localhost", "localhost:80", "127.0.0.1:8711", "127.0.0.1.evil.example:8710", ""] {
            assert!(!hosts.knows(other), "{other}");
        }
        assert!(hosts.is_ours("http://localhost:8710"));
        for other in ["https://localhost:8710", "http://localhost", "null", "http://localhost:8710.evil.example", ""] {
            assert!(!hosts.is_ours(other), "{other}");
        }
    }

    #[test]
    fn names_of_the_configuration_count_with_and_without_the_port() {
        let url = Some("https://runbook.example.org/");
        let hosts = Hosts::new("0.0.0.0:8710".parse().unwrap(), true, &["ops.example".to_owned()], url);
        assert!(hosts.knows("ops.example") && hosts.knows("ops.example:8710") && hosts.knows("runbook.example.org:443"));
        assert!(hosts.is_ours("https://runbook.example.org") && hosts.is_ours("https://ops.example:8710"));
        assert!(!hosts.knows("localhost:8710") && !hosts.is_ours("http://ops.example"));
    }

    /// A browser leaves the usual port out, of `Host` and of `Origin`.
    #[test]
    fn the_usual_port_need_not_be_said() {
        let named = Hosts::new(
            "0.0.0.0:443".parse().unwrap(),
            true,
            &["ops.example:443".to_owned(), "[2001:db8::1]".to_owned()],
            Some("https://runbook.example.org:443"),
        );
        for name in ["ops.example", "[2001:db8::1]", "runbook.example.org"] {
            assert!(named.knows(name) && named.knows(&format!("{name}:443")), "{name}");
            assert!(named.is_ours(&format!("https://{name}")), "{name}");
        }
        let plain = Hosts::new("127.0.0.1:80".parse().unwrap(), false, &[], None);
        assert!(plain.knows("localhost") && plain.is_ours("http://127.0.0.1") && plain.knows("127.0.0.1:80"));
        // Each scheme has a usual port of its own.
        let odd = Hosts::new("192.0.2.1:80".parse().unwrap(), true, &[], None);
        assert!(odd.is_ours("https://192.0.2.1:80") && !odd.is_ours("https://192.0.2.1"));
        let elsewhere = Hosts::new("[2001:db8::1]:8710".parse().unwrap(), true, &["[2001:db8::2]".to_owned()], None);
        assert!(elsewhere.knows("[2001:db8::2]:8710") && !elsewhere.knows("[2001:db8::1]"));
    }
}
