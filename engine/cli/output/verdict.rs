//! What `runbook verify` found, for people and for programs.

use runbook_runtime::audit::verify::{Finding, Verified};
use serde_json::json;

use crate::coverage::Coverage;
use crate::output::safe;

/// A trail that is sound, in some lines.
#[must_use]
pub fn sound(verified: &Verified, vouched: bool) -> String {
    let mut text = format!(
        "verified: {}, {}, {}\n",
        counted(verified.runs, "run"),
        counted(usize::try_from(verified.records).unwrap_or(usize::MAX), "record"),
        counted(verified.commits, "commit")
    );
    let signatures = &verified.signatures;
    if signatures.commits + signatures.acts > 0 {
        let by: Vec<_> = signatures.by.iter().map(|(who, n)| format!("{} ({n})", safe::line(who))).collect();
        let (commits, acts) = (counted(signatures.commits, "commit"), counted(signatures.acts, "act"));
        text.push_str(&format!("signed: {commits} and {acts} of people, by {}\n", by.join(", ")));
        if !vouched {
            text.push_str("whose keys these are nobody vouches for: name the people with `--allowed-signers FILE`\n");
        }
    }
    if signatures.unsigned_commits + signatures.unsigned_acts > 0 {
        let (commits, acts) = (counted(signatures.unsigned_commits, "commit"), counted(signatures.unsigned_acts, "act"));
        text.push_str(&format!("unsigned: {commits} and {acts} of people\n"));
    }
    if let Some(head) = &verified.follows {
        text.push_str(&format!("there was a trail before this one, which is gone: it ended at {}\n", safe::line(head)));
    }
    if let Some(head) = &verified.main_head {
        text.push_str(&format!(
            "main is {}: remember it, and prove later with `runbook verify --since {0}` that nothing was rewritten\n",
            safe::line(head)
        ));
    }
    text
}

/// The same for programs: one finding a line, then the sum. `local` is what is wrong with journals outside the trail.
#[must_use]
pub fn json_lines(verified: &Verified, local: &[String], coverage: &Coverage) -> String {
    let mut lines: Vec<_> = local.iter().map(|what| json!({ "v": 1, "type": "finding", "what": what })).collect();
    lines.extend(verified.findings.iter().map(finding));
    let sound = lines.is_empty();
    lines.extend(coverage.json());
    let signatures = &verified.signatures;
    lines.push(json!({
        "v": 1,
        "type": "verified",
        "sound": sound,
        "main": verified.main_head,
        "follows": verified.follows,
        "runs": verified.runs,
        "records": verified.records,
        "commits": verified.commits,
        "signed": { "commits": signatures.commits, "acts": signatures.acts, "by": signatures.by },
        "unsigned": { "commits": signatures.unsigned_commits, "acts": signatures.unsigned_acts },
    }));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn finding(finding: &Finding) -> serde_json::Value {
    let place = &finding.place;
    json!({
        "v": 1,
        "type": "finding",
        "run": place.run.map(|run| run.to_string()),
        "commit": place.commit,
        "path": place.path,
        "record": place.record.map(|record| record.0),
        "offset": place.offset,
        "what": finding.flaw.to_string(),
    })
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
