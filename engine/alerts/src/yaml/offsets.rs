//! From characters, which the parser counts, to bytes, which an edit needs.

/// Every so many characters the byte is remembered.
const STRIDE: usize = 512;

/// The bytes of the characters of a text.
pub(super) struct Offsets<'a> {
    text: &'a str,
    ascii: bool,
    marks: Vec<usize>,
}

impl<'a> Offsets<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let ascii = text.is_ascii();
        let marks = if ascii { Vec::new() } else { text.char_indices().step_by(STRIDE).map(|(byte, _)| byte).collect() };
        Self { text, ascii, marks }
    }

    /// The byte at which a character begins; the end of the text for those behind it.
    pub(super) fn byte(&self, character: usize) -> usize {
        if self.ascii {
            return character.min(self.text.len());
        }
        let Some(mark) = self.marks.get(character / STRIDE) else { return self.text.len() };
        let within = self.text[*mark..].char_indices().nth(character % STRIDE);
        within.map_or(self.text.len(), |(byte, _)| mark + byte)
    }
}
