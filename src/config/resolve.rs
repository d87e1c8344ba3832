//! The configuration's text → what it means, and everything that is wrong with it at its place.
//!
//! In: the text of `tidewaiter.yaml`. Out: a [`ConfigReading`]. It starts nothing and touches no folder.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::telling::TellingEntry;
use super::{
    Addresses, CANARY, Config, ConfigFile, ConfigReading, NamedLayouts, OneOrMany, RouteEntry, SourceEntry,
    SourceSettings,
};
use crate::deliver::is_deliverable;
use crate::finding::{self, Identity};
use crate::intake::{LayoutChoice, Limits, LimitsEntry};
use crate::problem::{self, Problem, SourceText};
use crate::record::Field;
use crate::triage::{RouteSettings, Routing};
use crate::yaml::{self, Node, Value, shape};

pub(super) fn resolve(path: &Path, text: &str) -> ConfigReading {
    let source = SourceText::new(path.display().to_string(), text);
    let base = path.parent().unwrap_or(Path::new(""));
    let (documents, mut problems) = yaml::parse(&source, yaml::Limits::default());
    let empty = Node { span: 0..0, value: Value::Map(Vec::new()) };
    let node = documents.first().unwrap_or(&empty);
    if let Some(second) = documents.get(1) {
        let start = second.span.start..second.span.start;
        problems.push(Problem::error("wrong-shape", &source, start, "a configuration is one document"));
    }
    let mut config = None;
    // After a slip of syntax, what is missing may only be unread.
    if !problems.iter().any(Problem::is_error) {
        let schema = serde_json::Value::from(schemars::schema_for!(ConfigFile));
        let (value, found) = shape::read(node, &schema, &source);
        problems.extend(found);
        match serde_json::from_value::<ConfigFile>(value) {
            Ok(file) => {
                let mut resolver = Resolver { source: &source, node, base, problems: Vec::new() };
                config = resolver.config(path, &file);
                problems.append(&mut resolver.problems);
            }
            Err(error) if !problems.iter().any(Problem::is_error) => {
                problems.push(Problem::error("wrong-shape", &source, 0..0, error.to_string()));
            }
            Err(_) => {}
        }
    }
    problem::sort(&mut problems);
    let spans = (0..).map(|place: usize| node.at(&["routes", &place.to_string()]).span.clone());
    let routes = config.iter().flat_map(|config| &config.routing.routes);
    ConfigReading {
        routes: routes.cloned().zip(spans).collect(),
        source: source.clone(),
        config: config.filter(|_| !problems.iter().any(Problem::is_error)),
        rules: base.join(node.get("rules").and_then(Node::text).unwrap_or("rules")),
        recipients: node.get("recipients").and_then(keys),
        sources: node.get("sources").and_then(source_names),
        layouts: named_layouts(node, &source),
        problems,
    }
}

fn source_names(sources: &Node) -> Option<Vec<String>> {
    let Value::List(items) = &sources.value else { return None };
    items.iter().map(|item| item.get("name").and_then(Node::text).map(str::to_owned)).collect()
}

fn named_layouts(node: &Node, source: &Arc<SourceText>) -> NamedLayouts {
    let items = match node.get("sources").map(|sources| &sources.value) {
        Some(Value::List(items)) => items.as_slice(),
        Some(Value::Map(_) | Value::Scalar { .. }) | None => &[],
    };
    let named = items.iter().filter_map(|item| item.get("layout"));
    let named = named.filter_map(|layout| Some((layout.text()?.to_owned(), layout.span.clone())));
    let is_name = |(name, _): &(String, _)| !name.is_empty() && name != "auto";
    NamedLayouts { source: source.clone(), names: named.filter(is_name).collect() }
}

fn keys(recipients: &Node) -> Option<Vec<String>> {
    let Value::Map(entries) = &recipients.value else { return None };
    Some(entries.iter().filter_map(|entry| entry.0.text()).map(str::to_owned).collect())
}

/// Keys and places in lists, from the top.
pub(super) type KeyPath<'p> = &'p [&'p str];

pub(super) struct Resolver<'a> {
    source: &'a Arc<SourceText>,
    node: &'a Node,
    pub(super) base: &'a Path,
    problems: Vec<Problem>,
}

impl Resolver<'_> {
    fn config(&mut self, path: &Path, file: &ConfigFile) -> Option<Config> {
        if file.sources.is_empty() {
            self.wrong(&["sources"], "at least one drop folder is needed: `- {name: imports, folder: drop}`");
        }
        let mut sources = Vec::new();
        for (place, entry) in file.sources.iter().enumerate() {
            let place = place.to_string();
            let Some(source) = self.source(entry, &place) else { continue };
            if sources.iter().any(|other: &SourceSettings| other.name == source.name || other.folder == source.folder) {
                let message = format!("`{}`: name and folder of each source must be its own", entry.name);
                self.wrong(&["sources", &place, "name"], &message);
            }
            sources.push(source);
        }
        let routing = self.routing(file);
        let operators =
            file.operators.as_ref().or(file.recipients.get("default")).map_or_else(Vec::new, Addresses::list);
        if file.operators.is_some() {
            self.addresses(&["operators"], &operators);
        }
        let mail = self.mail(&file.mail);
        let limits = self.limits(file.limits.as_ref());
        let told = file.telling.as_ref().unwrap_or(&TellingEntry::default()).resolve(file.timezone.as_deref());
        let told = told.map_err(|(path, message)| self.wrong(&path, &message)).ok();
        let state = self.base.join(file.state.as_deref().unwrap_or(Path::new("state")));
        let upkeep = self.upkeep(file, &state);
        let (timing, mail_limits, storm) = told?;
        Some(Config {
            path: path.to_owned(),
            hash: finding::hash(&[&self.source.text]),
            sources,
            mail: mail?,
            routing,
            operators,
            rules: self.base.join(file.rules.as_deref().unwrap_or(Path::new("rules"))),
            ledger: file.ledger.as_ref().map_or_else(|| state.join("ledger.db"), |ledger| self.base.join(ledger)),
            state,
            limits: limits?,
            timing,
            mail_limits,
            storm,
            layouts: named_layouts(self.node, self.source),
            upkeep: upkeep?,
        })
    }

    fn limits(&mut self, entry: Option<&LimitsEntry>) -> Option<Limits> {
        match entry.map_or_else(|| Ok(Limits::default()), LimitsEntry::resolve) {
            Ok(limits) => Some(limits),
            Err((key, message)) => self.refuse(&["limits", key], &message),
        }
    }

    fn source(&mut self, entry: &SourceEntry, place: &str) -> Option<SourceSettings> {
        let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if entry.name.is_empty() || !entry.name.chars().all(plain) {
            self.wrong(&["sources", place, "name"], "a name is letters, digits, `-`, `_` and `.`");
        }
        if entry.name == CANARY {
            self.wrong(&["sources", place, "name"], "this name is the canary's; take another");
        }
        let settle_for =
            self.duration(&["sources", place, "settle_for"], entry.settle_for.as_deref(), Duration::from_secs(10));
        let scan_every =
            self.duration(&["sources", place, "scan_every"], entry.scan_every.as_deref(), Duration::from_secs(30));
        if entry.done_marker.as_deref().is_some_and(|text| !is_marker(text)) {
            let advice = "write a file name with `{name}` in it, such as `{name}.done`";
            self.wrong(&["sources", place, "done_marker"], advice);
        }
        let identity = self.identity(entry, place);
        Some(SourceSettings {
            name: entry.name.clone(),
            identity,
            folder: self.base.join(&entry.folder),
            layout: match entry.layout.as_deref() {
                None | Some("auto") => LayoutChoice::Auto,
                Some(name) => LayoutChoice::Named(name.to_owned()),
            },
            settle_for: settle_for?,
            scan_every: scan_every?,
            recursive: entry.recursive.unwrap_or(false),
            done_marker: entry.done_marker.clone(),
            backfill: entry.backfill.unwrap_or(false),
            expect_every: self.expected(&["sources", place, "expect_every"], entry.expect_every.as_deref())?,
        })
    }

    fn identity(&mut self, entry: &SourceEntry, place: &str) -> Identity {
        let names = entry.record_key.clone().unwrap_or_default();
        let fields: Vec<String> = Field::all().map(|field| field.name()).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        self.known(&["sources", place, "record_key"], &names, &fields);
        Identity {
            scope: entry.identity.clone().unwrap_or_else(|| entry.name.clone()),
            record_key: names.iter().filter_map(|name| Field::from_name(name)).collect(),
        }
    }

    pub(super) fn duration(&mut self, path: KeyPath<'_>, written: Option<&str>, default: Duration) -> Option<Duration> {
        let Some(written) = written else { return Some(default) };
        let parsed = written.parse::<jiff::SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
        if parsed.is_none() {
            self.wrong(path, &format!("`{written}` is no length of time; write `10s`, `5m` or `6h`"));
        }
        parsed
    }

    fn routing(&mut self, file: &ConfigFile) -> Routing {
        let recipients = &file.recipients;
        for (name, addresses) in recipients {
            self.addresses(&["recipients", name], &addresses.list());
        }
        if !recipients.contains_key("default") {
            self.wrong(&["recipients"], "`default` is needed: who is told when a rule names nobody");
        }
        Routing {
            default: vec!["default".to_owned()],
            recipients: recipients.iter().map(|(name, addresses)| (name.clone(), addresses.list())).collect(),
            routes: self.routes(file),
        }
    }

    fn routes(&mut self, file: &ConfigFile) -> Vec<RouteSettings> {
        let entries = file.routes.iter().flatten();
        let routes: Vec<RouteSettings> = entries.map(route).collect();
        for (place, route) in routes.iter().enumerate() {
            let place = place.to_string();
            let sources: Vec<&str> = file.sources.iter().map(|source| source.name.as_str()).collect();
            self.known(&["routes", &place, "source"], &route.sources, &sources);
            let recipients: Vec<&str> = file.recipients.keys().map(String::as_str).collect();
            self.known(&["routes", &place, "to"], &route.to, &recipients);
            if route.to.is_empty() {
                self.wrong(&["routes", &place, "to"], "name at least one recipient");
            }
            if route.rules.iter().any(|rule| rule.trim_end_matches('*').contains('*')) {
                self.wrong(&["routes", &place, "rule"], "`*` stands at the end alone: `dji-*`");
            }
        }
        routes
    }

    /// Names that must be among those known.
    pub(super) fn known(&mut self, path: KeyPath<'_>, names: &[String], known: &[&str]) {
        for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
            let guess = problem::did_you_mean(name, known.iter().copied());
            let hint = guess.map_or_else(|| known.join(", "), |guess| format!("did you mean `{guess}`?"));
            self.wrong(path, &format!("there is no `{name}`; {hint}"));
        }
    }

    fn addresses(&mut self, path: KeyPath<'_>, addresses: &[String]) {
        if addresses.is_empty() {
            self.wrong(path, "at least one address is needed");
        }
        for (place, address) in addresses.iter().enumerate().filter(|(_, address)| !is_deliverable(address)) {
            let place = place.to_string();
            let path = [path, &[place.as_str()]].concat();
            self.wrong(&path, &format!("`{address}` is no mail address; write `name@example.org`"));
        }
    }

    pub(super) fn refuse<T>(&mut self, path: KeyPath<'_>, message: &str) -> Option<T> {
        self.wrong(path, message);
        None
    }

    /// A problem at the value of a path.
    pub(super) fn wrong(&mut self, path: KeyPath<'_>, message: &str) {
        let span = self.node.at(path).span.clone();
        let keys: Vec<&str> = path.iter().copied().filter(|key| key.parse::<usize>().is_err()).collect();
        let message = format!("{}: {message}", keys.join("."));
        self.problems.push(Problem::error("config-value", self.source, span, message));
    }
}

fn route(entry: &RouteEntry) -> RouteSettings {
    fn all<T: Clone>(list: Option<&OneOrMany<T>>) -> Vec<T> {
        list.map_or_else(Vec::new, OneOrMany::list)
    }
    RouteSettings {
        levels: all(entry.level.as_ref()),
        tags: all(entry.tag.as_ref()),
        rules: all(entry.rule.as_ref()),
        sources: all(entry.source.as_ref()),
        to: entry.to.list(),
    }
}

fn is_marker(text: &str) -> bool {
    text.contains("{name}") && !text.contains('/') && text != "{name}"
}
