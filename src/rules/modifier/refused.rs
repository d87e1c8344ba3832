//! Sigma's modifiers that mean nothing in a customs record, each with what to do instead. It reads no value.

const DECODED: &str = "files are decoded before rules see them: look for the text itself";
const PLAIN: &str = "cells hold plain text: look for the text itself";
const NO_TIME: &str = "declarations carry a date and no time: `day`, `week`, `month` and `year` ask for parts of it";
/// The word and the advice.
pub(super) const REFUSED: [(&str, &str); 10] = [
    ("cidr", "take it out: no field holds a network address"),
    ("windash", "`mentions` takes every kind of hyphen for the same"),
    ("base64", PLAIN),
    ("base64offset", PLAIN),
    ("utf16", DECODED),
    ("utf16le", DECODED),
    ("utf16be", DECODED),
    ("wide", DECODED),
    ("hour", NO_TIME),
    ("minute", NO_TIME),
];
