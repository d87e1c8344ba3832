//! Plain lists: texts of `lists/*.{txt,csv,yaml}` → named values. It gives values no meaning; the field that uses them does.

use crate::problem::{Problem, SourceText, did_you_mean};
use crate::yaml::{self, Node, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Values by list name.
#[derive(Debug, Default)]
pub(super) struct Lists {
    values: BTreeMap<String, Vec<String>>,
    /// Lists that are there and cannot be read.
    broken: BTreeSet<String>,
}

/// The name that rules know a list by: the file's name without its ending.
pub fn list_name(path: &str) -> String {
    Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

impl Lists {
    /// Reads every text; a list with a problem keeps the values that could be read.
    pub(super) fn load(sources: &[Arc<SourceText>]) -> (Lists, Vec<Problem>) {
        let (mut lists, mut problems) = (Lists::default(), Vec::new());
        for source in sources {
            let path = Path::new(&source.path);
            let name = list_name(&source.path);
            let before = problems.len();
            let extension = path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
            let values = match extension.as_str() {
                "csv" => from_csv(source, &mut problems),
                "yaml" | "yml" => from_yaml(source, &mut problems),
                _ => from_lines(source),
            };
            let is_broken = problems.iter().skip(before).any(Problem::is_error);
            if !is_broken && values.is_empty() {
                problems.push(Problem::error("empty-list", source, 0..0, format!("the list `{name}` has no values")));
            }
            if is_broken || values.is_empty() {
                lists.broken.insert(name.clone());
            }
            if lists.values.insert(name.clone(), values).is_some() {
                let message = format!("there is another list named `{name}`");
                problems.push(Problem::error("duplicate-list", source, 0..0, message));
            }
        }
        (lists, problems)
    }

    /// The values of a list.
    pub(super) fn get(&self, name: &str) -> Option<&[String]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// Whether the list is there and cannot be read.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
    }

    /// Every list's name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// The list's name in `%name%`.
pub(super) fn reference(text: &str) -> Option<&str> {
    let name = text.strip_prefix('%')?.strip_suffix('%')?;
    (!name.is_empty() && !name.contains(|c: char| c == '%' || c.is_whitespace())).then_some(name)
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn from_lines(source: &SourceText) -> Vec<String> {
    let lines = without_mark(&source.text).lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn from_csv(source: &Arc<SourceText>, problems: &mut Vec<Problem>) -> Vec<String> {
    let text = without_mark(&source.text);
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
    let column = match reader.headers() {
        Ok(header) => header.iter().position(|name| name.eq_ignore_ascii_case("value")).unwrap_or(0),
        Err(_) => 0,
    };
    let mut values = Vec::new();
    for row in reader.records() {
        match row {
            Ok(row) => values.extend(row.get(column).filter(|cell| !cell.is_empty()).map(str::to_owned)),
            Err(error) => {
                let place = error.position().and_then(|place| usize::try_from(place.byte()).ok()).unwrap_or(0);
                let message = format!("this line cannot be read: {error}");
                problems.push(Problem::error("list-syntax", source, place..place, message));
                break;
            }
        }
    }
    values
}

fn from_yaml(source: &Arc<SourceText>, problems: &mut Vec<Problem>) -> Vec<String> {
    let (documents, mut found) = yaml::parse(source, yaml::Limits { nodes: 500_000, ..yaml::Limits::default() });
    problems.append(&mut found);
    let Some(node) = documents.first() else { return Vec::new() };
    let items = match &node.value {
        Value::Map(entries) => {
            problems.extend(entries.iter().filter_map(|entry| unknown_key(source, &entry.0)));
            node.get("values").unwrap_or(node)
        }
        Value::List(_) | Value::Scalar { .. } => node,
    };
    let Value::List(items) = &items.value else {
        let message = "a list file holds a list of values, or a map with `values:`";
        problems.push(Problem::error("wrong-shape", source, items.span.clone(), message));
        return Vec::new();
    };
    let mut values = Vec::new();
    for item in items {
        match item.text() {
            Some(text) => values.push(text.trim().to_owned()),
            None => problems.push(Problem::error("wrong-shape", source, item.span.clone(), "a value must be a text")),
        }
    }
    values
}

fn unknown_key(source: &Arc<SourceText>, key: &Node) -> Option<Problem> {
    let keys = ["title", "source", "values", "description", "references", "licence", "license", "date"];
    let name = key.text().filter(|name| !keys.contains(name))?;
    let problem = Problem::error("unknown-key", source, key.span.clone(), format!("a list has no key `{name}`"));
    Some(match did_you_mean(name, keys) {
        Some(near) => problem.with_hint(format!("did you mean `{near}`?")),
        None => problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let (lists, problems) = Lists::load(&[SourceText::new(path, text)]);
        assert_eq!(problems, [], "{path}");
        assert_eq!(lists.get("hubs").unwrap(), expected);
    }

    #[test]
    fn every_kind_of_list_gives_its_values_as_texts() {
        check("lists/hubs.txt", "\u{feff}# hubs\nTR\n\n  NO \n", &["TR", "NO"]);
        check("lists/hubs.csv", "name,value\nTurkey,TR\n\"Nor,way\",NO\n", &["TR", "NO"]);
        check("lists/hubs.csv", "hs6,title\n010239,x\n854231,y\n", &["010239", "854231"]);
        check("lists/hubs.yaml", "title: Hubs\nsource: x\nvalues: [TR, NO, 0102]\n", &["TR", "NO", "0102"]);
        check("lists/hubs.yaml", "- TR\n- NO\n", &["TR", "NO"]);
    }

    #[test]
    fn a_list_is_named_between_percent_signs() {
        assert_eq!(reference("%hubs%"), Some("hubs"));
        assert_eq!(reference("100%"), None);
        assert_eq!(reference("%%"), None);
    }
}
