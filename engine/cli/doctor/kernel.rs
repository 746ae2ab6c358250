//! What of the kernel the promises about commands rest on.

use runbook_runtime::{confinement, keeper};
use rustix::process::{PidfdFlags, getpid, pidfd_open};

use super::finding::Finding;
use crate::configuration::Configuration;

pub(super) fn findings(configuration: Option<&Configuration>) -> Vec<Finding> {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let newer = "a kernel from 5.14 on has it; a container may forbid it: ask for another seccomp profile";
    let mut findings = vec![match pidfd_open(getpid(), PidfdFlags::empty()) {
        Ok(_) => Finding::ok("kernel", format!("Linux {release}, with pidfds")),
        Err(error) => Finding::missing("kernel", format!("Linux {release} gives no pidfd: {error}"), newer),
    }];
    findings.push(match rustix::process::child_subreaper() {
        Ok(_) => Finding::ok("subreaper", "what a command leaves behind stays with the keeper"),
        Err(error) => Finding::missing("subreaper", format!("the kernel has none: {error}"), newer),
    });
    findings.push(match (confinement::version(), configuration.is_none_or(|configuration| configuration.confine.value)) {
        (Ok(version), _) => {
            Finding::ok("landlock", format!("version {version}: the programs of a rehearsal's checks cannot write"))
        }
        (Err(_), false) => Finding::ok("landlock", "not there, and not wanted (`confine = false`)"),
        (Err(why), true) => Finding::warning(
            "landlock",
            why.to_string(),
            "boot with Landlock (`lsm=landlock,…`), or say `confine = false` and trust your checks",
        ),
    });
    findings.push(if keeper::can_cage() {
        Finding::ok("control group", "cgroup v2 is delegated: whatever is stopped is stopped whole")
    } else {
        Finding::warning(
            "control group",
            "none can be made below our own: a program that forks faster than it is killed may outlive a stop, and is named then",
            "start it in a delegated scope: systemd-run --user --scope -p Delegate=yes runbook …",
        )
    });
    findings
}
