//! Which headings stand over the way back.

/// Words that may stand before the one that counts: `3. How to roll back`, `If it fails: revert`.
const BEFORE: [&str; 12] = ["how", "to", "step", "phase", "plan", "the", "a", "if", "it", "fails", "needed", "and"];

/// Whether a heading says that what follows takes back what stands above it. Only the first word that says anything counts:
/// "Check the rollback segments" is a step forward.
pub(super) fn is_way_back(heading: &str) -> bool {
    let heading = heading.to_lowercase().replace("roll-back", "rollback").replace("back-out", "backout");
    let mut words = heading
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !word.bytes().all(|byte| byte.is_ascii_digit()) && !BEFORE.contains(word));
    matches!(
        (words.next(), words.next()),
        (Some("rollback" | "rollbacks" | "backout" | "revert" | "reverting" | "undo" | "undoing"), _)
            | (Some("roll" | "rolling"), Some("back"))
            | (Some("back" | "backing"), Some("out"))
    )
}

#[cfg(test)]
mod tests {
    use super::is_way_back;

    #[test]
    fn a_way_back_is_known_by_its_first_word() {
        for heading in [
            "Rollback",
            "Roll back",
            "3. Rollback plan",
            "How to roll back the release",
            "Back-out",
            "If it fails: revert",
            "Undo",
        ] {
            assert!(is_way_back(heading), "{heading}");
        }
        for heading in ["Check the rollback segments", "Back up", "Roll out", "Fix", "", "Step 3", "Backups"] {
            assert!(!is_way_back(heading), "{heading}");
        }
    }
}
