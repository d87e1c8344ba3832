//! Prose: cells, evidence and findings → what a reader reads, as plain text and as HTML with the matched words marked.
//!
//! Everything is cleaned, bounded and escaped here, once, for mails and reports alike. Pure: nothing is sent or decided.

mod finding;
mod passage;
mod why;
pub mod words;

pub use finding::{FindingView, Labelled, NAME, cell, color, labelled, paragraphs, party, sentence_case};
pub use passage::{Matched, Passage, clean, clean_line, cut, escape};
