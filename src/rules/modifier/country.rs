//! `country`: any spelling or code → ISO alpha-2.

use super::Scalar;
use crate::rules::report::Report;
use crate::value;

/// The countries' codes, sorted, each once; `None` when one is unknown.
pub(in crate::rules) fn codes(values: &[Scalar], report: &mut Report<'_>) -> Option<Vec<String>> {
    let mut codes = Vec::new();
    let mut sound = true;
    for scalar in values {
        match value::country(&scalar.text) {
            Some(code) => codes.push(code.to_owned()),
            None => {
                report.error("unknown-country", &scalar.span, format!("{} is no country", scalar.shown()));
                sound = false;
            }
        }
    }
    codes.sort();
    codes.dedup();
    sound.then_some(codes)
}
