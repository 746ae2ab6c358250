//! Commands on other hosts: real `sshd`, the real `ssh`, real processes behind them.

mod running;
mod sshd;
mod trouble;

use crate::support::Place;
use sshd::Hosts;

/// A place whose `ssh` knows some hosts, with one runbook called `main`.
fn place(hosts: &Hosts, source: &str) -> Place {
    let place = Place::with(source);
    let config = hosts.config();
    place.write(
        "runbook.toml",
        &format!("[ssh]\nconfig = \"{}\"\nreconnect = \"20s\"\n\n[hosts]\nweb = [\"web-1\", \"web-2\"]\n", config.display()),
    );
    place
}
