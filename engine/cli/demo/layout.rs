//! Which files make up the demo deployment.

use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use runbook_model::change::quoted;

use super::failure::DemoFailure;
use super::release::Release;

/// The release that works.
pub const GOOD_RELEASE: &str = "2026.11.1";
/// The release that answers 500, and that the deployment starts with.
pub const BAD_RELEASE: &str = "2026.11.2";

/// The file by which a deployment is recognised; it holds the service's address.
pub(super) const ADDRESS_FILE: &str = "address";

/// The runbook that the demo is for, exactly as it is shipped.
const RUNBOOK: &str = include_str!("../../../runbooks/rollback-api.rhai");
const CONTROL: &str = include_str!("control.sh");

/// Writes everything below `root`. What is already there and does not belong to the layout (journals, notes) stays.
pub(super) fn write(root: &Path, exe: &Path, address: SocketAddr) -> Result<(), DemoFailure> {
    let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| DemoFailure::NotText(path.to_owned()));
    let (root_text, exe_text) = (text(root)?, text(exe)?);
    for directory in ["bin", "run", "notes", "runbooks"] {
        let path = root.join(directory);
        fs::create_dir_all(&path).map_err(DemoFailure::file("create", &path))?;
    }
    release(root, GOOD_RELEASE, 200, "<h1>Hello from 2026.11.1</h1>\n<p>All is well.</p>\n")?;
    release(root, BAD_RELEASE, 500, "<h1>500</h1>\n<p>2026.11.2 cannot find its price list.</p>\n")?;
    point_current_at(root, BAD_RELEASE)?;
    let control = CONTROL.replacen("exe=@EXE@\n", &format!("exe={}\n", quoted(&exe_text)), 1).replacen(
        "address=@ADDRESS@\n",
        &format!("address={address}\n"),
        1,
    );
    file(root, "bin/api", &control, 0o755)?;
    file(root, "runbook.toml", &configuration(&root_text, address), 0o644)?;
    file(root, "runbooks/rollback-api.rhai", RUNBOOK, 0o644)?;
    // Last, because it is what says that a deployment is here.
    file(root, ADDRESS_FILE, &format!("{address}\n"), 0o644)
}

fn release(root: &Path, version: &str, health: u16, page: &str) -> Result<(), DemoFailure> {
    let directory = root.join("releases").join(version);
    fs::create_dir_all(&directory).map_err(DemoFailure::file("create", &directory))?;
    file(&directory, "release.toml", &Release { version: version.to_owned(), health }.to_toml(), 0o644)?;
    file(&directory, "index.html", page, 0o644)
}

fn point_current_at(root: &Path, version: &str) -> Result<(), DemoFailure> {
    let (unfinished, link) = (root.join("current.new"), root.join("current"));
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(DemoFailure::file("remove", &unfinished)(error)),
        _ => {}
    }
    symlink(format!("releases/{version}"), &unfinished).map_err(DemoFailure::file("link", &unfinished))?;
    fs::rename(&unfinished, &link).map_err(DemoFailure::file("link", &link))
}

fn configuration(root: &str, address: SocketAddr) -> String {
    let text = |value: &str| toml::Value::from(value).to_string();
    format!(
        "# The runbook repository of the demo: runbooks/ holds what can be run, [settings] says where it runs.\n\
         runbooks = [\"runbooks\"]\n\n\
         [settings]\n\
         api = {}\n\
         root = {}\n\
         restart = [{}, \"restart\"]\n",
        text(&format!("http://{address}")),
        text(root),
        text(&format!("{root}/bin/api")),
    )
}

fn file(root: &Path, name: &str, content: &str, mode: u32) -> Result<(), DemoFailure> {
    let path = root.join(name);
    fs::write(&path, content).map_err(DemoFailure::file("write", &path))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(DemoFailure::file("set the mode of", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_survives_any_path() {
        let root = "/srv/it's \"quoted\"\\ and ünïcode\u{7f}\u{1}";
        let text = configuration(root, ([127, 0, 0, 1], 8080).into());
        let read: toml::Table = toml::from_str(&text).expect("valid TOML");
        assert_eq!(read["settings"]["root"].as_str(), Some(root));
        assert_eq!(read["settings"]["restart"][0].as_str(), Some(format!("{root}/bin/api").as_str()));
        assert_eq!(read["settings"]["api"].as_str(), Some("http://127.0.0.1:8080"));
    }
}
