//! Templates: the shipped texts of the mails, and an operator's files of the same names, which take their place.
//!
//! In: a folder. Out: what can be used, and what is wrong with the rest; each file is tried on sample mails when it is
//! loaded. A template sees only the view's fields; it reads no file and cannot include another. One that fails while a mail
//! is made is passed over for the shipped one: no mail is lost for it, and the failure is kept to be told.

#![expect(clippy::disallowed_methods, reason = "reads the templates of the operator")]

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use super::letter::MAX_HTML;
use super::{MessageError, trial};
use crate::finding::hash;
use crate::problem::{Problem, SourceText, did_you_mean};

const SHIPPED: [(&str, &str); 5] = [
    ("alert.html", include_str!("templates/alert.html")),
    ("alert.txt", include_str!("templates/alert.txt")),
    ("operator.html", include_str!("templates/operator.html")),
    ("operator.txt", include_str!("templates/operator.txt")),
    (STYLE, include_str!("templates/style.html")),
];
/// Stands in the head of both HTML mails as it is.
const STYLE: &str = "style.html";
/// The largest file that is read, and the largest text that one of them may make.
const LARGEST: u64 = 256 << 10;
/// Steps that a template may take; the shipped ones take a few ten thousand for the longest mail.
const FUEL: u64 = 2_000_000;
/// The largest `style.html`; it stands in every mail.
const LARGEST_STYLE: usize = 16 << 10;

/// The templates in use.
#[derive(Debug)]
pub struct Templates {
    shipped: Environment<'static>,
    own: Environment<'static>,
    sources: BTreeMap<&'static str, Arc<SourceText>>,
    failures: Mutex<BTreeMap<String, Problem>>,
}

impl Templates {
    /// Name and text of each template that comes with the program.
    pub fn texts() -> [(&'static str, &'static str); 5] {
        SHIPPED
    }

    /// The templates that come with the program.
    pub fn shipped() -> Result<Templates, MessageError> {
        let mut shipped = environment()?;
        for (name, text) in SHIPPED.into_iter().filter(|(name, _)| *name != STYLE) {
            shipped.add_template(name, text).map_err(|error| broken(name, &error))?;
        }
        let mut own = environment()?;
        own.set_fuel(Some(FUEL));
        Ok(Templates { shipped, own, sources: BTreeMap::new(), failures: Mutex::default() })
    }

    /// The shipped ones with those of a folder in their place, and why a file of it is not used.
    ///
    /// # Errors
    /// Only when the shipped ones cannot be used.
    pub fn load(folder: &Path) -> Result<(Templates, Vec<Problem>), MessageError> {
        let mut templates = Templates::shipped()?;
        let (sources, mut problems) = read(folder);
        for (name, source) in sources {
            problems.extend(templates.take(name, &source)?);
        }
        Ok((templates, problems))
    }

    /// Puts an operator's text in the place of a shipped one, unless it fails on a sample.
    fn take(&mut self, name: &'static str, source: &Arc<SourceText>) -> Result<Option<Problem>, MessageError> {
        if name == STYLE {
            // It is put in as it is: braces mean nothing in it.
            let fits = source.text.len() <= LARGEST_STYLE;
            self.sources.extend(fits.then(|| (name, source.clone())));
            let message =
                format!("it is larger than {} KiB, and leaves too little room in a mail", LARGEST_STYLE >> 10);
            return Ok((!fits).then(|| Problem::whole_file("template", &source.path, message)));
        }
        if let Err(error) = self.own.add_template_owned(name, source.text.clone()) {
            return Ok(Some(problem(source, &error)));
        }
        self.sources.insert(name, source.clone());
        let failed = self.fails(name, source)?;
        if failed.is_some() {
            self.own.remove_template(name);
            self.sources.remove(name);
        }
        Ok(failed)
    }

    /// What is wrong with an own template, by sample mails of every kind.
    fn fails(&self, name: &'static str, source: &Arc<SourceText>) -> Result<Option<Problem>, MessageError> {
        for page in trial::pages()?.into_iter().filter(|page| name.starts_with(page.stem)) {
            let context = self.context(Value::from(Serde(&page.view)));
            if let Some(unknown) = self.unknown(name, &context) {
                let message = format!("no mail has a `{unknown}`");
                let at = source.text.find(&unknown).unwrap_or(0);
                let found = Problem::error("template", source, at..at + unknown.len(), message);
                let known: Vec<String> = context.try_iter().into_iter().flatten().map(|key| key.to_string()).collect();
                let guess = did_you_mean(&unknown, known.iter().map(String::as_str))
                    .map(|guess| format!("did you mean `{guess}`?"));
                return Ok(Some(match guess {
                    Some(guess) => found.with_hint(guess),
                    None => found,
                }));
            }
            match self.own_text(name, &context) {
                Err(error) => return Ok(Some(problem(source, &error))),
                Ok(Some(text)) if text.len() > MAX_HTML && name.ends_with(".html") => {
                    let message =
                        format!("a short mail becomes {} KB, and mail programs clip after 90 KB", text.len() / 1000);
                    return Ok(Some(Problem::whole_file("template", &source.path, message)));
                }
                Ok(_) => {}
            }
        }
        Ok(None)
    }

    /// A name that the template takes from the page and that no page has, also in branches that no sample reaches.
    fn unknown(&self, name: &str, context: &Value) -> Option<String> {
        let template = self.own.get_template(name).ok()?;
        let globals: Vec<&str> = self.own.globals().map(|(name, _)| name).collect();
        let mut used: Vec<String> = template.undeclared_variables(false).into_iter().collect();
        used.sort();
        let there = |name: &String| {
            globals.contains(&name.as_str()) || context.get_attr(name).is_ok_and(|value| !value.is_undefined())
        };
        used.into_iter().find(|name| !there(name))
    }

    /// A text of a mail: by the operator's template, or where that fails by the shipped one.
    pub(super) fn render<C: Serialize>(&self, name: &str, context: C) -> Result<String, MessageError> {
        let context = self.context(Value::from(Serde(context)));
        match self.own_text(name, &context) {
            Ok(Some(text)) => return Ok(text),
            Ok(None) => {}
            Err(error) => {
                let source = self.sources.get(name).cloned().unwrap_or_else(|| SourceText::new(name, ""));
                let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
                failures.insert(name.to_owned(), problem(&source, &error));
            }
        }
        let template = self.shipped.get_template(name).map_err(|error| broken(name, &error))?;
        template.render(context).map_err(|error| broken(name, &error))
    }

    /// What own templates failed at since this was asked last: one problem a template.
    pub fn take_failures(&self) -> Vec<Problem> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *failures).into_values().collect()
    }

    /// Names and paths of the operator's templates that are used.
    pub fn own(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.sources.iter().map(|(name, source)| (*name, source.path.as_str()))
    }

    fn context(&self, page: Value) -> Value {
        let own = self.sources.get(STYLE).map(|source| source.text.as_str());
        let shipped = SHIPPED.into_iter().find(|(name, _)| *name == STYLE).map_or("", |(_, text)| text);
        minijinja::context! { style => Value::from_safe_string(own.unwrap_or(shipped).to_owned()), ..page }
    }

    /// What the operator's template makes of a page; nothing when there is none.
    fn own_text(&self, name: &str, context: &Value) -> Result<Option<String>, minijinja::Error> {
        let Ok(template) = self.own.get_template(name) else { return Ok(None) };
        let mut text = Bounded(Vec::new());
        template.render_captured_to(context.clone(), &mut text)?;
        Ok(Some(String::from_utf8_lossy(&text.0).into_owned()))
    }
}

/// A text that ends where it becomes too long.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > usize::try_from(LARGEST).unwrap_or(usize::MAX) {
            return Err(io::Error::other("the text becomes longer than 256 KiB"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn environment() -> Result<Environment<'static>, MessageError> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.map_err(|error| broken("syntax", &error))?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // It could double a text with every step.
    environment.add_function("namespace", || -> Result<Value, minijinja::Error> {
        Err(minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, "templates have no namespaces"))
    });
    Ok(environment)
}

/// Changes whenever a file of the folder is written: names, sizes and times.
pub fn stamp(folder: &Path) -> String {
    let mut parts = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
        parts.push(format!("{} {} {:?}", entry.path().display(), metadata.len(), metadata.modified().ok()));
    }
    parts.sort();
    hash(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The templates of a folder, and what in it is none.
fn read(folder: &Path) -> (Vec<(&'static str, Arc<SourceText>)>, Vec<Problem>) {
    let shown = folder.display().to_string();
    let unreadable = |cause: io::Error| Problem::whole_file("unreadable", &shown, format!("cannot be read: {cause}"));
    let entries = match std::fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(cause) => return (Vec::new(), vec![unreadable(cause)]),
    };
    let mut names: Vec<String> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let (mut sources, mut problems) = (Vec::new(), Vec::new());
    for name in names.iter().filter(|name| is_meant(name)) {
        let path = folder.join(name);
        let known = SHIPPED.into_iter().find(|(known, _)| known == name);
        match known.map(|(known, _)| read_one(&path).map(|text| (known, text))) {
            Some(Ok((known, text))) => sources.push((known, SourceText::new(path.display().to_string(), text))),
            Some(Err(cause)) => {
                let shown = path.display().to_string();
                problems.push(Problem::whole_file("unreadable", shown, format!("cannot be read: {cause}")));
            }
            None => problems.push(stranger(&path, name)),
        }
    }
    (sources, problems)
}

/// Notes and what editors leave beside a file are passed over.
fn is_meant(name: &str) -> bool {
    !name.starts_with(['.', '#']) && (name.ends_with(".html") || name.ends_with(".txt")) && !name.starts_with("README")
}

fn read_one(path: &Path) -> io::Result<String> {
    // A pipe would be waited at for ever.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = String::new();
    std::fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    match text.len() as u64 > LARGEST {
        true => Err(io::Error::other("it is larger than 256 KiB")),
        false => Ok(text),
    }
}

fn stranger(path: &Path, name: &str) -> Problem {
    let known = SHIPPED.map(|(known, _)| known);
    let hint = match did_you_mean(name, known) {
        Some(guess) => format!("did you mean `{guess}`?"),
        None => format!("the templates are {}", known.join(", ")),
    };
    let found = Problem::whole_file("template", path.display().to_string(), format!("no mail is made from `{name}`"));
    found.with_hint(hint)
}

/// A failure at its place in the operator's file.
fn problem(source: &Arc<SourceText>, error: &minijinja::Error) -> Problem {
    let detail = match std::error::Error::source(error) {
        Some(cause) => Some(cause.to_string()),
        None => error.detail().map(str::to_owned),
    };
    let said = detail.map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    let line = error.line().unwrap_or(1).saturating_sub(1);
    let start: usize = source.text.split_inclusive('\n').take(line).map(str::len).sum();
    let end = start + source.text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    Problem::error("template", source, error.range().unwrap_or(start..end), said)
}

fn broken(name: &str, error: &minijinja::Error) -> MessageError {
    let line = error.line().map_or_else(String::new, |line| format!(" (line {line})"));
    MessageError::Template { name: name.to_owned(), reason: format!("{error}{line}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Templates, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let (templates, problems) = Templates::load(folder.path()).unwrap();
        let place = format!("{}/", folder.path().display());
        (folder, templates, problems.iter().map(|problem| problem.to_string().replace(&place, "")).collect())
    }

    #[test]
    fn a_file_of_the_operator_takes_the_place_of_the_shipped_text() {
        let (_folder, templates, problems) =
            folder(&[("operator.txt", "{{ subject }}!\n"), ("style.html", "<style>@media x{#a{b:c}}</style>")]);
        assert!(problems.is_empty(), "{problems:?}");
        let page = || minijinja::context! { subject => "<T>", paragraphs => ["P"], foot => "F", operator => "o@x" };
        assert_eq!(templates.render("operator.txt", page()).unwrap(), "<T>!\n");
        assert!(templates.render("operator.html", page()).unwrap().contains("<style>@media x{#a{b:c}}</style>"));
        assert_eq!(templates.own().map(|(name, _)| name).collect::<Vec<_>>(), ["operator.txt", "style.html"]);
    }

    #[test]
    fn what_cannot_be_used_is_told_with_its_place_and_the_shipped_text_stands() {
        for (name, text, told) in [
            ("alert.txt", "a\n{% if %}", "alert.txt:2:7: error[template]: "),
            (
                "alert.txt",
                "{{ title }}\n{% if deferred %}{{ ocasion }}{% endif %}",
                "no mail has a `ocasion` (did you mean `occasion`?)",
            ),
            (
                "alert.txt",
                "{% for rule in rules %}\n{% for g in rule.groups %}{% for r in g.records %}{{ r.nmber }}{% endfor %}{% endfor %}{% endfor %}",
                "alert.txt:2:54: error[template]: undefined value: `r.nmber`",
            ),
            ("alert.html", "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "fuel"),
            (
                "operator.html",
                "{% for a in range(1000) %}{% for b in range(1000) %}{{ subject }}{% endfor %}{% endfor %}",
                "256 KiB",
            ),
            ("operator.html", "{% for a in range(4000) %}a line that is long enough{% endfor %}", "clip"),
            ("style.html", &"x".repeat(20_000), "16 KiB"),
            ("alerts.txt", "", "did you mean `alert.txt`?"),
            ("alert.txt", "{% include 'style.html' %}", "alert.txt:1:"),
        ] {
            let (_folder, templates, problems) = folder(&[(name, text)]);
            assert_eq!(problems.len(), 1, "{text}: {problems:?}");
            assert!(problems[0].contains(told), "{text}: {}", problems[0]);
            assert_eq!(templates.own().count(), 0, "{text}");
        }
        let passed_over =
            folder(&[("README.txt", "{{"), (".alert.txt.swp", "{{"), ("alert.txt~", "{{"), ("#alert.txt#", "{{")]);
        assert!(passed_over.2.is_empty(), "{:?}", passed_over.2);
        assert!(Templates::load(Path::new("/nowhere")).unwrap().1[0].to_string().contains("cannot be read"));
    }

    #[test]
    fn a_template_that_fails_on_a_mail_is_passed_over_and_told_once() {
        let text = "{% if subject == 'odd' %}\n{{ paragraphs[7] }}\n{% endif %}fine";
        let (_folder, templates, problems) = folder(&[("operator.txt", text)]);
        assert!(problems.is_empty(), "{problems:?}");
        let page = |subject: &str| minijinja::context! { subject, paragraphs => ["P"], foot => "F", operator => "o@x" };
        assert_eq!(templates.render("operator.txt", page("even")).unwrap(), "fine");
        assert!(templates.take_failures().is_empty());
        for _ in 0..2 {
            assert!(templates.render("operator.txt", page("odd")).unwrap().starts_with("odd\n"));
        }
        let failures = templates.take_failures();
        assert_eq!((failures.len(), failures[0].position().0), (1, 2));
        assert!(templates.take_failures().is_empty());
    }

    #[test]
    fn every_word_that_a_template_may_use_is_documented() {
        let guide = include_str!("../../docs/templates.md");
        fn keys(value: &serde_json::Value, found: &mut Vec<String>) {
            match value {
                serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| {
                    found.push(key.clone());
                    keys(value, found);
                }),
                serde_json::Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
                _ => {}
            }
        }
        for page in trial::pages().unwrap() {
            let mut found = Vec::new();
            keys(&serde_json::to_value(&page.view).unwrap(), &mut found);
            assert!(!found.is_empty());
            for key in found {
                assert!(
                    guide.contains(&format!("`{key}`")),
                    "docs/templates.md says nothing of `{key}` ({})",
                    page.stem
                );
            }
        }
    }
}
