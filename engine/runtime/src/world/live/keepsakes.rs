//! What hosts keep of attempts: until the journal has their ends, and a little longer.

use std::collections::BTreeMap;
use std::mem;

use super::processes::Key;

/// So many attempts are forgotten at once: each time costs a program there.
const MANY: usize = 8;

/// With so many bytes of output it is done sooner: a host may keep 128 MiB of one attempt.
const MUCH: u64 = 64 * 1024;

/// The attempts of a run that hosts keep something of.
#[derive(Debug, Default)]
pub(super) struct Keepsakes {
    /// Where an attempt was begun, and how many bytes it printed.
    begun: BTreeMap<u64, (String, u64)>,
    /// What may be forgotten, by host.
    recorded: BTreeMap<String, Pile>,
}

#[derive(Debug, Default)]
struct Pile {
    keys: Vec<String>,
    bytes: u64,
}

impl Keepsakes {
    /// An attempt is begun, or asked about, on a host.
    pub(super) fn begun(&mut self, key: Key, host: &str) {
        self.begun.insert(key.number(), (host.to_owned(), 0));
    }

    /// How much it has printed.
    pub(super) fn printed(&mut self, key: Key, bytes: u64) {
        if let Some(begun) = self.begun.get_mut(&key.number()) {
            begun.1 = bytes;
        }
    }

    /// Its end is in the journal.
    pub(super) fn recorded(&mut self, key: Key) {
        if let Some((host, bytes)) = self.begun.remove(&key.number()) {
            let pile = self.recorded.entry(host).or_default();
            pile.keys.push(name(key));
            pile.bytes += bytes;
        }
    }

    /// What a host is to forget with the next command there; nothing as long as it is little.
    pub(super) fn enough(&mut self, host: &str) -> Vec<String> {
        match self.recorded.get_mut(host) {
            Some(pile) if pile.keys.len() >= MANY || pile.bytes >= MUCH => mem::take(pile).keys,
            _ => Vec::new(),
        }
    }

    /// The host was not told: it is with another command.
    pub(super) fn untold(&mut self, host: &str, keys: Vec<String>) {
        if !keys.is_empty() {
            self.recorded.entry(host.to_owned()).or_default().keys.extend(keys);
        }
    }

    /// All that a host may forget.
    pub(super) fn rest(&mut self, host: &str) -> Vec<String> {
        self.recorded.remove(host).map(|pile| pile.keys).unwrap_or_default()
    }
}

/// What an attempt is called on hosts.
pub(super) fn name(key: Key) -> String {
    format!("{:016x}", key.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(keepsakes: &mut Keepsakes, bytes: u64) -> String {
        let key = Key::fresh();
        keepsakes.begun(key, "web-1");
        keepsakes.printed(key, bytes);
        keepsakes.recorded(key);
        name(key)
    }

    #[test]
    fn little_is_forgotten_together_and_much_at_once() {
        let mut keepsakes = Keepsakes::default();
        let mut names: Vec<_> = (1..MANY).map(|_| ended(&mut keepsakes, 10)).collect();
        assert!(keepsakes.enough("web-1").is_empty());
        names.push(ended(&mut keepsakes, 10));
        assert!(keepsakes.enough("web-2").is_empty());
        assert_eq!(keepsakes.enough("web-1"), names);
        assert!(keepsakes.enough("web-1").is_empty() && keepsakes.rest("web-1").is_empty(), "each one once");
        let much = ended(&mut keepsakes, MUCH);
        assert_eq!(keepsakes.enough("web-1"), [much]);
        let little = ended(&mut keepsakes, 0);
        keepsakes.untold("web-1", vec!["not told".to_owned()]);
        assert_eq!(keepsakes.rest("web-1"), [little, "not told".to_owned()]);
    }

    #[test]
    fn an_attempt_whose_end_is_not_in_the_journal_is_kept() {
        let mut keepsakes = Keepsakes::default();
        let key = Key::fresh();
        keepsakes.begun(key, "web-1");
        keepsakes.printed(key, MUCH);
        assert!(keepsakes.enough("web-1").is_empty() && keepsakes.rest("web-1").is_empty());
    }
}
