//! The workshop itself: programs, files and servers.
//!
//! [`LiveWorld`] turns each kind of change over to the room that knows it (`command`, `file`, `http`) and each
//! look to `observe`. Programs run behind the seam [`processes`], so that they outlive this process.

pub mod environment;
pub mod processes;
pub mod program;

mod blocking;
mod command;
mod connections;
mod file;
mod host;
mod http;
mod io_words;
mod keepsakes;
mod mounts;
mod near;
mod observe;
mod secrets;
mod site;
mod world;

pub use host::Couriers;
pub use site::Site;
pub use world::{LiveWorld, Sink};
