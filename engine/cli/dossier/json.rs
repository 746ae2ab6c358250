//! A run as JSON, for programs. The page "Journal and JSON" of the manual describes it.

use runbook_runtime::audit::{Sight, Standing};
use serde_json::{Value, json};

use super::{Dossier, Seal, Trouble, Verdict};

/// The version of the shape. Fields may be added; none is renamed or removed.
pub const VERSION: u32 = 1;

/// The report of a run: one JSON object.
#[must_use]
pub fn document(dossier: &Dossier) -> Value {
    let mut document = json!({
        "v": VERSION,
        "report": "run",
        "seen": dossier.seen,
        "verdict": Verdict::of(dossier).word,
        "at_work": dossier.at_work,
        "trouble": dossier.trouble.as_ref().map(trouble),
        "seal": seal(&dossier.seal),
    });
    // An account is a struct, and serializes to an object.
    if let (Some(document), Ok(Value::Object(account))) = (document.as_object_mut(), serde_json::to_value(&dossier.account)) {
        document.extend(account);
    }
    document
}

fn trouble(trouble: &Trouble) -> Value {
    match trouble {
        Trouble::Damaged(damaged) => {
            json!({ "what": "damaged", "record": damaged.record, "offset": damaged.offset, "why": damaged.why.to_string() })
        }
        Trouble::Illegal(why) => json!({ "what": "illegal", "why": why }),
        Trouble::Died => json!({ "what": "died" }),
        Trouble::Torn => json!({ "what": "torn" }),
    }
}

fn seal(seal: &Seal) -> Value {
    match seal {
        Seal::Waived(why) => json!({ "state": "waived", "why": why }),
        Seal::Nothing => json!({ "state": "unsealed" }),
        Seal::Wrong(why) => json!({ "state": "wrong", "why": why }),
        Seal::Sealed(Sight { standing, commit, at, signed, merged, main }) => {
            let (state, behind) = match standing {
                Standing::Level => ("level", 0),
                Standing::Behind { records } => ("behind", *records),
                Standing::Unsealed => ("unsealed", 0),
            };
            json!({
                "state": state, "behind": behind, "commit": commit, "at": at, "signed": signed, "merged": merged, "main": main,
            })
        }
    }
}
