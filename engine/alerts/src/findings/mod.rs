//! What is wrong with the links of alerts, found offline: the runbooks of the repository are the truth.

mod finding;
mod judge;
mod labels;
mod ours;
mod reading;
mod rehearsals;
mod whole;

#[cfg(test)]
mod tests;

pub use finding::{Finding, Kind, Severity};
pub use judge::{External, Wanted, judge};
pub use labels::missing;
pub use rehearsals::{Tried, rehearsals};
pub use whole::{generic, orphans};
