//! A browser that is driven: Debian's chromium by its chromedriver, over WebDriver.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// By which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window.
pub(super) struct Browser {
    session: String,
    driver: Child,
    _home: tempfile::TempDir,
}

impl Browser {
    #[track_caller]
    pub(super) fn open() -> Self {
        let home = tempfile::tempdir().expect("a directory for the browser");
        let mut driver = Command::new("chromedriver")
            .args(["--port=0"])
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver, as `tests/run packages` installs it");
        let mut lines = BufReader::new(driver.stdout.take().expect("standard output")).lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse::<u16>().ok());
        // It goes on printing, and must not wait for us.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("http://127.0.0.1:{}/session", port.expect("a port"));
        let args = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--disable-sync",
            &format!("--user-data-dir={}", home.path().display()),
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": { "args": args } } } });
        let session = call("POST", &url, &wanted);
        let id = session["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {session}"));
        Self { session: format!("{url}/{id}"), driver, _home: home }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        call(method, &format!("{}{path}", self.session), body)
    }

    pub(super) fn go(&self, url: &str) {
        self.ask("POST", "/url", &json!({ "url": url }));
    }

    /// What a script gives back.
    pub(super) fn run(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What a person reads, once it has all of this. Time bounds a broken test only.
    #[track_caller]
    pub(super) fn until(&self, texts: &[&str]) -> String {
        let began = Instant::now();
        loop {
            let text = self.run("return document.body ? document.body.innerText : ''").as_str().unwrap_or_default().to_owned();
            if texts.iter().all(|wanted| text.contains(wanted)) {
                return text;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{texts:?} does not come:\n{text}");
            std::thread::yield_now();
        }
    }

    #[track_caller]
    fn element(&self, css: &str) -> String {
        let found = self.ask("POST", "/element", &json!({ "using": "css selector", "value": css }));
        found[ELEMENT].as_str().unwrap_or_else(|| panic!("no `{css}`: {found}")).to_owned()
    }

    #[track_caller]
    pub(super) fn click(&self, css: &str) {
        let element = self.element(css);
        let said = self.ask("POST", &format!("/element/{element}/click"), &json!({}));
        assert!(said.is_null(), "`{css}`: {said}");
    }

    #[track_caller]
    pub(super) fn write(&self, css: &str, text: &str) {
        let element = self.element(css);
        let said = self.ask("POST", &format!("/element/{element}/value"), &json!({ "text": text }));
        assert!(said.is_null(), "`{css}`: {said}");
    }

    /// Gives the page that is open a cookie, as `name=value`.
    pub(super) fn cookie(&self, cookie: &str) {
        let (name, value) = cookie.split_once('=').unwrap_or((cookie, ""));
        self.ask(
            "POST",
            "/cookie",
            &json!({ "cookie": { "name": name, "value": value, "httpOnly": true, "sameSite": "Strict" } }),
        );
    }

    /// Presses one key, as a person with a keyboard and no mouse.
    pub(super) fn press(&self, key: char) {
        let key = key.to_string();
        let actions = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.ask("POST", "/actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }));
    }

    pub(super) fn size(&self, width: u32, height: u32) {
        self.ask("POST", "/window/rect", &json!({ "width": width, "height": height }));
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.ask("POST", "/goog/cdp/execute", &json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics }));
    }

    pub(super) fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let params = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.ask("POST", "/goog/cdp/execute", &json!({ "cmd": "Emulation.setEmulatedMedia", "params": params }));
    }

    /// Keeps a picture for whoever wants to see it.
    pub(super) fn picture(&self, file: &Path) {
        let params = json!({ "format": "png", "captureBeyondViewport": true });
        let shot = self.ask("POST", "/goog/cdp/execute", &json!({ "cmd": "Page.captureScreenshot", "params": params }));
        let text = shot["data"].as_str().unwrap_or_default();
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
        std::fs::write(file, decoded(text)).expect("a picture");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.ask("DELETE", "", &Value::Null);
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

fn call(method: &str, url: &str, body: &Value) -> Value {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let answer = match method {
        "DELETE" => agent.delete(url).call(),
        _ => agent.post(url).header("content-type", "application/json").send(body.to_string()),
    };
    let text = answer.ok().and_then(|mut answer| answer.body_mut().read_to_string().ok()).unwrap_or_default();
    serde_json::from_str::<Value>(&text).map(|value| value["value"].clone()).unwrap_or(Value::Null)
}

/// Base64.
fn decoded(text: &str) -> Vec<u8> {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for sign in text.bytes().filter_map(|byte| SIGNS.iter().position(|sign| *sign == byte)) {
        bits = bits << 6 | u32::try_from(sign).expect("6 bits");
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).expect("8 bits"));
        }
    }
    bytes
}
