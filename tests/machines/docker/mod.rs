//! `std/docker`.

mod containers;
mod daemon;
mod registry;

use daemon::Daemon;
use registry::Registry;
