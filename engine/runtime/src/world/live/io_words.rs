//! What the operating system says, as the end of a sentence.

use std::io;

/// `permission denied` instead of `Permission denied (os error 13)`: the number is noise at 03:00, the capital is wrong
/// behind a colon.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut rest = text.chars();
    match (rest.next(), rest.as_str().chars().next()) {
        // `I/O error` and `TLS` keep their capitals.
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(rest).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_the_end_of_a_sentence() {
        assert_eq!(plain(&io::Error::from_raw_os_error(13)), "permission denied");
        assert_eq!(plain(&io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(plain(&io::Error::other("TLS handshake")), "TLS handshake");
    }
}
