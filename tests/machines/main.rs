//! The modules of the standard library that drive machines, each function on the real program: git, systemd, docker, kubectl.

// Each program of tests uses its part of what they share.
#[allow(dead_code, unused_imports, reason = "shared with the other programs of tests")]
#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code, reason = "shared with the suite")]
#[path = "../suite/hosts/login.rs"]
mod login;
#[allow(dead_code, reason = "shared with the suite")]
#[path = "../suite/hosts/sshd.rs"]
mod sshd;

#[allow(dead_code, reason = "shared with the procedures")]
#[path = "../procedures/web/components/service.rs"]
mod service;

mod docker;
mod git;
mod kubernetes;
mod kubernetes_rollback;
mod restart_service;
mod systemd;
