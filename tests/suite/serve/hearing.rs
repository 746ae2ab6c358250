//! A server that is told things.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ring::hmac;
use serde_json::Value;

/// What was asked of it: the first line with the headers, in lower case, and the body.
pub(crate) type Asked = (String, String);

/// It hands on what it is asked, and answers with these, the last one for ever.
pub(crate) fn hears(answers: &[(u16, &str)]) -> (String, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let mut answers: VecDeque<(u16, String)> = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
    let (sender, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut head = String::new();
            while stream.read_line(&mut head).expect("a line") > 2 {}
            let lower = head.to_lowercase();
            let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            stream.read_exact(&mut body).expect("a body");
            let (status, answer) =
                if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }.expect("an answer");
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}", answer.len());
            stream.get_mut().write_all(answer.as_bytes()).expect("answered");
            if sender.send((lower, String::from_utf8(body).expect("text"))).is_err() {
                return;
            }
        }
    });
    (url, heard)
}

/// Time bounds a broken test only.
pub(crate) fn next(heard: &Receiver<Asked>) -> Asked {
    heard.recv_timeout(Duration::from_secs(60)).expect("nobody was told")
}

/// The next body, as JSON.
pub(crate) fn told(heard: &Receiver<Asked>) -> Value {
    serde_json::from_str(&next(heard).1).expect("JSON")
}

/// In hexadecimal, by a secret that both know.
pub(crate) fn signature(key: &str, body: &str) -> String {
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), body.as_bytes());
    signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
