//! The fingerprint of an alert, as Alertmanager counts it. It can be guessed, so it is a name and never a right.

use super::Texts;

/// The FNV-1a hash, of 64 bits, of the labels in their order, each name and value followed by a byte that no text has.
pub(super) fn of(labels: &Texts) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    for (name, value) in labels {
        for text in [name, value] {
            text.bytes().for_each(&mut add);
            add(0xff);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_gives_the_offset_and_each_label_counts() {
        assert_eq!(of(&Texts::new()), "cbf29ce484222325");
        let one = |name: &str, value: &str| of(&[(name.to_owned(), value.to_owned())].into());
        assert_ne!(one("a", "bc"), one("ab", "c"));
    }
}
