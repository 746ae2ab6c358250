//! What this repository knows: its runbooks, and the address of its page.

use runbook_alerts::mapping::Known;
use runbook_runtime::script::at_depth;

use crate::failure::Failure;
use crate::library::Library;
use crate::place::Place;

/// The runbooks that can be read; and those that cannot, with why.
#[must_use]
pub fn known(library: &Library) -> (Vec<Known>, Vec<String>) {
    at_depth(|| {
        let (mut known, mut broken) = (Vec::new(), Vec::new());
        for title in library.titles() {
            match library.read(&title) {
                Ok((_, declaration)) => known.push(Known { name: title.name, declaration }),
                Err(wrong) => {
                    broken.push(format!("`{}` does not load, so links to it are not judged: {}", title.name, wrong.line()));
                }
            }
        }
        (known, broken)
    })
}

/// The address of the page: as given, otherwise `url` of `[serve]`.
///
/// # Errors
/// What was given is no address of a page.
pub fn base(given: Option<&str>, place: &Place) -> Result<Option<String>, Failure> {
    let Some(base) = given.or_else(|| place.configuration.serve.text("url")) else { return Ok(None) };
    let base = base.trim_end_matches('/');
    match runbook_alerts::link::read(&format!("{base}/")) {
        Ok(link) if link.scheme != "runbook" && !base.contains(['?', '#']) => Ok(Some(base.to_owned())),
        Ok(_) => Err(Failure::usage(format!("`{base}` is no address of a page")).hint("https://HOST, without `?` and `#`")),
        Err(error) => Err(Failure::usage(format!("`{base}` is no address of a page: {error}"))),
    }
}
