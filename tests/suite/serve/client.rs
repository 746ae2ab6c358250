//! A server, and somebody who speaks HTTP to it by hand: what a browser would never send can be sent.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use crate::support::Place;

/// A server that ends with the test.
pub(super) struct Server {
    pub(super) at: SocketAddr,
    pub(super) token: String,
    child: Child,
    err: BufReader<ChildStderr>,
}

impl Server {
    /// Starts one in a place, and waits until it says where it is.
    #[track_caller]
    pub(super) fn start(place: &Place) -> Self {
        Self::of(place, place.command(&["serve", "--listen", "127.0.0.1:0"]))
    }

    #[track_caller]
    pub(super) fn of(place: &Place, mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the server starts");
        let mut err = BufReader::new(child.stderr.take().expect("standard error"));
        let mut line = String::new();
        err.read_line(&mut line).expect("a line");
        let at = line.trim().strip_prefix("serving at ").and_then(|at| at.split("://").nth(1)?.split(',').next()?.parse().ok());
        let Some(at) = at else {
            child.kill().ok();
            panic!("it does not serve: {line}");
        };
        let token = place.read(".runbook/serve/token").trim().to_owned();
        Self { at, token, child, err }
    }

    /// What it prints to standard output, which was piped.
    pub(super) fn first_line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.child.stdout.take().expect("standard output")).read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }

    /// The next line of its standard error. Time bounds a broken test only.
    #[track_caller]
    pub(super) fn notice(&mut self) -> String {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let patience = Timespec { tv_sec: 60, tv_nsec: 0 };
        if self.err.buffer().is_empty() {
            let ready = poll(&mut [PollFd::new(self.err.get_ref(), PollFlags::IN)], Some(&patience)).expect("poll");
            assert_eq!(ready, 1, "the server says nothing");
        }
        let mut line = String::new();
        self.err.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// The process.
    pub(super) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Kills it as nobody would.
    pub(super) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("reaped");
    }

    /// Somebody who has shown nothing.
    pub(super) fn stranger(&self) -> Client {
        Client { at: self.at, headers: BTreeMap::new() }
    }

    /// A program of the owner.
    pub(super) fn program(&self) -> Client {
        self.bearer(&self.token)
    }

    pub(super) fn bearer(&self, token: &str) -> Client {
        self.stranger().with("authorization", &format!("Bearer {token}"))
    }

    /// A browser that has logged in.
    #[track_caller]
    pub(super) fn browser(&self, token: &str) -> Client {
        let answer = self.stranger().with("origin", &self.origin()).form("/login", &[("token", token)]);
        assert_eq!(answer.status, 303, "{answer:?}");
        let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        self.stranger().with("cookie", &cookie).with("origin", &self.origin())
    }

    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.at)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Somebody who asks, with headers that they always send.
#[derive(Clone)]
pub(super) struct Client {
    at: SocketAddr,
    headers: BTreeMap<String, String>,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        line.unwrap_or_default()
    }

    /// The value of a field of the form in a page.
    #[track_caller]
    pub(super) fn field(&self, name: &str) -> String {
        let at = self.body.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no field `{name}` in {self:?}"));
        let rest = &self.body[at..];
        let value = rest.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
        value.unwrap_or_default().to_owned()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(super) fn says(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(self.body.contains(text), "`{text}` is not said: {self:?}");
        }
        self
    }
}

impl Client {
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.insert(name.to_owned(), value.to_owned());
        client
    }

    /// The same server, at another address of this machine.
    pub(super) fn reaching(&self, address: IpAddr) -> Self {
        Self { at: SocketAddr::new(address, self.at.port()), headers: self.headers.clone() }
    }

    pub(super) fn without(&self, name: &str) -> Self {
        let mut client = self.clone();
        client.headers.remove(name);
        client
    }

    #[track_caller]
    pub(super) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, b"")
    }

    #[track_caller]
    pub(super) fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let plain = |text: &str| {
            text.bytes()
                .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
                .collect::<String>()
        };
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", plain(name), plain(value))).collect();
        self.with("content-type", "application/x-www-form-urlencoded").ask("POST", path, body.join("&").as_bytes())
    }

    #[track_caller]
    pub(super) fn post(&self, path: &str, json: &serde_json::Value) -> Answer {
        self.with("content-type", "application/json").ask("POST", path, json.to_string().as_bytes())
    }

    #[track_caller]
    pub(super) fn ask(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let mut stream = self.send(method, path, body);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Asks, and leaves the answer to be read.
    #[track_caller]
    pub(super) fn send(&self, method: &str, path: &str, body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.at).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !self.headers.contains_key("host") {
            head.push_str(&format!("host: {}\r\n", self.at));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        // A server that refuses early may hang up before it has read everything.
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(b"\r\n")).and_then(|()| stream.write_all(body)).ok();
        stream
    }

    /// The page of a run, once it says all of this. Time bounds a broken test only.
    #[track_caller]
    pub(super) fn until(&self, path: &str, texts: &[&str]) -> Answer {
        let began = std::time::Instant::now();
        loop {
            let answer = self.get(path);
            if texts.iter().all(|text| answer.body.contains(text)) {
                return answer;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{texts:?} does not come: {answer:?}");
            // Not to wait for anything: an address is answered 400 times a second, and whoever asks more often is refused what it wants
            // to say next.
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
