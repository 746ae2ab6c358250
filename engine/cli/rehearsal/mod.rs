//! What earlier runs of a runbook say about the next one: its last rehearsal, how long it will take, and whether its
//! environment lets it start.

mod afterwards;
mod past;
mod requirement;
mod timed;
mod tried;

pub use afterwards::compared;
pub use past::Past;
pub use requirement::refusal;
pub use tried::LastTried;
