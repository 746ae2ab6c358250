//! The account of a run: what happened, in full, for whoever looks at it afterwards.
//!
//! [`crate::state`] is what a run *is* and forgets what it does not need: earlier attempts, times, who decided. An account
//! keeps all of it, from the same records, and never leads to an effect. Reports, `runbook show RUN STEP` and
//! [`crate::comparison`] read it. It takes what there is: a journal that ends in the middle, or that holds a record which may
//! not follow, gives an account up to there, and [`Account::flaw`] says so.

mod decision;
mod planned;
mod promise;
mod signature;
mod step;
mod telling;
mod turn;

pub use decision::{Decided, Decision};
pub use planned::Planned;
pub use promise::Promise;
pub use signature::Signature;
pub use step::{AttemptAccount, Resolved, Standing, StepAccount};
pub use telling::Account;
pub use turn::{Note, Sitting, Turn};
