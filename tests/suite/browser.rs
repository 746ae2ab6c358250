//! A real browser (Debian's chromium, without a screen), which sees pages as people do.

use std::path::Path;
use std::process::{Command, Stdio};

/// What measures a page from outside: a frame as wide as a screen, and what is in it.
const FRAME: &str = r#"<!doctype html><body><iframe id="f" style="border:0" width="WIDTH" height="900" src="PAGE"></iframe>
<script>
document.getElementById("f").onload = event => {
  const page = event.target.contentDocument, count = what => page.querySelectorAll(what).length;
  const shown = what => [...page.querySelectorAll(what)].filter(one => one.getBoundingClientRect().height > 0).length;
  document.body.textContent = JSON.stringify({
    title: page.title, text: page.body.innerText, wide: page.documentElement.scrollWidth,
    active: count("script, img, iframe, object, embed, link, form, [src], [onload], [onerror], [onclick]"),
    outside: [...page.querySelectorAll("[href]")].filter(one => !one.getAttribute("href").startsWith('#')).length,
    dangling: [...page.querySelectorAll("a[href]")].filter(one => !page.querySelector(one.getAttribute("href"))).length,
    charts: shown("svg.chart"), bars: count("svg.chart.wide rect.bar"), steps: count("details.step"), open: count("details[open]"),
    ground: getComputedStyle(page.body).backgroundColor,
  });
};
</script>"#;

/// A page in a frame so many pixels wide, as numbers and text.
#[track_caller]
pub(crate) fn measured(page: &Path, width: u32) -> serde_json::Value {
    let frame = page.with_extension(format!("frame-{width}.html"));
    let name = page.file_name().expect("a name").to_str().expect("a plain name");
    std::fs::write(&frame, FRAME.replace("PAGE", name).replace("WIDTH", &width.to_string())).expect("a frame");
    let dom = chromium(&frame, &["--virtual-time-budget=10000", "--dump-dom"]);
    let dom = String::from_utf8_lossy(&dom);
    let body = dom.split_once("<body>").and_then(|(_, rest)| rest.rsplit_once("</body>")).map(|(body, _)| body);
    let json =
        body.unwrap_or_default().replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&");
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("the page was not measured: {error}\n{dom}"))
}

/// A picture of a page: its size in pixels, and how many bytes it takes as PNG.
#[track_caller]
pub(crate) fn photographed(page: &Path, width: u32, height: u32, options: &[&str]) -> (u32, u32, usize) {
    let picture = page.with_extension(format!("{width}.png"));
    let (size, out) = (format!("--window-size={width},{height}"), format!("--screenshot={}", picture.display()));
    chromium(page, &[options, &[size.as_str(), out.as_str(), "--hide-scrollbars"]].concat());
    let png = std::fs::read(&picture).expect("a picture");
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "no PNG");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    (number(16), number(20), png.len())
}

#[track_caller]
fn chromium(page: &Path, options: &[&str]) -> Vec<u8> {
    let home = tempfile::tempdir().expect("a directory for the browser");
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--allow-file-access-from-files"])
        .arg(format!("--user-data-dir={}", home.path().display()))
        .args(options)
        .arg(format!("file://{}", page.display()))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .expect("chromium, as `tests/run packages` installs it");
    assert!(output.status.success(), "chromium: {:?}", output.status);
    output.stdout
}
