//! For programs: every record as one line of JSON on standard output, and nothing else.

use std::io::Write;

use runbook_model::entry::Record;
use runbook_runtime::report::{Progress, Reporter};

use crate::output::reporters::Teller;

/// Writes the records of a run exactly as the journal has them, without the links of the chain.
pub struct Json {
    out: Box<dyn Write>,
    lost: bool,
}

impl Json {
    /// A reporter that writes to `out`.
    #[must_use]
    pub fn new(out: Box<dyn Write>) -> Self {
        Self { out, lost: false }
    }
}

impl Reporter for Json {
    fn fact(&mut self, record: &Record) {
        if self.lost {
            return;
        }
        // A reader that went away costs the view and never the run (invariant I9).
        let written = serde_json::to_vec(record).map_err(std::io::Error::other).and_then(|mut line| {
            line.push(b'\n');
            self.out.write_all(&line)?;
            self.out.flush()
        });
        if let Err(error) = written {
            tracing::warn!(%error, "standard output is gone: records are no longer written to it");
            self.lost = true;
        }
    }

    fn progress(&mut self, _: &Progress) {}
}

impl Teller for Json {
    fn catch_up(&mut self, _: &[Record]) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::reporters::example::{Example, Paper};

    #[test]
    fn each_line_is_a_record_that_reads_back_and_has_no_links() {
        let paper = Paper::default();
        let mut json = Json::new(Box::new(paper.clone()));
        let records = Example::failing_and_rolled_back();
        records.iter().for_each(|record| json.fact(record));
        json.progress(&Progress::Notice { text: "the trail lags".to_owned() });
        let text = paper.text();
        let read: Vec<Record> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, records);
        assert!(!text.contains("\"prev\"") && !text.contains("\"digest\":\"0"), "{text}");
        assert!(text.starts_with(r#"{"v":1,"run":""#), "{text}");
    }
}
