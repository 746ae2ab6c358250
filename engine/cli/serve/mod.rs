//! The page: a second front end on the same rooms as the command line.
//!
//! It reads journals as `runbook show` does, and changes nothing by itself: what a person asks for is done by another
//! process, `runbook exec`, `answer`, `resume` or `rollback` on their behalf (`starting`), which does not depend on this one
//! and judges what it is asked as it judges a person at a terminal.
//!
//! - `door` listens, with TLS or without, to a `crowd` that has room for everybody and not for one alone; `gate` is what every request goes through; `routes` says who answers it.
//! - `visitor` is who asks, and `roles` what they may. `forgery` keeps other sites from asking in their name.
//! - `shell` is the frame of every page. Texts become HTML by one function, that of the reports.
//! - `feed` watches runs for however many look at them; `hooks` takes in alerts; `notify` tells people, and `reply` the place that an alert came from, both by `outgoing`.

mod alert_page;
mod answering;
mod api;
mod asker;
mod begun;
mod client_address;
mod crowd;
mod deed;
mod desk;
mod door;
mod due;
mod feed;
mod field;
mod firing;
mod forgery;
mod form;
mod gate;
mod group_page;
mod health;
mod home;
mod hooks;
mod hosts;
mod impatient;
mod lines;
mod link;
mod login;
mod notify;
mod open_page;
mod outgoing;
mod output_file;
mod output_page;
mod question;
mod rate;
mod recent;
mod refusal;
mod rehearsing;
mod reply;
mod roles;
mod routes;
mod run_page;
mod runs_page;
mod sessions;
mod settings;
mod shell;
mod sole;
mod starting;
mod step_row;
mod stream;
mod tls;
mod token;
mod visitor;
mod whole_output;

pub use desk::Desk;
pub use door::listen;
pub use settings::Settings;
pub use sole::Sole;
pub use token::{digest, fresh};
