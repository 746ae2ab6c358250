//! Signatures over the bytes as they came, compared in a time that tells nothing.

use axum::http::HeaderMap;
use jiff::Timestamp;
use ring::hmac;

use crate::serve::token::bytes;

/// A signed time may be this far from ours, in seconds.
const WINDOW: i64 = 300;

/// Grafana: the HMAC of the body in hexadecimal digits; with a time in a header, of the time, a colon and the body.
pub(super) fn grafana(keys: &[String], headers: &HeaderMap, body: &[u8], now: Timestamp) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(given) = text("x-grafana-alerting-signature").and_then(bytes) else { return false };
    let signed = match text("x-grafana-alerting-timestamp") {
        None => body.to_vec(),
        Some(time) => {
            let Ok(seconds) = time.parse::<i64>() else { return false };
            if now.as_second().saturating_sub(seconds).saturating_abs() > WINDOW {
                return false;
            }
            [time.as_bytes(), b":", body].concat()
        }
    };
    keys.iter().any(|key| is_of(key, &signed, &given))
}

/// PagerDuty: `v1=…`, several of them while a key is changed.
pub(super) fn pagerduty(keys: &[String], headers: &HeaderMap, body: &[u8]) -> bool {
    let all = headers.get("x-pagerduty-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given: Vec<_> = all.split(',').filter_map(|one| bytes(one.trim().strip_prefix("v1=")?)).take(8).collect();
    given.iter().any(|given| keys.iter().any(|key| is_of(key, body, given)))
}

fn is_of(key: &str, signed: &[u8], given: &[u8]) -> bool {
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), signed, given).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn sign(key: &str, text: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        hmac::sign(&key, text).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_signature_is_of_these_bytes_by_one_of_these_keys() {
        let keys = ["old-key-0123456789".to_owned(), "new-key-0123456789".to_owned()];
        let good = headers(&[("x-pagerduty-signature", format!("v1={}, v1={}", sign("x", b"body"), sign(&keys[1], b"body")))]);
        assert!(pagerduty(&keys, &good, b"body"));
        assert!(!pagerduty(&keys, &good, b"body "));
        assert!(!pagerduty(&keys[..1], &good, b"body"));
        assert!(!pagerduty(&keys, &HeaderMap::new(), b"body"));
        let bare = headers(&[("x-pagerduty-signature", sign(&keys[1], b"body"))]);
        assert!(!pagerduty(&keys, &bare, b"body"));
    }

    #[test]
    fn a_signed_time_is_of_now() {
        let keys = ["key-0123456789abc".to_owned()];
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let at = |seconds: i64| {
            let text = format!("{seconds}:body");
            headers(&[
                ("x-grafana-alerting-signature", sign(&keys[0], text.as_bytes())),
                ("x-grafana-alerting-timestamp", seconds.to_string()),
            ])
        };
        assert!(grafana(&keys, &at(1_795_000_000 - 200), b"body", now));
        assert!(!grafana(&keys, &at(1_795_000_000 - 400), b"body", now));
        assert!(!grafana(&keys, &at(1_795_000_000 + 400), b"body", now));
        assert!(!grafana(&keys, &at(i64::MIN), b"body", now));
        let plain = headers(&[("x-grafana-alerting-signature", sign(&keys[0], b"body"))]);
        assert!(grafana(&keys, &plain, b"body", now) && !grafana(&keys, &plain, b"other", now));
    }
}
