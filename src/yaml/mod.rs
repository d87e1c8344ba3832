//! YAML nodes with positions: `{text, style, span}`, scalars as source text. The only user of the YAML parser for rule files.
use crate::problem::{Problem, SourceText};
use std::ops::Range;
use std::sync::Arc;
/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Byte range in the source.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}
/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A scalar's text; `plain` when unquoted.
    Scalar {
        /// Source text of plain scalars, decoded text of quoted ones.
        text: String,
        /// Unquoted.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map in order; keys are scalars.
    Map(Vec<(Node, Node)>),
}
/// Limits against hostile files.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nodes after aliases are expanded.
    pub nodes: usize,
    /// Aliases.
    pub aliases: usize,
    /// Nesting.
    pub depth: usize,
}
impl Default for Limits {
    fn default() -> Limits {
        Limits { nodes: 50_000, aliases: 50, depth: 32 }
    }
}
/// The documents of a file, and what is wrong (duplicate keys, limits, syntax).
pub fn parse(_source: &Arc<SourceText>, _limits: Limits) -> (Vec<Node>, Vec<Problem>) {
    unimplemented!()
}
