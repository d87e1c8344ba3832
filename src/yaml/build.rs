//! Parser events in, nodes out: keeps the stack of open collections, expands aliases, counts against the limits.

use super::{Limits, Node, Value, slip};
use crate::problem::{Problem, SourceText};
use granit_parser::{Event, ScalarStyle, ScanError, Tag};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// Reading this file must end: a limit is reached.
pub(super) struct Stop;

pub(super) struct Builder<'a> {
    source: &'a Arc<SourceText>,
    limits: Limits,
    open: Vec<Frame>,
    anchors: HashMap<usize, (Node, usize)>,
    /// Anchors that no alias has named yet, with the place of what they name.
    unused: BTreeMap<usize, Range<usize>>,
    nodes: usize,
    aliases: usize,
    documents: Vec<Node>,
    problems: Vec<Problem>,
}

/// An open collection.
struct Frame {
    start: usize,
    anchor: usize,
    /// Nodes counted before it.
    before: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<(Node, Node)>, seen: HashSet<String>, key: Option<Node> },
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a Arc<SourceText>, limits: Limits) -> Builder<'a> {
        Builder {
            source,
            limits,
            open: Vec::new(),
            anchors: HashMap::new(),
            unused: BTreeMap::new(),
            nodes: 0,
            aliases: 0,
            documents: Vec::new(),
            problems: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Vec<Node>, Vec<Problem>) {
        (self.documents, self.problems)
    }

    /// Gives up the document at hand.
    pub(super) fn abandon(&mut self, error: &ScanError) {
        let open: Vec<usize> = self.open.iter().map(|frame| frame.start).collect();
        self.problems.push(slip::problem(self.source, error, &open));
        self.open.clear();
        self.anchors.clear();
        self.unused.clear();
    }

    /// `&Co parts` reads as `parts`, anchored as `Co`: said, because the word is lost.
    fn tell_unused(&mut self) {
        for span in std::mem::take(&mut self.unused).into_values() {
            let before = self.source.text.get(..span.start).unwrap_or("");
            let Some(start) = before.rfind('&') else { continue };
            let name = before.get(start..).unwrap_or("").split_whitespace().next().unwrap_or("&");
            let message = format!("`{name}` is not part of the value: it names it for aliases, and there are none");
            let problem = Problem::warning("unused-anchor", self.source, start..start + name.len(), message);
            let hint = format!("write {} if it is part of the text", slip::quoted(&self.source.text, start));
            self.problems.push(problem.with_hint(hint));
        }
    }

    pub(super) fn take(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), Stop> {
        let tagged = event.tag().and_then(|tag| self.tag(tag, &span));
        match event {
            Event::Scalar(text, style, anchor, _) => match tagged {
                // What was probably meant as a text: the tag is told, and nothing that follows from it.
                Some(tag) => self.scalar(&format!("{tag} {text}"), ScalarStyle::SingleQuoted, (anchor, span)),
                None => self.scalar(&text, style, (anchor, span)),
            },
            Event::SequenceStart(_, anchor, _) => self.enter(Content::List(Vec::new()), anchor, span),
            Event::MappingStart(_, anchor, _) => {
                let content = Content::Map { entries: Vec::new(), seen: HashSet::new(), key: None };
                self.enter(content, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.leave(span);
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => {
                self.error(
                    "unknown-anchor",
                    &span,
                    format!("`*{name}` stands for what `&{name}` names, and nothing does"),
                );
                self.hint(format!("write {} if it is a text", slip::quoted(&self.source.text, span.start)));
                self.place(Node { span, value: Value::Scalar { text: name.to_string(), plain: false } });
                Ok(())
            }
            Event::DocumentEnd => {
                self.anchors.clear();
                self.tell_unused();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A tag that means nothing here, told at its place.
    fn tag(&mut self, tag: &Tag, span: &Range<usize>) -> Option<String> {
        if ["str", "map", "seq"].iter().any(|name| tag.is_yaml_core_schema_tag(name)) {
            return None;
        }
        let original = tag.original();
        let before = self.source.text.get(..span.start).unwrap_or("");
        let place = before.rfind(original.as_str()).map_or(span.clone(), |start| start..start + original.len());
        self.error("yaml-tag", &place, format!("`{original}` is a tag, and tags have no meaning here"));
        self.hint(format!("write {} if it is a text", slip::quoted(&self.source.text, place.start)));
        Some(original)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, at: (usize, Range<usize>)) -> Result<(), Stop> {
        let (anchor, span) = at;
        self.count(1, &span)?;
        let plain = style == ScalarStyle::Plain;
        let text = if plain && span.is_empty() { String::new() } else { text.to_owned() };
        let node = Node { span, value: Value::Scalar { text, plain } };
        self.remember(anchor, &node, 1);
        self.place(node);
        Ok(())
    }

    fn enter(&mut self, content: Content, anchor: usize, span: Range<usize>) -> Result<(), Stop> {
        let before = self.nodes;
        self.count(1, &span)?;
        if self.open.len() >= self.limits.depth {
            let message = format!("nested deeper than {} levels", self.limits.depth);
            self.error("too-deep", &span, message);
            return Err(Stop);
        }
        self.open.push(Frame { start: span.start, anchor, before, content });
        Ok(())
    }

    fn leave(&mut self, end: Range<usize>) {
        let Some(frame) = self.open.pop() else { return };
        let (last, value) = match frame.content {
            Content::List(items) => (items.last().map(|item| item.span.end), Value::List(items)),
            Content::Map { entries, .. } => (entries.last().map(|entry| entry.1.span.end), Value::Map(entries)),
        };
        // A block collection's end event stands at the next token; its last child says where it ends.
        let end = if end.is_empty() { last.unwrap_or(end.end) } else { end.end };
        let node = Node { span: frame.start..end.max(frame.start), value };
        self.remember(frame.anchor, &node, self.nodes.saturating_sub(frame.before));
        self.place(node);
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>) -> Result<(), Stop> {
        self.unused.remove(&anchor);
        self.aliases += 1;
        if self.aliases > self.limits.aliases {
            let message = format!("more than {} aliases", self.limits.aliases);
            self.error("too-large", &span, message);
            return Err(Stop);
        }
        let Some(size) = self.anchors.get(&anchor).map(|entry| entry.1) else {
            self.error("alias-of-itself", &span, "an alias stands inside what it names".to_owned());
            self.place(Node { span, value: Value::Scalar { text: String::new(), plain: true } });
            return Ok(());
        };
        self.count(size, &span)?;
        if let Some(node) = self.anchors.get(&anchor).map(|entry| entry.0.clone()) {
            if depth(&node) + self.open.len() > self.limits.depth {
                let message = format!("nested deeper than {} levels", self.limits.depth);
                self.error("too-deep", &span, message);
                return Err(Stop);
            }
            // Children keep the place of their definition; the node itself stands where the alias does.
            self.place(Node { span, value: node.value });
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, span: &Range<usize>) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > self.limits.nodes {
            let message = format!("more than {} values, aliases expanded", self.limits.nodes);
            self.error("too-large", span, message);
            return Err(Stop);
        }
        Ok(())
    }

    fn remember(&mut self, anchor: usize, node: &Node, size: usize) {
        if anchor != 0 {
            self.unused.insert(anchor, node.span.clone());
            self.anchors.insert(anchor, (node.clone(), size));
        }
    }

    fn place(&mut self, node: Node) {
        let problem = match self.open.last_mut().map(|frame| &mut frame.content) {
            None => {
                if !matches!(&node.value, Value::Scalar { text, plain: true } if text.is_empty()) {
                    self.documents.push(node);
                }
                None
            }
            Some(Content::List(items)) => {
                items.push(node);
                None
            }
            Some(Content::Map { entries, seen, key }) => match key.take() {
                None => {
                    let wrong = key_problem(self.source, seen, &node);
                    *key = Some(node);
                    wrong
                }
                Some(name) => {
                    if name.text().is_some_and(|text| text != "<<") {
                        entries.push((name, node));
                    }
                    None
                }
            },
        };
        self.problems.extend(problem);
    }

    /// Advice for the problem told last.
    fn hint(&mut self, hint: String) {
        if let Some(last) = self.problems.pop() {
            self.problems.push(last.with_hint(hint));
        }
    }

    fn error(&mut self, code: &'static str, span: &Range<usize>, message: String) {
        self.problems.push(Problem::error(code, self.source, span.clone(), message));
    }
}

fn key_problem(source: &Arc<SourceText>, seen: &mut HashSet<String>, key: &Node) -> Option<Problem> {
    let span = key.span.clone();
    let Some(text) = key.text() else {
        return Some(Problem::error("key-not-text", source, span, "a key must be a text, not a list or a map"));
    };
    if text == "<<" && matches!(key.value, Value::Scalar { plain: true, .. }) {
        return Some(Problem::error("merge-key", source, span, "`<<` merges no maps: it is not part of YAML 1.2"));
    }
    let message = format!("the key `{text}` stands twice in this map");
    (!seen.insert(text.to_owned())).then(|| Problem::error("duplicate-key", source, span, message))
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Scalar { .. } => 0,
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => 1 + entries.iter().map(|entry| depth(&entry.1)).max().unwrap_or(0),
    }
}
