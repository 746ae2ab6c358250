//! Output as it comes, for whoever wants to see all of it: in whole lines, because two streams write at the same time.

use std::collections::{BTreeMap, BTreeSet};

use runbook_model::path::StepPath;

/// A line of so many bytes is shown in pieces: it may be a progress bar that never ends.
const LONGEST: usize = 8 * 1024;

/// The beginnings of lines that have not ended yet.
#[derive(Default)]
pub(super) struct Streamed {
    open: BTreeMap<(StepPath, bool), Vec<u8>>,
    heard: BTreeSet<StepPath>,
}

impl Streamed {
    /// Takes bytes of a stream; gives the lines that are whole now, if there are any.
    pub(super) fn take(&mut self, path: &StepPath, stderr: bool, bytes: &[u8]) -> Option<Vec<u8>> {
        self.heard.insert(path.clone());
        let open = self.open.entry((path.clone(), stderr)).or_default();
        open.extend_from_slice(bytes);
        let whole = open.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let whole = if open.len() - whole > LONGEST { open.len() } else { whole };
        (whole > 0).then(|| open.drain(..whole).collect())
    }

    /// The step has ended: what was begun and not ended on either stream. Gives `None` when it printed nothing here.
    pub(super) fn end(&mut self, path: &StepPath) -> Option<Vec<Vec<u8>>> {
        let rest = [false, true].into_iter().filter_map(|stderr| self.open.remove(&(path.clone(), stderr)));
        let rest = rest.filter(|rest| !rest.is_empty()).collect();
        self.heard.remove(path).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_whole_and_nothing_is_lost() {
        let (mut streamed, path) = (Streamed::default(), StepPath::root().child("x", 1));
        assert_eq!(streamed.end(&path), None);
        assert_eq!(streamed.take(&path, false, b"one"), None);
        assert_eq!(streamed.take(&path, true, b"warning\n").as_deref(), Some(&b"warning\n"[..]));
        assert_eq!(streamed.take(&path, false, b" line\ntwo\nthr").as_deref(), Some(&b"one line\ntwo\n"[..]));
        assert_eq!(streamed.end(&path), Some(vec![b"thr".to_vec()]));
        assert_eq!(streamed.end(&path), None, "an attempt begins anew");
        assert_eq!(streamed.take(&path, false, &[b'x'; 2 * LONGEST]).map(|piece| piece.len()), Some(2 * LONGEST));
    }
}
