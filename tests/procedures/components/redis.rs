//! A real Redis on loopback.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::support::{Place, until};
use crate::web::components::free_port;

/// A Redis of our own, gone with the value.
pub(crate) struct Redis {
    pub(crate) port: u16,
    process: Child,
}

impl Redis {
    /// A server that keeps nothing on disk but the users that somebody asks it to: those lie in `redis/users`.
    pub(crate) fn start(place: &Place) -> Self {
        let port = free_port();
        place.write("redis/users", "user default on nopass ~* &* +@all\n");
        let dir = place.path("redis");
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(&dir)
            .arg("--aclfile")
            .arg(dir.join("users"))
            .arg("--logfile")
            .arg(dir.join("log"))
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server");
        let redis = Self { port, process };
        until("redis answers", || asked(port, &["PING"]).is_ok_and(|reply| reply == "+PONG"));
        redis
    }

    /// Sends one command as the protocol has it, and reads the first line of the reply.
    pub(crate) fn ask(&self, words: &[&str]) -> String {
        ask(self.port, words)
    }
}

/// The same, of the server on this port.
#[track_caller]
pub(crate) fn ask(port: u16, words: &[&str]) -> String {
    asked(port, words).expect("redis answers")
}

fn asked(port: u16, words: &[&str]) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    stream.write_all(request.as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
