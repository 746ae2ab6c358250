//! An authority of a day that nobody knows, and a server's certificate from it; made by openssl.

use std::process::Command;

use super::Place;

/// Makes `ca.pem`, `server.pem` and `server.key` in a directory of a place, for these names (`DNS:localhost`).
pub(crate) fn certify(place: &Place, dir: &str, names: &str) {
    place.write(&format!("{dir}/san"), &format!("subjectAltName={names}\n"));
    let new = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for line in [
        format!("{new} -x509 -days 1 -subj /CN=authority -keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE"),
        format!("{new} -subj /CN=localhost -keyout server.key -out server.csr"),
        "x509 -req -days 1 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile san -out server.pem".to_owned(),
    ] {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(place.path(dir)).output().expect("openssl");
        assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
