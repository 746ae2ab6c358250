//! The page with a keyboard and nothing else: everything is reached, one sees where one is, and nothing is a trap.

use crate::serve::client::Server;
use crate::serve::driver::Browser;
use crate::serve::story::seen;
use crate::support::Place;

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const SPACE: char = ' ';

const ASKS: &str = r#"
let p = runbook(#{
    title: "Switch the traffic of a service with rather a long name to the other side",
    owner: "payments",
    params: #{
        hosts: #{ type: "list", help: "which ones" },
        percent: #{ type: "int", min: 1, max: 100, fallback: 10, help: "how much of it" },
        side: #{ type: "enum", of: ["blue", "green"] },
    },
});
command("switch", #{ run: ["sh", "-c", "echo $1 >> ledger", "sh", p.side], rollback: "nothing" });
"#;

/// Tabs on until an element has the focus that is this one, and sees to it that each on the way shows that it has it.
#[track_caller]
fn to(browser: &Browser, css: &str) {
    for _ in 0..60 {
        browser.press(TAB);
        let here = browser.run(&format!(
            "const at = document.activeElement; if (!at || at === document.body) return 'nowhere';
             const style = getComputedStyle(at);
             if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return 'unseen: ' + at.outerHTML.slice(0, 200);
             return at.matches({css:?}) ? 'here' : 'elsewhere';"
        ));
        let here = here.as_str().unwrap_or_default().to_owned();
        assert!(!here.starts_with("unseen"), "{here}");
        if here == "here" {
            return;
        }
    }
    panic!("`{css}` is not reached");
}

fn types(browser: &Browser, text: &str) {
    text.chars().for_each(|key| browser.press(key));
}

#[test]
fn somebody_without_a_mouse_logs_in_rehearses_and_runs() {
    let place = Place::new();
    place.runbook("switch", ASKS);
    let server = Server::start(&place);
    let browser = Browser::open();
    browser.go(&format!("{}/open/switch?side=green", server.origin()));
    browser.until(&["Log in", "Token"]);
    // The field has the focus already.
    types(&browser, &server.token);
    browser.press(ENTER);
    browser.until(&["which ones", "from the link"]);
    seen(&browser, "list-form");
    // The first stop leads past the menu.
    browser.go(&format!("{}/open/switch?side=green", server.origin()));
    to(&browser, "a.skip");
    browser.press(ENTER);
    to(&browser, "#p-hosts");
    types(&browser, "web-1,web-2");
    to(&browser, "main form button");
    browser.press(ENTER);
    browser.until(&["rehearsed", "withheld"]);
    assert!(place.ledger().is_empty());

    browser.go(&format!("{}/open/switch?side=green", server.origin()));
    to(&browser, "#p-hosts");
    types(&browser, "web-1");
    to(&browser, "#p-side-again");
    types(&browser, "green");
    to(&browser, "input[name=mode]");
    browser.press('\u{e015}');
    assert_eq!(browser.run("return document.querySelector('input[value=live]').checked"), true);
    to(&browser, "main form button");
    browser.press(SPACE);
    browser.until(&["completed"]);
    assert_eq!(place.ledger(), ["green"]);
}
