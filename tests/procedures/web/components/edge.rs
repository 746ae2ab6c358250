//! A real nginx in front of some servers: a master with workers, which reloads.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::free_port;
use crate::support::{Place, nginx, until};

/// An nginx that sends requests to the upstream `api`, whose block lies in a file of its own in the place: `edge/upstream.conf`.
pub(crate) struct Edge {
    child: Child,
    /// Where visitors come in.
    pub(crate) front: String,
    pub(crate) port: u16,
}

impl Edge {
    /// Starts it with this block. `more` are further server blocks.
    pub(crate) fn start(place: &Place, upstream: &str, more: &str) -> Self {
        let port = free_port();
        let dir = place.path("edge").display().to_string();
        place.write("edge/upstream.conf", upstream);
        place.write("edge/nginx.conf", &configuration(&dir, port, more));
        let mut child = Command::new("nginx")
            .args(["-e", &format!("{dir}/error.log"), "-p", &format!("{dir}/"), "-c", &format!("{dir}/nginx.conf")])
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx (Debian: nginx-light)");
        until("nginx has begun", || {
            assert!(child.try_wait().expect("ours").is_none(), "{}", place.read("edge/error.log"));
            nginx::has_begun(port, &place.path("edge/pid"))
        });
        Self { child, front: format!("http://127.0.0.1:{port}"), port }
    }

    /// Waits until only servers answer that its file wants: a reload goes to new workers, and the old ones go on for a moment.
    pub(crate) fn settled(&self, place: &Place) {
        let file = place.read("edge/upstream.conf");
        let wanted =
            |server: &str| file.lines().any(|line| line.contains(&format!("server {server} ")) && !line.contains("down"));
        until("nginx does what its file says", || (0..8).all(|_| wanted(&self.answered_by())));
    }

    /// The server that answered a visitor, as nginx says it.
    fn answered_by(&self) -> String {
        let mut answer = String::new();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("nginx");
        stream.write_all(b"HEAD /health HTTP/1.0\r\n\r\n").expect("a request");
        stream.read_to_string(&mut answer).expect("an answer");
        let server = answer.lines().find_map(|line| line.strip_prefix("X-Upstream: "));
        server.unwrap_or_default().trim().to_owned()
    }

    /// The settings of the runbooks about it.
    pub(crate) fn settings(&self, place: &Place) -> String {
        let dir = place.path("edge").display().to_string();
        let command = format!("[\"nginx\", \"-e\", \"{dir}/error.log\", \"-p\", \"{dir}/\", \"-c\", \"{dir}/nginx.conf\"]");
        let front = &self.front;
        format!(
            "[settings.nginx]\ncommand = {command}\nupstream = \"api\"\nfile = \"{dir}/upstream.conf\"\nfront = \"{front}\"\nhealth = \"/health\"\n"
        )
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        // The master ends its workers at SIGTERM; killed, it would leave them behind.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let asked = pid.map(|pid| kill_process(pid, Signal::TERM));
        self.child.wait().map(drop).unwrap_or(());
        assert!(asked.is_some_and(|asked| asked.is_ok()), "nginx could not be stopped");
    }
}

fn configuration(dir: &str, port: u16, more: &str) -> String {
    // The directory of a test is open to its owner only, so the workers stay who they are.
    let user = if rustix::process::getuid().is_root() { "user root;\n" } else { "" };
    format!(
        "{user}daemon off;\nworker_processes 2;\npid {dir}/pid;\nerror_log {dir}/error.log;\nevents {{ worker_connections 512; }}\n\
         http {{\n access_log off;\n client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi; \
         uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;\n include {dir}/upstream.conf;\n\
         server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://api; proxy_next_upstream off; \
         add_header X-Upstream $upstream_addr always; }} }}\n{more}\n}}\n"
    )
}
