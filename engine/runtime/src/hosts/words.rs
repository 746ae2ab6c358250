//! What `ssh` says when it fails.

/// Whether `ssh` failed before any session was open, so that nothing can have been started on the host.
///
/// Known by the words that OpenSSH uses for it, because all its failures have the code 255. Words that are not known here
/// only mean that the host is asked.
pub(super) fn never_got_in(words: &str) -> bool {
    const BEFORE: [&str; 8] = [
        "ssh: connect to host ",
        "ssh: Could not resolve hostname ",
        "Host key verification failed.",
        "Permission denied (",
        "Bad configuration option",
        "no such identity:",
        "Too many authentication failures",
        "Unable to negotiate with",
    ];
    // The last line that says anything is the reason; the ones before may be of a jump host that was tried first.
    words.lines().rev().find(|line| !line.trim().is_empty()).is_some_and(|last| BEFORE.iter().any(|known| last.contains(known)))
}

/// The words in one line of at most about 300 characters, the last of them first, without the frames that `ssh` puts around warnings.
pub(super) fn in_a_line(words: &str) -> String {
    let framed = |line: &&str| !line.is_empty() && !line.chars().all(|c| c == '@') && !line.starts_with("** ");
    let mut lines: Vec<_> = words.lines().map(|line| line.trim().trim_matches('@').trim()).filter(framed).collect();
    // The last line is the reason; warnings before it may be longer than anybody reads.
    if let Some(reason) = lines.pop() {
        lines.insert(0, reason);
    }
    let line: String = lines.join("; ").chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    match line.char_indices().nth(300) {
        _ if line.is_empty() => "ssh said nothing".to_owned(),
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_before_a_session_is_certain() {
        assert!(never_got_in("ssh: connect to host 127.0.0.1 port 1: Connection refused\n"));
        assert!(never_got_in("@@@@\nWARNING\nHost key verification failed.\r\n\n"));
        assert!(!never_got_in("ssh: connect to host bastion port 22: timed out\nclient_loop: send disconnect: Broken pipe\n"));
        assert!(!never_got_in("Connection to web-1 closed by remote host.\n"));
        assert!(!never_got_in(""));
    }

    #[test]
    fn a_warning_is_readable_in_one_line() {
        let words = "@@@@@@@@\r\n@  WARNING: CHANGED!  @\r\n@@@@@@@@\r\nSomeone \u{1b}[2Jcould\nHost key verification failed.\n";
        assert_eq!(in_a_line(words), "Host key verification failed.; WARNING: CHANGED!; Someone \u{fffd}[2Jcould");
    }
}
