//! Many at once: a crowd is let in, one client with too many connections is not, and nobody is waited for for ever.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use crate::serve::client::Server;
use crate::support::Place;

/// A connection from one of the many addresses of loopback.
fn from(last: u8, to: SocketAddr) -> TcpStream {
    let stream = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&stream, &SocketAddr::new(Ipv4Addr::new(127, 0, 0, last).into(), 0)).expect("bound");
    connect(&stream, &to).expect("connected");
    let stream = TcpStream::from(stream);
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
    stream
}

fn asks(mut stream: TcpStream) -> String {
    let at = stream.peer_addr().expect("an address");
    stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n").as_bytes()).ok();
    let mut text = String::new();
    stream.read_to_string(&mut text).ok();
    text
}

#[test]
fn one_client_does_not_take_the_room_of_the_others() {
    let place = Place::new();
    let server = Server::start(&place);
    let mut greedy: Vec<_> = (0..128).map(|_| from(9, server.at)).collect();
    // Every one of them is there: the last is answered.
    assert!(asks(greedy.pop().expect("a connection")).starts_with("HTTP/1.1 200"));
    greedy.push(from(9, server.at));
    greedy.push(from(9, server.at));
    assert_eq!(asks(from(9, server.at)), "", "it has too many");
    assert!(asks(from(10, server.at)).starts_with("HTTP/1.1 200"), "others have their own");
    assert!(server.program().get("/metrics").status == 200);
    // Room is there again when it is given back. Nobody says when the server has noticed: so it is asked until it has.
    drop(greedy);
    let began = std::time::Instant::now();
    while asks(from(9, server.at)).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "its room does not come back");
    }
}

#[test]
fn whoever_sends_half_of_a_head_is_left() {
    let place = Place::new();
    let server = Server::start(&place);
    let mut slow = from(9, server.at);
    slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").expect("sent");
    let silent = from(9, server.at);
    for mut stream in [slow, silent] {
        let mut rest = Vec::new();
        if let Err(error) = stream.read_to_end(&mut rest) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
        }
    }
    assert_eq!(server.program().get("/healthz").status, 200);
}

#[test]
fn somebody_looks_at_so_many_runs_at_a_time_and_no_more() {
    let place = Place::new();
    place.runbook("asks", "confirm(\"Go?\");\n");
    place.expect(4, &["exec", "asks"]);
    let server = Server::start(&place);
    let path = format!("/runs/{}/events", place.newest_run());
    let begins = |mut stream: TcpStream| {
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("an answer");
        (String::from_utf8_lossy(&head).into_owned(), stream)
    };
    let (one, other) = (server.browser(&server.token), server.browser(&server.token));
    let mut views: Vec<_> = (0..32).map(|_| begins(one.send("GET", &path, b""))).collect();
    assert!(views.iter().all(|(head, _)| head == "HTTP/1.1 200"));
    let refused = one.get(&path);
    assert_eq!(refused.status, 429);
    refused.says(&["close some of them"]);
    assert_eq!(begins(other.send("GET", &path, b"")).0, "HTTP/1.1 200");
    // A view that is closed makes room, as soon as the server has noticed.
    views.pop();
    let began = std::time::Instant::now();
    while begins(one.send("GET", &path, b"")).0 != "HTTP/1.1 200" {
        assert!(began.elapsed() < Duration::from_secs(60), "no room comes back");
    }
}
