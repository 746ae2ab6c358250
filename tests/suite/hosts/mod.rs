//! Commands on other hosts: real `sshd`, the real `ssh`, real processes behind them.

mod connections;
mod login;
mod running;
mod secrets;
mod sessions;
mod sshd;
mod trouble;
mod unprivileged;

use crate::support::{Place, Ran};
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

/// A command on `web-1` that says when it has begun, and ends when it is told to.
const SLOW: &str = r#"
    command("slow", #{
        on: "web-1",
        run: ["sh", "-c", "echo slow >> DIR/ledger; echo first; echo > DIR/began; cat DIR/go; echo last; echo end >> DIR/ledger"],
        rollback: "nothing",
    });
    command("after", #{ run: ["sh", "-c", "echo after >> DIR/ledger"], rollback: "nothing" });
"#;

fn slow(hosts: &Hosts) -> Place {
    let place = place(hosts, "");
    slow_in(&place, &place.path(""));
    place.fifo("began");
    place.fifo("go");
    place
}

/// The runbook with that command, whose files are in a directory that the host may write to.
fn slow_in(place: &Place, dir: &std::path::Path) {
    place.runbook("main", &SLOW.replace("DIR", dir.display().to_string().trim_end_matches('/')));
}

/// Runs the engine beside the test.
fn started(place: &Place, arguments: &[&str]) -> std::process::Child {
    let mut command = place.command(arguments);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    command.spawn().expect("the binary starts")
}

fn ended(child: std::process::Child) -> Ran {
    let output = child.wait_with_output().expect("it ends");
    Ran {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
