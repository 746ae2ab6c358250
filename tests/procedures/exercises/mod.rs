//! Every runbook that we ship through the same five exercises, on the real programs that it drives: rehearsed, performed, each change failed, killed at each change
//! and resumed, rolled back; what the component holds is compared before and after. `table` is the list; a runbook that is not in it is a failure, and so is an
//! exercise that it is excused from without a reason.

mod exercise;
mod measured;
mod performing;
mod stage;
mod table;
pub(crate) mod trap;

pub(crate) use stage::Exercised;
