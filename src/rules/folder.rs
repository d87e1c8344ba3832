//! A folder: all documents of all texts → compiled rules. Definitions are read first, then rules, then the filters that
//! speak of them; one bad file never stops the others.

use super::block::Context;
use super::define::{self, Definitions, Names};
use super::filter::{self, Filter, Rules};
use super::lists::Lists;
use super::report::Report;
use super::{Known, Ownership, Rule, RuleSet, RuleTexts, document, meaning};
use crate::problem::{Problem, SourceText};
use crate::yaml::{self, Node};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A document of a text.
struct Document<'t> {
    source: &'t Arc<SourceText>,
    node: Node,
    /// Whether the text can be read whole.
    readable: bool,
}

/// What a document is, by its keys.
#[derive(PartialEq)]
enum Kind {
    Rule,
    Definitions,
    Filter,
}

impl Document<'_> {
    fn kind(&self) -> Kind {
        match (self.node.get("define"), self.node.get("filter")) {
            (Some(_), _) => Kind::Definitions,
            (None, Some(_)) => Kind::Filter,
            (None, None) => Kind::Rule,
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.node.get(key).and_then(Node::text)
    }
}

/// A rule and the place of its id.
type Placed = (Rule, Range<usize>);

/// What is read so far.
struct Folder<'f> {
    documents: Vec<Document<'f>>,
    lists: Lists,
    names: Names,
    definitions: Definitions,
    rules: BTreeMap<String, Placed>,
    known: &'f Known,
    problems: Vec<Problem>,
}

/// Parses, checks and compiles every text.
pub(super) fn compile(texts: &RuleTexts, known: &Known) -> (RuleSet, Vec<Problem>) {
    let (lists, mut problems) = Lists::load(&texts.lists);
    let (mut documents, mut unread) = (Vec::new(), None);
    for source in &texts.rules {
        let (nodes, found) = yaml::parse(source, yaml::Limits::default());
        let readable = !found.iter().any(Problem::is_error);
        if let Some(broken) = found.iter().find(|problem| problem.code == "yaml-syntax") {
            unread.get_or_insert_with(|| broken.source.path.clone());
        }
        problems.extend(found);
        if nodes.is_empty() && readable {
            problems.push(emptied(source));
        }
        documents.extend(nodes.into_iter().map(|node| Document { source, node, readable }));
    }
    let defining = documents.iter().filter(|document| document.kind() == Kind::Definitions);
    let mut names = define::names(defining.map(|document| (document.source, &document.node)), &mut problems);
    let definitions = Definitions::default();
    names.unread = unread;
    let mut folder = Folder { documents, lists, names, definitions, rules: BTreeMap::new(), known, problems };
    let documents = std::mem::take(&mut folder.documents);
    folder.read_definitions(&documents);
    folder.read_rules(&documents);
    folder.apply_filters(&documents);
    folder.problems.extend(folder.names.unused());
    let rules = folder.rules.into_values().map(|(mut rule, _)| {
        let (version, reads) = (meaning::version(&rule.selections, &rule.condition), meaning::reads(&rule.selections));
        let card = Arc::make_mut(&mut rule.card);
        (card.version, card.reads) = (version, reads);
        Arc::new(rule)
    });
    (RuleSet { rules: rules.collect() }, folder.problems)
}

/// An emptied file must not turn a rule off without a word.
fn emptied(source: &Arc<SourceText>) -> Problem {
    Problem::error("no-rule", source, 0..0, "there is no rule in this file")
        .with_hint("remove the file when its rule is not wanted any more")
}

impl Folder<'_> {
    fn read_definitions(&mut self, documents: &[Document<'_>]) {
        for document in documents.iter().filter(|document| document.kind() == Kind::Definitions) {
            if !document.readable {
                self.definitions.distrust(&document.node, document.source);
                continue;
            }
            let mut report = Report::new(document.source);
            let context = Context {
                lists: &self.lists,
                definitions: &self.names,
                ownership: Ownership::default(),
                min_score: None,
            };
            self.definitions.read(&document.node, &mut report, context);
            self.problems.append(&mut report.problems);
        }
        self.definitions.settle(&mut self.problems);
    }

    fn read_rules(&mut self, documents: &[Document<'_>]) {
        for document in documents.iter().filter(|document| document.kind() == Kind::Rule) {
            let mut report = Report::new(document.source);
            let context = Context {
                lists: &self.lists,
                definitions: &self.names,
                ownership: Ownership::default(),
                min_score: None,
            };
            let read = document::read(&document.node, &mut report, (context, self.known, &self.definitions));
            let bars = |problem: &Problem| problem.is_error() && !problem.spares_the_rule();
            let sound = document.readable && !report.problems.iter().any(bars);
            self.problems.append(&mut report.problems);
            let Some((rule, span)) = read.filter(|_| sound) else { continue };
            match self.rules.get(&rule.card.id) {
                Some((first, place)) => {
                    let place = define::place(&first.source, place);
                    self.problems.push(taken(&rule.card.id, &place, document.source, span));
                }
                None => {
                    self.rules.insert(rule.card.id.clone(), (rule, span));
                }
            }
        }
    }

    fn apply_filters(&mut self, documents: &[Document<'_>]) {
        let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for document in documents.iter().filter(|document| document.kind() == Kind::Rule) {
            let Some(id) = document.text("id") else { continue };
            for name in document.text("name").into_iter().chain([id]) {
                by_name.entry(name).or_default().push(id);
            }
        }
        let mut filters: BTreeMap<String, String> = BTreeMap::new();
        for document in documents.iter().filter(|document| document.kind() == Kind::Filter) {
            let mut report = Report::new(document.source);
            let context = Context {
                lists: &self.lists,
                definitions: &self.names,
                ownership: Ownership::default(),
                min_score: None,
            };
            let read = filter::read(&document.node, &mut report, (context, self.known, &self.definitions));
            if let Some(filter) = &read {
                tell_unknown(filter, &by_name, &mut report);
            }
            let sound = document.readable && !report.problems.iter().any(Problem::is_error);
            self.problems.append(&mut report.problems);
            let Some(filter) = read.filter(|_| sound) else { continue };
            if let Some(first) = filters.insert(filter.name().to_owned(), filter.place()) {
                let span = document.node.get("id").map_or(document.node.span.clone(), |id| id.span.clone());
                self.problems.push(taken(filter.name(), &first, filter.source(), span));
                continue;
            }
            self.apply(&filter, &by_name);
        }
    }

    fn apply(&mut self, filter: &Filter, by_name: &BTreeMap<&str, Vec<&str>>) {
        let named = filter.rules.named().iter().filter_map(|(name, _)| by_name.get(name.as_str()));
        let ids: Vec<&str> = named.flatten().copied().collect();
        let all = matches!(filter.rules, Rules::All);
        for (id, (rule, _)) in &mut self.rules {
            if all || ids.contains(&id.as_str()) {
                filter.apply(rule);
            }
        }
    }
}

fn tell_unknown(filter: &Filter, by_name: &BTreeMap<&str, Vec<&str>>, report: &mut Report<'_>) {
    let named = filter.rules.named().iter().filter(|(name, _)| !by_name.contains_key(name.as_str()));
    for (name, span) in named {
        report.error("unknown-rule", span, format!("there is no rule `{name}`"));
        report.guess(name, by_name.keys().copied());
    }
}

fn taken(id: &str, first: &str, source: &Arc<SourceText>, span: Range<usize>) -> Problem {
    let message = format!("the id `{id}` is taken by {first}");
    Problem::error("duplicate-id", source, span, message).with_hint("give each rule and each filter an id of its own")
}
