//! Names of other machines.

/// The word by which a rollback says that it runs on this machine although its command ran elsewhere.
pub const HERE: &str = "here";

/// Whether this can be the name of a host: an alias of `~/.ssh/config`, a name or an address, with `user@` before it, or
/// an `ssh://` address.
///
/// It becomes an argument of `ssh`, and by way of the user's configuration perhaps part of a line that a shell reads
/// (`ProxyCommand … %h`). So it may neither look like an option nor hold anything that a shell reads as more than text.
#[must_use]
pub fn is_host(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-@:%[]/+".contains(c);
    (1..=255).contains(&name.len()) && name != HERE && !name.starts_with('-') && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_neither_an_option_nor_a_line_for_a_shell() {
        for good in ["web-1", "root@10.0.0.1", "fe80::1%eth0", "ssh://deploy@web-1:2222", "db_2.internal"] {
            assert!(is_host(good), "{good}");
        }
        for bad in ["", "-oProxyCommand=id", "web 1", "$(id)", "a;b", "a\nb", "web-1`id`", "here", "wéb", "'x'"] {
            assert!(!is_host(bad), "{bad}");
        }
        assert!(!is_host(&"a".repeat(256)));
    }
}
