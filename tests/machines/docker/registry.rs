//! A real registry of images on loopback.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::Place;

/// It is gone with the value.
pub(super) struct Registry {
    pub(super) address: String,
    process: Child,
}

impl Registry {
    pub(super) fn start(place: &Place) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
        let address = free.to_string();
        let storage = place.path("registry");
        let config = place.write(
            "registry.yml",
            &format!(
                "version: 0.1\nlog: {{ level: error }}\nhttp: {{ addr: \"{address}\" }}\nstorage: {{ filesystem: {{ rootdirectory: \"{}\" }} }}\n",
                storage.display()
            ),
        );
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(config)
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker-registry (Debian: docker-registry)");
        let end = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(&address).is_err() {
            assert!(process.try_wait().expect("ours").is_none() && Instant::now() < end, "docker-registry does not listen");
            std::thread::yield_now();
        }
        Self { address, process }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
