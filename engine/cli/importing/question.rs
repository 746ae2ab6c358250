//! What a person is asked before a command: with the values that it will get, not with the names that stand for them.

use super::placeholder::Piece;
use crate::literal::quoted;

/// Parts of one question at most, for the depth that expressions may have.
const MOST: usize = 16;

/// The expression for "Run `COMMAND`?" when values stand in the command's first line. `None` when there are none, or when
/// that line is longer than `longest` bytes: whoever is asked about the beginning of a command reads the rest in the plan.
pub(super) fn question(pieces: &[Piece], longest: usize) -> Option<String> {
    let mut parts = Vec::new();
    let mut plain = "Run `".to_owned();
    let mut length = 0;
    for piece in pieces {
        match piece {
            Piece::Text(text) | Piece::Secret { written: text, .. } => {
                let (line, more) = text.split_once('\n').map_or((text.as_str(), false), |(line, _)| (line, true));
                length += line.len();
                plain.push_str(if more { line.trim_end_matches(['\\', ' ']) } else { line });
                if more {
                    break;
                }
            }
            Piece::Parameter { name, written } => {
                length += written.len();
                if !plain.is_empty() {
                    parts.push(quoted(&std::mem::take(&mut plain)));
                }
                parts.push(format!("p.{name}"));
            }
        }
    }
    let holds_values = parts.len() > 1;
    parts.push(quoted(&format!("{plain}`?")));
    (holds_values && length <= longest && parts.len() <= MOST).then(|| parts.join(" + "))
}
