//! A real nginx with TLS on loopback, whose authority nobody knows.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Place, authority};

/// A server in a place; `ca.pem` there is the certificate of its authority, `access.log` what it was asked.
pub(crate) struct Nginx {
    child: Child,
    pub(crate) url: String,
    pub(crate) plain_url: String,
}

impl Nginx {
    /// Starts it with these `location` blocks, as https and as http.
    pub(crate) fn start(place: &Place, locations: &str) -> Self {
        authority::certify(place, "nginx", "DNS:localhost");
        // The ports are free for as long as somebody holds them; between that and nginx nobody else here asks for any.
        let [secure, plain] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
        let ports = [&secure, &plain].map(|listener| listener.local_addr().expect("an address").port());
        drop((secure, plain));
        let dir = place.path("nginx");
        let dir = dir.display();
        place.write(
            "nginx/nginx.conf",
            &format!(
                "daemon off;\nmaster_process off;\npid {dir}/pid;\nerror_log {dir}/error.log;\nevents {{ worker_connections 64; }}\n\
                 http {{\n log_format asked '$request_method $request_uri $status $request_body';\n access_log {dir}/access.log asked;\n\
                 client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi; \
                 uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;\n\
                 server {{ listen 127.0.0.1:{} ssl; listen 127.0.0.1:{}; server_name localhost;\n\
                 ssl_certificate {dir}/server.pem; ssl_certificate_key {dir}/server.key;\n{locations}\n}} }}\n",
                ports[0], ports[1]
            ),
        );
        let mut child = Command::new("nginx")
            .args(["-e", &format!("{dir}/error.log"), "-p", &format!("{dir}/"), "-c", &format!("{dir}/nginx.conf")])
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx (Debian: nginx-light)");
        let end = Instant::now() + Duration::from_secs(30);
        while !has_begun(ports[1], &place.path("nginx/pid")) {
            assert!(Instant::now() < end && child.try_wait().expect("ours").is_none(), "{}", place.read("nginx/error.log"));
            std::thread::yield_now();
        }
        let [url, plain_url] =
            [("https", ports[0]), ("http", ports[1])].map(|(scheme, port)| format!("{scheme}://localhost:{port}"));
        Self { child, url, plain_url }
    }
}

/// Whether an nginx listens at this port and has written its pid. It listens first: between the two a reload would not find it,
/// and a photograph of its files would differ from every later one.
pub(crate) fn has_begun(port: u16, pid: &Path) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok() && fs::read_to_string(pid).is_ok_and(|pid| pid.ends_with('\n'))
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).map(drop).unwrap_or(());
    }
}
