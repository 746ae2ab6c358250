//! Results as JUnit XML, which build servers read.

use std::fmt::Write as _;

use crate::interchange::xml::escaped;

/// The tests of one runbook.
#[derive(Debug, Default)]
pub struct Suite {
    /// Its name.
    pub runbook: String,
    /// Each test: its name, how long it took in milliseconds, and what is wrong.
    pub cases: Vec<(String, u64, Option<String>)>,
}

impl Suite {
    /// All of them as one document.
    #[must_use]
    pub fn document(suites: &[Self]) -> String {
        let all = |count: fn(&Self) -> usize| suites.iter().map(count).sum::<usize>();
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let (tests, failures) = (all(|suite| suite.cases.len()), all(Self::failures));
        push(&mut xml, format_args!("<testsuites name=\"runbook\" tests=\"{tests}\" failures=\"{failures}\">\n"));
        for suite in suites {
            let (name, tests, failures) = (escaped(&suite.runbook), suite.cases.len(), suite.failures());
            let time = seconds(suite.cases.iter().map(|(_, millis, _)| millis).sum());
            push(
                &mut xml,
                format_args!("  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" time=\"{time}\">\n"),
            );
            for (case, millis, wrong) in &suite.cases {
                let head = format!("    <testcase classname=\"{name}\" name=\"{}\" time=\"{}\"", escaped(case), seconds(*millis));
                match wrong {
                    None => push(&mut xml, format_args!("{head}/>\n")),
                    Some(wrong) => {
                        let message = escaped(wrong.lines().next().unwrap_or_default());
                        let text = escaped(wrong);
                        push(
                            &mut xml,
                            format_args!("{head}>\n      <failure message=\"{message}\">{text}</failure>\n    </testcase>\n"),
                        );
                    }
                }
            }
            xml.push_str("  </testsuite>\n");
        }
        xml.push_str("</testsuites>\n");
        xml
    }

    fn failures(&self) -> usize {
        self.cases.iter().filter(|(.., wrong)| wrong.is_some()).count()
    }
}

fn push(xml: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a text cannot fail.
    xml.write_fmt(text).ok();
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}
