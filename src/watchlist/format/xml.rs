//! XML, record by record. In: a stream and the names of the elements that are records. Out: each record as a small tree,
//! with its line. Namespaces are left out; entities that the file declares itself are never expanded; a document that is
//! cut off, or nested too deep, ends in a problem.
use super::super::entry::Place;
use super::super::scribe::Scribe;
use super::lines::Lines;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// An element with its text and children; attributes are not kept.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

const DEEPEST: usize = 32;
/// Elements of one record.
const MOST_ELEMENTS: usize = 20_000;

/// Calls back for each record.
pub(super) fn each(
    lines: Lines,
    scribe: &mut Scribe,
    records: &[&str],
    mut take: impl FnMut(&Element, Place, &mut Scribe),
) {
    let reached = lines.reached();
    let mut reader = Reader::from_reader(lines);
    reader.config_mut().expand_empty_elements = true;
    let (mut buffer, mut open) = (Vec::new(), Open::default());
    loop {
        buffer.clear();
        let at = Place::Line(reached.line());
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            // What quick-xml calls a syntax error is markup that the end of the file leaves open.
            Err(quick_xml::Error::Syntax(cause)) => {
                return scribe.error("cut-off", at, format!("the document is cut off: {cause}"));
            }
            Err(cause) => return scribe.error("invalid-xml", at, format!("this is no XML: {cause}")),
        };
        match event {
            Event::Start(start) => open.start(&start, records),
            Event::Text(text) => open.text(&text),
            Event::CData(text) => open.text(&text),
            Event::GeneralRef(reference) => open.text(&resolved(&reference)),
            Event::End(_) => {
                if let Some(record) = open.end() {
                    take(&record, Place::Line(reached.line()), scribe);
                }
            }
            Event::Eof if open.depth > 0 => {
                let message = "the document ends in the middle of an element: it is cut off".to_owned();
                return scribe.error("cut-off", at, message);
            }
            Event::Eof => return,
            // Empty elements come as a start and an end.
            Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
        }
        if open.depth > DEEPEST || open.elements > MOST_ELEMENTS {
            let message = "an element is nested too deep or too large to be an entry".to_owned();
            return scribe.error("invalid-xml", at, message);
        }
    }
}

/// The elements of a record that are not closed yet.
#[derive(Default)]
struct Open {
    depth: usize,
    elements: usize,
    stack: Vec<Element>,
}

impl Open {
    fn start(&mut self, start: &BytesStart, records: &[&str]) {
        self.depth += 1;
        let name = start.local_name();
        let name = name.as_ref();
        if self.stack.is_empty() && !records.contains(&name) {
            return;
        }
        self.elements += 1;
        self.stack.push(Element { name: name.to_owned(), ..Element::default() });
    }

    fn text(&mut self, text: &str) {
        if let Some(element) = self.stack.last_mut() {
            element.text.push_str(text);
        }
    }

    /// Closes an element; a record that is whole is handed back.
    fn end(&mut self) -> Option<Element> {
        self.depth = self.depth.saturating_sub(1);
        let element = self.stack.pop()?;
        match self.stack.last_mut() {
            Some(parent) => {
                parent.children.push(element);
                None
            }
            None => {
                self.elements = 0;
                Some(element)
            }
        }
    }
}

fn resolved(reference: &BytesRef) -> String {
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        return letter.to_string();
    }
    resolve_predefined_entity(reference).unwrap_or("").to_owned()
}

impl Element {
    /// The children of that name.
    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the element at a path of names, empty when there is none.
    pub(super) fn at<'e>(&'e self, path: &[&str]) -> &'e str {
        let mut element = self;
        for name in path {
            let Some(child) = element.children.iter().find(|child| child.name == *name) else { return "" };
            element = child;
        }
        element.text.trim()
    }

    /// The texts of the children of that name that have any.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let texts = self.children.iter().filter(|child| child.name == name).map(|child| child.text.trim().to_owned());
        texts.filter(|text| !text.is_empty()).collect()
    }
}
