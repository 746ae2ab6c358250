//! The whole way: a rule of a real Prometheus fires, a real Alertmanager tells of it, a person opens the link in a real
//! browser, rehearses, runs, answers, and sees the end; and the trail is in git.

use std::path::Path;

use serde_json::Value;

use crate::monitoring::Monitoring;
use crate::serve::client::Server;
use crate::serve::driver::Browser;
use crate::support::Place;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const ROLL_BACK: &str = r#"//! Switches the service back to the release before.
let p = runbook(#{
    title: "Roll a service back",
    owner: "payments",
    budget: "10m",
    serves: ["ApiHighErrorRate"],
    params: #{ service: #{ type: "string", pattern: "[a-z0-9-]{1,63}", from_label: "svc", help: "what fails" } },
});
check("the release before is there", || fs::exists("releases/1"), #{ expect: true });
confirm(`Switch ${p.service} back?`, #{ details: "Visitors get release 1 from then on." });
command("switch the link", #{ run: ["ln", "-sfn", "releases/1", "current"], rollback: ["ln", "-sfn", "releases/2", "current"] });
check("release 1 serves", || fs::read_link("current") == "releases/1", #{ assume: true });
"#;

/// Every text that stands out from its ground by less than 4.5 to 1, as WCAG counts it.
const FAINT: &str = "
    const parts = (text) => (text.match(/[0-9.]+/g) || []).map(Number);
    const light = (rgb) => {
        const [r, g, b] = rgb.map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (one) => {
        for (let at = one; at; at = at.parentElement) {
            const colour = parts(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour.slice(0, 3);
        }
        return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255];
    };
    const faint = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const one = walk.currentNode.parentElement;
        if (!walk.currentNode.textContent.trim() || !one.offsetParent || one.closest('.skip')) continue;
        const [a, b] = [light(parts(getComputedStyle(one).color).slice(0, 3)), light(ground(one))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${one.outerHTML.slice(0, 120)}`);
    }
    return faint;";

/// Pictures on a phone and on a laptop, light and dark; and what a person with a keyboard or a screen reader needs.
pub(super) fn seen(browser: &Browser, name: &str) {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("serve");
    for (screen, width, height) in [("phone", 390, 844), ("laptop", 1280, 900)] {
        browser.size(width, height);
        let wide = browser.run("return document.documentElement.scrollWidth").as_u64().unwrap_or(u64::MAX);
        assert!(wide <= u64::from(width), "`{name}` is {wide} wide on a {screen}");
        for dark in [false, true] {
            browser.dark(dark);
            browser.picture(&dir.join(format!("{name}-{screen}-{}.png", if dark { "dark" } else { "light" })));
            let faint = browser.run(FAINT);
            assert_eq!(faint, Value::Array(Vec::new()), "`{name}`, dark: {dark}");
        }
    }
    let faults = browser.run(
        "const bare = [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
             .filter(one => one.offsetParent && !one.labels.length).map(one => one.outerHTML);
         const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
         const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
         const small = [...document.querySelectorAll('button')].filter(one => one.offsetParent && one.offsetHeight < 40).map(one => one.outerHTML);
         const marks = ['main', 'header', 'h1'].filter(one => document.querySelectorAll(one).length !== 1);
         const unseen = [...document.querySelectorAll('button')].filter(one => getComputedStyle(one).color === getComputedStyle(one).backgroundColor).map(one => one.outerHTML);
         return [bare, twice, small, marks, unseen, document.documentElement.lang === 'en' ? [] : ['lang']].flat();",
    );
    assert_eq!(faults, Value::Array(Vec::new()), "`{name}`");
}

#[test]
fn from_a_firing_alert_to_the_end_of_the_run_in_a_browser() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    place.runbook("roll-back", ROLL_BACK);
    place.write("releases/1/x", "");
    place.write("releases/2/x", "");
    symlink("releases/2", place.path("current")).expect("a link");
    place.private("key", &format!("{KEY}\n"));
    place.write("runbook.toml", "[serve]\nalertmanager_token = \"key\"\n");
    let server = Server::start(&place);
    place.write("mon/rules.yml", "groups:\n- name: api\n  rules:\n  - alert: ApiHighErrorRate\n    expr: vector(1)\n    labels: {svc: checkout}\n    annotations: {summary: 'errors <above> 5 %'}\n");
    let hook =
        format!("{{url: '{}/hooks/alertmanager', http_config: {{authorization: {{credentials: {KEY}}}}}}}", server.origin());
    let _monitoring = Monitoring::start(&place, &hook);
    let program = server.program();
    let told = program.until("/api/alerts", &["ApiHighErrorRate"]).json();
    let link = format!("{}/a/{}", server.origin(), told["alerts"][0]["fingerprint"].as_str().expect("a fingerprint"));

    let browser = Browser::open();
    browser.go(&link);
    browser.until(&["Log in", "Token"]);
    seen(&browser, "login");
    browser.write("#token", &server.token);
    browser.click("main button");
    let page = browser.until(&["Roll a service back", "firing", "errors <above> 5 %", "from the alert"]);
    assert!(!page.contains("from the link"), "{page}");
    assert_eq!(browser.run("return document.querySelector('#p-service').value"), "checkout");
    seen(&browser, "form");

    // What is chosen when nobody chooses is the rehearsal.
    browser.click("main form button");
    browser.until(&["rehearsed", "switch the link", "withheld"]);
    seen(&browser, "rehearsed");
    assert_eq!(std::fs::read_link(place.path("current")).expect("a link"), Path::new("releases/2"));

    browser.go(&link);
    browser.until(&["rehears", "Roll a service back"]);
    browser.click("input[value=live]");
    browser.click("main form button");
    // The page comes to the question by itself.
    browser.until(&["Switch checkout back?", "Visitors get release 1"]);
    seen(&browser, "question");
    browser.write("input[name=note]", "as agreed on the phone");
    browser.click("button[value=yes]");
    browser.until(&["completed", "release 1 serves"]);
    browser.until(&["Roll back…"]);
    seen(&browser, "completed");
    assert_eq!(std::fs::read_link(place.path("current")).expect("a link"), Path::new("releases/1"));

    let run = place.newest_run();
    assert!(place.git(&["log", "--first-parent", "--format=%B", "main"]).contains(&run));
    let origins = place.journal()[0]["params"]["service"]["origin"].clone();
    assert_eq!(origins, "alert");
    let alert = place.journal()[0]["alert"].clone();
    assert_eq!((&alert["name"], &alert["source"]), (&"ApiHighErrorRate".into(), &"alertmanager".into()));
    assert!(alert["since"].is_string());
    browser.go(&format!("{}/", server.origin()));
    browser.until(&["Firing now", "ApiHighErrorRate", "roll-back"]);
    seen(&browser, "home");
    browser.go(&format!("{}/runs", server.origin()));
    browser.until(&["rehearsed", "completed"]);
    seen(&browser, "runs");
    browser.go(&format!("{}/runs/{run}/steps/2", server.origin()));
    browser.until(&["switch the link", "Attempt 1"]);
    seen(&browser, "step");
    browser.go(&format!("{}/runs/{run}/report", server.origin()));
    browser.until(&["Report of a run", "as agreed on the phone", "ApiHighErrorRate since"]);
}
