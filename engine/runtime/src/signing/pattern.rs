//! Patterns as OpenSSH has them: `*`, `?`, and `!` in front of one that excludes.

/// Whether a comma-separated list of patterns fits: one of them does, and none with `!` does.
pub(super) fn list_fits(list: &str, text: &str) -> bool {
    let mut fits = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(excluded) if one_fits(excluded.as_bytes(), text.as_bytes()) => return false,
            Some(_) => {}
            None => fits |= one_fits(pattern.as_bytes(), text.as_bytes()),
        }
    }
    fits
}

/// Linear but for the last `*`, to which it goes back: no pattern makes it slow.
fn one_fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, read));
                at += 1;
            }
            Some(c) if *c == b'?' || *c == text[read] => {
                at += 1;
                read += 1;
            }
            _ => match star {
                Some((after, from)) => {
                    at = after;
                    read = from + 1;
                    star = Some((after, read));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_marks_and_exclusions() {
        for (list, text, fits) in [
            ("ann@example.org", "ann@example.org", true),
            ("*@example.org", "ann@example.org", true),
            ("*@example.org,!eve@*", "eve@example.org", false),
            ("a?n", "ann", true),
            ("a*n*z", "annnnnn", false),
            ("a*n", "an", true),
            ("", "ann", false),
            ("!eve", "ann", false),
        ] {
            assert_eq!(list_fits(list, text), fits, "{list} {text}");
        }
    }
}
