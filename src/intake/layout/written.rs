//! A layout's text → the layout, and everything that is wrong with it at its place.
//!
//! In: a YAML text. Out: a [`Layout`] as far as it can be meant, and problems. It knows no other layout and no file.

use std::ops::Range;
use std::sync::Arc;

use super::super::container::is_encoding;
use super::super::schema;
use super::fit::is_telling;
use super::{Heading, Layout, Origin};
use crate::problem::{Problem, SourceText, did_you_mean};
use crate::record::{Field, FieldKind};
use crate::text::heading_key;
use crate::value::{self, Affix, DateOrder, Decimal, DecimalMark};
use crate::yaml::{self, Node, Value, shape};

/// Encodings that exports come in, as a layout names them; every name of the WHATWG standard is taken.
const ENCODINGS: [&str; 9] =
    ["utf-8", "utf-16le", "utf-16be", "windows-1251", "ibm866", "koi8-r", "gb18030", "windows-1252", "windows-1254"];

/// Units that a column of masses can be in.
pub const UNITS: [&str; 4] = ["kg", "g", "t", "lb"];

/// A layout and the place of its name.
type Read = (Option<(Layout, Range<usize>)>, Vec<Problem>);

pub(super) fn read(source: &Arc<SourceText>) -> Read {
    let (mut documents, mut problems) = yaml::parse(source, yaml::Limits::default());
    if problems.iter().any(Problem::is_error) {
        return (None, problems);
    }
    let (Some(node), true) = (documents.pop(), documents.is_empty()) else {
        // A file without anything in it is told as such by its reader.
        problems.push(Problem::error("bad-layout", source, 0..0, "a layout is one document"));
        return (None, problems);
    };
    problems.extend(shape::read(&node, &schema::shape(), source).1);
    let mut reader = Reader { source, problems, used: Vec::new() };
    let layout = reader.layout(&node);
    (layout, reader.problems)
}

struct Reader<'a> {
    source: &'a Arc<SourceText>,
    problems: Vec<Problem>,
    /// Headings that are a field of their own, by key.
    used: Vec<(String, Field)>,
}

impl Reader<'_> {
    fn layout(&mut self, node: &Node) -> Option<(Layout, Range<usize>)> {
        let text = |key: &str| node.get(key).and_then(Node::text);
        let name = node.get("layout").filter(|name| name.text().is_some());
        if let Some(name) = name {
            self.name(name);
        }
        let fields = self.fields(node.get("fields"));
        let constants = self.constants(node.get("constants"));
        let encoding = node.get("encoding").filter(|encoding| encoding.text().is_some());
        if !encoding.is_none_or(|encoding| self.encoding(encoding)) {
            return None;
        }
        let name = name?;
        let layout = Layout {
            name: name.text()?.to_owned(),
            encoding: encoding.and_then(Node::text).map(str::to_owned),
            date_order: match text("date_order") {
                Some("dmy") => Some(DateOrder::DayFirst),
                Some("mdy") => Some(DateOrder::MonthFirst),
                Some(_) | None => None,
            },
            decimal: match text("decimal") {
                Some("comma") => Some(DecimalMark::Comma),
                Some("point") => Some(DecimalMark::Point),
                Some(_) | None => None,
            },
            fields,
            constants,
        };
        let is_sound = !self.problems.iter().any(Problem::is_error);
        if is_sound && !layout.fields.iter().any(|(field, _)| is_telling(*field)) {
            let told = "no file fits this layout: none of its fields says what was shipped, or by whom";
            self.warning("untelling-layout", name.span.clone(), told);
        }
        Some((layout, name.span.clone()))
    }

    fn name(&mut self, node: &Node) {
        let name = node.text().unwrap_or("");
        let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if name == "auto" {
            self.error("bad-layout", node, "`auto` is no name: it means that a layout is chosen by the headings");
        } else if name.is_empty() || !name.chars().all(plain) {
            self.error("bad-layout", node, "a layout's name is letters, digits, `-`, `_` and `.`");
        }
    }

    fn encoding(&mut self, node: &Node) -> bool {
        let name = node.text().unwrap_or("");
        if is_encoding(name) {
            return true;
        }
        self.error("unknown-encoding", node, &format!("`{name}` is no encoding that is known"));
        match did_you_mean(name, ENCODINGS) {
            Some(guess) => self.hint(&format!("did you mean `{guess}`?")),
            None => self.hint(&format!("write one of {}", ENCODINGS.join(", "))),
        }
        false
    }

    fn fields(&mut self, node: Option<&Node>) -> Vec<(Field, Vec<Origin>)> {
        let mut fields = Vec::new();
        for (key, value) in entries(node) {
            let Some(field) = self.field(key) else { continue };
            let Value::List(items) = &value.value else { continue };
            if items.is_empty() {
                self.error("no-headings", value, &format!("`{field}` has no headings"));
                self.hint("name the headings of its column, or take the field out");
            }
            let origins = items.iter().filter_map(|item| self.origin(field, item)).collect();
            fields.push((field, origins));
        }
        fields
    }

    fn field(&mut self, key: &Node) -> Option<Field> {
        let name = key.text()?;
        let found = Field::from_name(name);
        if found.is_none() {
            self.error("unknown-field", key, &format!("unknown field `{name}`"));
            let names: Vec<String> = Field::all().map(Field::name).collect();
            match did_you_mean(name, names.iter().map(String::as_str)) {
                Some(guess) => self.hint(&format!("did you mean `{guess}`?")),
                None => self.hint("docs/fields.md lists the fields"),
            }
        }
        found
    }

    fn origin(&mut self, field: Field, item: &Node) -> Option<Origin> {
        let plain = |heading| Origin { headings: vec![heading], between: String::new(), times: None };
        let Value::Map(_) = &item.value else { return self.own_heading(field, item).map(plain) };
        let (heading, join) = (item.get("heading"), item.get("join"));
        let mut origin = match (heading, join) {
            (Some(heading), None) => self.own_heading(field, heading).map(plain)?,
            (None, Some(join)) => self.joined(field, join)?,
            (Some(_), Some(_)) | (None, None) => {
                self.error("bad-heading", item, "either `heading` or `join` says which column it is");
                return None;
            }
        };
        match (item.get("with"), join) {
            (Some(with), Some(_)) => origin.between = with.text().unwrap_or(" ").to_owned(),
            (Some(with), None) => self.error("bad-heading", with, "`with` belongs to `join`"),
            (None, _) => {}
        }
        origin.times = self.times(field, item);
        Some(origin)
    }

    /// A heading whose column is the field.
    fn own_heading(&mut self, field: Field, node: &Node) -> Option<Heading> {
        let heading = self.heading(node)?;
        match self.used.iter().find(|(key, _)| *key == heading.key).map(|(_, other)| *other) {
            Some(other) if other == field => {
                let told = format!("`{}` is there twice: case, spaces and signs do not count", heading.text);
                self.warning("repeated-heading", node.span.clone(), &told);
            }
            Some(other) => {
                let told = format!("`{}` is `{other}` already, and becomes `{field}` too", heading.text);
                self.warning("heading-of-two-fields", node.span.clone(), &told);
            }
            None => self.used.push((heading.key.clone(), field)),
        }
        Some(heading)
    }

    fn heading(&mut self, node: &Node) -> Option<Heading> {
        let text = node.text()?;
        let key = heading_key(text);
        if key.is_empty() {
            self.error("bad-heading", node, &format!("`{text}` has no letter and no digit to know a column by"));
            return None;
        }
        Some(Heading { text: text.to_owned(), key })
    }

    fn joined(&mut self, field: Field, join: &Node) -> Option<Origin> {
        let Value::List(items) = &join.value else { return None };
        let headings: Vec<Heading> = items.iter().filter_map(|item| self.heading(item)).collect();
        for (place, item) in items.iter().enumerate() {
            let key = item.text().map(heading_key);
            if items.iter().take(place).any(|before| before.text().map(heading_key) == key) {
                let told = format!("`{}` is joined twice", item.text().unwrap_or(""));
                self.warning("repeated-heading", item.span.clone(), &told);
            }
        }
        match field.kind() {
            FieldKind::Date | FieldKind::Country | FieldKind::Hs => {
                self.error("bad-heading", join, &format!("cells of `{field}` cannot be joined"));
                self.hint("texts, names and codes can, and a number with its unit; name one column here");
            }
            FieldKind::PartyName | FieldKind::PartyId | FieldKind::Text | FieldKind::Code | FieldKind::Number => {}
        }
        if items.len() < 2 {
            self.error("bad-heading", join, "`join` needs two headings or more");
        }
        (headings.len() > 1).then(|| Origin { headings, between: " ".to_owned(), times: None })
    }

    fn times(&mut self, field: Field, item: &Node) -> Option<Decimal> {
        let (times, unit) = (item.get("times"), item.get("unit"));
        let said = times.or(unit)?;
        if field.kind() != FieldKind::Number {
            self.error("bad-factor", said, &format!("`{field}` is no number that could be multiplied"));
            return None;
        }
        if let (Some(_), Some(unit)) = (times, unit) {
            self.error("bad-factor", unit, "`times` says it already");
        }
        if let Some(times) = times {
            let written = times.text().unwrap_or("");
            let factor = value::rule_number(written).filter(|factor| *factor > Decimal::ZERO);
            if factor.is_none() {
                self.error(
                    "bad-factor",
                    times,
                    &format!("`{written}` is no number above zero; write `1000` or `0.001`"),
                );
            }
            return factor;
        }
        let unit = unit?;
        if !matches!(field, Field::NetMassKg | Field::GrossMassKg) {
            self.error("bad-factor", unit, &format!("`{field}` is no mass; write `times: 1000`"));
            return None;
        }
        match value::amount(&format!("1 {}", unit.text().unwrap_or("")), DecimalMark::Point) {
            Some((_, Affix::Mass(kilograms))) => Some(kilograms),
            // The shape has told what is no unit.
            Some(_) | None => None,
        }
    }

    fn constants(&mut self, node: Option<&Node>) -> Vec<(Field, String)> {
        let mut constants = Vec::new();
        for (key, value) in entries(node) {
            let (Some(field), Some(written)) = (self.field(key), value.text()) else { continue };
            match canonical(field, written) {
                Some(text) => constants.push((field, text)),
                None => self.error("unreadable-cell", value, &format!("`{written}` cannot be a `{field}`")),
            }
        }
        constants
    }

    fn error(&mut self, code: &'static str, node: &Node, message: &str) {
        self.problems.push(Problem::error(code, self.source, node.span.clone(), message));
    }

    fn warning(&mut self, code: &'static str, span: Range<usize>, message: &str) {
        self.problems.push(Problem::warning(code, self.source, span, message));
    }

    /// Advice for the problem told last.
    fn hint(&mut self, hint: &str) {
        if let Some(last) = self.problems.pop() {
            self.problems.push(last.with_hint(hint));
        }
    }
}

fn entries(node: Option<&Node>) -> &[(Node, Node)] {
    match node.map(|node| &node.value) {
        Some(Value::Map(entries)) => entries,
        Some(Value::List(_) | Value::Scalar { .. }) | None => &[],
    }
}

/// A constant as a cell of its field would be read; numbers are written with a point, dates with the day first.
fn canonical(field: Field, written: &str) -> Option<String> {
    let written = written.trim();
    match field.kind() {
        FieldKind::PartyName | FieldKind::PartyId | FieldKind::Text | FieldKind::Code => Some(written.to_owned()),
        FieldKind::Country => value::country(written).map(str::to_owned),
        FieldKind::Hs => value::hs_digits(written),
        FieldKind::Number => value::rule_number(written).map(|number| number.normalize().to_string()),
        FieldKind::Date => value::date(written, DateOrder::DayFirst),
    }
    .filter(|text| !text.is_empty())
}
