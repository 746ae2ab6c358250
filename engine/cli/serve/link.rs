//! Addresses that came from elsewhere, as links.

use crate::dossier::html::escape;

/// An address from an annotation or a declaration as a link that says where it leads; as text when a browser must not follow it.
pub(super) fn outwards(address: &str) -> String {
    let shown = escape::line(address);
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).filter(|host| !host.is_empty());
    match host {
        // `https://good.example@evil.example` leads elsewhere than it seems to.
        Some(host) if !host.contains(['@', '\\', '%']) && !address.contains(|c: char| c.is_control() || c.is_whitespace()) => {
            format!(
                "<a href=\"{shown}\" rel=\"noopener noreferrer\">{shown}</a> <span class=\"aside\">({})</span>",
                escape::line(host)
            )
        }
        _ => format!("<code>{shown}</code>"),
    }
}

#[cfg(test)]
mod tests {
    use super::outwards;

    #[test]
    fn only_plain_addresses_of_the_web_become_links() {
        assert!(
            outwards("https://grafana.example/d/1?x=\"y\"")
                .starts_with("<a href=\"https://grafana.example/d/1?x=&quot;y&quot;\"")
        );
        for odd in
            ["javascript:alert(1)", "https://good@evil.example/", "data:text/html,x", "https://", "http://a b/", "//evil.example"]
        {
            assert!(!outwards(odd).contains("<a"), "{odd}");
        }
    }
}
