//! `mentions`, with `literal` and `inflected`.

use super::Scalar;
use crate::rules::Question;
use crate::rules::report::Report;
use crate::text::{Inflection, Term};

pub(super) fn term(value: &Scalar, inflection: Inflection, report: &mut Report<'_>) -> Option<Question> {
    match Term::parse(&value.text, inflection) {
        Ok(term) => Some(Question::Mentions(term)),
        Err(why) => {
            report.error("bad-term", &value.span, why);
            None
        }
    }
}
