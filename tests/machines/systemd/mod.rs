//! `std/systemd`.

mod manager;
mod units;

pub(crate) use manager::Manager;
