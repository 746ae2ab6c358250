//! Just enough HTTP to load a server: one request a connection, from an address of one's own.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpSocket, TcpStream};

use super::page::Page;

/// Somebody with an address of their own.
#[derive(Clone)]
pub(super) struct Visitor {
    at: SocketAddr,
    from: IpAddr,
    /// What they show to be known: a header.
    shows: String,
}

/// The head of an answer, and what comes behind it.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: BufReader<TcpStream>,
}

impl Visitor {
    /// Somebody whom nobody knows yet; `nth` is their address.
    pub(super) fn stranger(page: &Page, nth: usize) -> Self {
        let part = |number: usize| u8::try_from(number % 250 + 1).unwrap_or(1);
        Self { at: page.at, from: Ipv4Addr::new(127, 0, part(nth / 250), part(nth)).into(), shows: "x-nothing: 1".to_owned() }
    }

    /// A program of the owner.
    pub(super) fn program(page: &Page, nth: usize) -> Self {
        Self { shows: format!("authorization: Bearer {}", page.token), ..Self::stranger(page, nth) }
    }

    /// Somebody with a session.
    pub(super) async fn person(page: &Page, nth: usize) -> Result<Self, String> {
        let stranger = Self::stranger(page, nth);
        let form = format!("token={}", page.token);
        let more = format!("origin: http://{}\r\ncontent-type: application/x-www-form-urlencoded", page.at);
        let answer = stranger.send("POST", "/login", &more, form.as_bytes()).await?;
        let cookie = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
        let cookie = cookie.ok_or_else(|| format!("no session: {}", answer.status))?;
        Ok(Self { shows: format!("cookie: {cookie}"), ..stranger })
    }

    /// Sends a request, and reads the head of its answer.
    pub(super) async fn send(&self, method: &str, path: &str, more: &str, body: &[u8]) -> Result<Answer, String> {
        let broken = |error: std::io::Error| error.to_string();
        let socket = TcpSocket::new_v4().map_err(broken)?;
        socket.bind(SocketAddr::new(self.from, 0)).map_err(broken)?;
        let mut stream = socket.connect(self.at).await.map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        let more = if more.is_empty() { String::new() } else { format!("{more}\r\n") };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\n{}\r\n{more}connection: close\r\ncontent-length: {}\r\n\r\n",
            self.at,
            self.shows,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).await.map_err(broken)?;
        let mut body = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if body.read_line(&mut head).await.map_err(broken)? == 0 {
                return Err("hung up".to_owned());
            }
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Ok(Answer { status, head: head.to_lowercase(), body })
    }

    /// Asks, and reads everything.
    pub(super) async fn ask(&self, method: &str, path: &str, more: &str, body: &[u8]) -> Result<(u16, Vec<u8>), String> {
        let mut answer = self.send(method, path, more, body).await?;
        let mut bytes = Vec::new();
        answer.body.read_to_end(&mut bytes).await.map_err(|error| error.to_string())?;
        Ok((answer.status, bytes))
    }

    async fn json(&self, path: &str) -> Result<Value, String> {
        let (_, body) = self.ask("GET", path, "", b"").await?;
        serde_json::from_slice(&body).map_err(|error| format!("{path}: {error}"))
    }

    /// Starts a run.
    pub(super) async fn start(&self, runbook: &str) -> Result<String, String> {
        let wanted = json!({ "runbook": runbook, "mode": "live" }).to_string();
        let (status, body) = self.ask("POST", "/api/runs", "content-type: application/json", wanted.as_bytes()).await?;
        let told: Value = serde_json::from_slice(&body).unwrap_or_default();
        let run = told["run"].as_str().ok_or_else(|| format!("{status}: {}", String::from_utf8_lossy(&body)))?;
        Ok(run.to_owned())
    }

    /// Waits for the end of a run.
    pub(super) async fn until_over(&self, run: &str) -> Result<(), String> {
        loop {
            let told = self.json(&format!("/api/runs/{run}")).await?;
            if told["state"]["status"] == "completed" {
                return Ok(());
            }
            if !["running", ""].contains(&told["state"]["status"].as_str().unwrap_or_default()) {
                return Err(format!("the run ended as {}", told["state"]));
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// Every row of a run as somebody sees it who comes now.
    pub(super) async fn rows(&self, run: &str) -> Result<BTreeMap<String, String>, String> {
        let mut answer = self.send("GET", &format!("/runs/{run}/events"), "", b"").await?;
        let told = answer.event().await?.ok_or("no event")?;
        Ok(told.rows.into_iter().map(|row| (row.id, row.html)).collect())
    }
}

/// What an event says.
#[derive(serde::Deserialize)]
pub(super) struct Told {
    pub(super) records: u64,
    pub(super) rows: Vec<Row>,
}

#[derive(serde::Deserialize)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) html: String,
}

impl Answer {
    /// The next event; `None` at the end. An event is a chunk: so the server writes them.
    pub(super) async fn event(&mut self) -> Result<Option<Told>, String> {
        let broken = |error: std::io::Error| error.to_string();
        loop {
            let mut size = String::new();
            if self.body.read_line(&mut size).await.map_err(broken)? == 0 {
                return Ok(None);
            }
            let size = usize::from_str_radix(size.trim(), 16).map_err(|error| error.to_string())?;
            let mut chunk = vec![0; size + 2];
            self.body.read_exact(&mut chunk).await.map_err(broken)?;
            let text = String::from_utf8_lossy(&chunk);
            if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) {
                return serde_json::from_str(data).map(Some).map_err(|error| error.to_string());
            }
        }
    }
}
