//! What the demo service counts, in the text format of Prometheus.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the service started. `/health` and `/metrics` are not counted: they are not traffic.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    requests: AtomicU64,
    errors: AtomicU64,
}

impl Metrics {
    /// One request was answered with `status`.
    pub(super) fn count(&self, status: u16) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if status >= 500 {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The page that a Prometheus server scrapes.
    pub(super) fn page(&self, release: &str) -> String {
        let (requests, errors) = (self.requests.load(Ordering::Relaxed), self.errors.load(Ordering::Relaxed));
        format!(
            "# HELP demo_requests_total Requests answered since the service started.\n\
             # TYPE demo_requests_total counter\n\
             demo_requests_total{{release=\"{release}\"}} {requests}\n\
             # HELP demo_errors_total Requests answered with a status of 500 or more.\n\
             # TYPE demo_errors_total counter\n\
             demo_errors_total{{release=\"{release}\"}} {errors}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_of_the_service_are_errors() {
        let metrics = Metrics::default();
        for status in [200, 404, 500, 503] {
            metrics.count(status);
        }
        let page = metrics.page("2026.11.2");
        assert!(page.contains("\ndemo_requests_total{release=\"2026.11.2\"} 4\n"), "{page}");
        assert!(page.ends_with("\ndemo_errors_total{release=\"2026.11.2\"} 2\n"), "{page}");
    }
}
