//! Somebody who uses a password: reads it from a file when it is restarted, and is well as long as it can log in with it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::web::components::Service;

/// A service with `/health`, and `/restart` for `POST`.
pub(super) struct Consumer {
    pub(super) service: Service,
    /// It does not come up again after a restart.
    pub(super) ill: Arc<AtomicBool>,
    /// What it has read of its file.
    pub(super) read: Arc<Mutex<String>>,
}

impl Consumer {
    /// Starts one with this file, which holds `user=…` and `password=…`.
    pub(super) fn start(file: PathBuf, logs_in: impl Fn(&str, &str) -> bool + Send + Sync + 'static) -> Self {
        let content = move || std::fs::read_to_string(&file);
        let (read, ill) = (Arc::new(Mutex::new(content().expect("its file"))), Arc::new(AtomicBool::new(false)));
        let (mine, fell) = (Arc::clone(&read), Arc::clone(&ill));
        let service = Service::start(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
            // What cannot be read is refused, and the consumer goes on with what it has.
            ("POST", "/restart") => match content() {
                Ok(text) => {
                    *mine.lock().expect("ours") = text;
                    (200, String::new())
                }
                Err(error) => (500, error.to_string()),
            },
            (_, "/health") => {
                let text = mine.lock().expect("ours").clone();
                let word = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
                let well = !fell.load(Ordering::SeqCst) && logs_in(&word("user="), &word("password="));
                (if well { 200 } else { 503 }, String::new())
            }
            _ => (404, String::new()),
        });
        Self { service, ill, read }
    }
}
