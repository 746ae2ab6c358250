//! What the audit trail and the state directory do not both have. None of it is damage; all of it is worth knowing.

use runbook_model::id::RunId;
use serde_json::{Value, json};

/// What only one of the two has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Runs that nobody is at work on and that the trail does not have whole, with how many records it lacks.
    pub ahead: Vec<(RunId, u64)>,
    /// Runs of the trail that have no directory here: they were removed, or another machine had them.
    pub only_in_trail: Vec<RunId>,
}

impl Coverage {
    /// A line for each run that is ahead, with what to type, and one for all that are only in the trail.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (run, records) in &self.ahead {
            let records = if *records == 1 { "1 record".to_owned() } else { format!("{records} records") };
            text.push_str(&format!("run {run} is ahead of the trail by {records}\nnext: runbook seal {run}\n"));
        }
        match self.only_in_trail.as_slice() {
            [] => {}
            [run] => text.push_str(&format!("1 run is only in the trail, and has no directory here: {run}\n")),
            [first, .., last] => {
                let n = self.only_in_trail.len();
                text.push_str(&format!("{n} runs are only in the trail, and have no directory here: {first} to {last}\n"));
            }
        }
        text
    }

    /// The same for programs, one object for each run.
    #[must_use]
    pub fn json(&self) -> Vec<Value> {
        let ahead = self.ahead.iter().map(|(run, records)| json!({ "v": 1, "type": "ahead", "run": run, "records": records }));
        let only = self.only_in_trail.iter().map(|run| json!({ "v": 1, "type": "only_in_trail", "run": run }));
        ahead.chain(only).collect()
    }
}
