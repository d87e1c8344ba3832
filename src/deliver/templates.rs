//! Templates: the shipped texts of the mails, each replaceable by an operator's file of the same name.
//!
//! A template sees only the view's fields; it reads no file and cannot include another.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use super::MessageError;

const SHIPPED: [(&str, &str); 4] = [
    ("alert.html", include_str!("templates/alert.html")),
    ("alert.txt", include_str!("templates/alert.txt")),
    ("operator.html", include_str!("templates/operator.html")),
    ("operator.txt", include_str!("templates/operator.txt")),
];
const STYLE: &str = include_str!("templates/style.html");

/// The templates in use.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    style: Value,
}

impl Templates {
    /// Names that an operator may override, besides `style.html`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.into_iter().map(|(name, _)| name)
    }

    /// The templates that come with the program.
    pub fn shipped() -> Result<Templates, MessageError> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        environment.set_syntax(syntax.map_err(|error| broken("syntax", &error))?);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in SHIPPED {
            environment.add_template(name, text).map_err(|error| broken(name, &error))?;
        }
        Ok(Templates { environment, style: Value::from_safe_string(STYLE.to_owned()) })
    }

    /// The shipped ones, with (name, text) pairs in their place; other names are refused.
    pub fn with_overrides(dir_texts: &[(String, String)]) -> Result<Templates, MessageError> {
        let mut templates = Templates::shipped()?;
        for (name, text) in dir_texts {
            if name == "style.html" {
                templates.style = Value::from_safe_string(text.clone());
            } else if Templates::names().any(|known| known == name) {
                let added = templates.environment.add_template_owned(name.clone(), text.clone());
                added.map_err(|error| broken(name, &error))?;
            } else {
                return Err(MessageError::UnknownTemplate { name: name.clone() });
            }
        }
        Ok(templates)
    }

    pub(super) fn render<C: Serialize>(&self, name: &str, context: C) -> Result<String, MessageError> {
        let template = self.environment.get_template(name).map_err(|error| broken(name, &error))?;
        let context = minijinja::context! { style => self.style.clone(), ..Value::from(Serde(context)) };
        template.render(context).map_err(|error| broken(name, &error))
    }
}

fn broken(name: &str, error: &minijinja::Error) -> MessageError {
    let line = error.line().map_or_else(String::new, |line| format!(" (line {line})"));
    MessageError::Template { name: name.to_owned(), reason: format!("{error}{line}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_takes_the_place_of_the_shipped_text() {
        let own = [("alert.txt".to_owned(), "{{ title }}!".to_owned())];
        let templates = Templates::with_overrides(&own).unwrap();
        assert_eq!(templates.render("alert.txt", minijinja::context! { title => "<T>" }).unwrap(), "<T>!");
    }

    #[test]
    fn a_broken_or_unknown_override_is_named() {
        let broken = Templates::with_overrides(&[("alert.txt".into(), "a\n{% if %}".into())]).unwrap_err();
        assert!(broken.to_string().contains("alert.txt") && broken.to_string().contains('2'), "{broken}");
        assert!(Templates::with_overrides(&[("x.html".into(), String::new())]).is_err());
    }
}
