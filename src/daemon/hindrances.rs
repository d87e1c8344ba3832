//! Hindrances: what keeps the daemon from its work just now, as the worker that meets it sees it; each goes away by itself.
//!
//! In: what a worker notes when something is in its way, and when it is no more. Out: sentences for `status`, the weekly
//! mail and `/readyz`. They are kept in memory and in the sign of life: a full disk takes no note in the ledger.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::wrong::Wrong;

/// What is hindered; of each there is one sentence at most.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// The start itself.
    Start,
    /// The first relay takes no mail of ours.
    Relay,
    /// No file of this source is taken.
    Intake(String),
    /// Some files of this source are not taken.
    Untaken(String),
    /// No export of this source came for longer than is expected.
    Silent(String),
}

/// Something in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hindrance {
    /// What is hindered.
    pub matter: Matter,
    /// How, and what to type.
    pub wrong: Wrong,
}

/// What is in the way now.
#[derive(Debug, Default)]
pub struct Hindrances {
    now: Mutex<BTreeMap<Matter, Wrong>>,
    changed: Notify,
}

impl Hindrances {
    /// Notes what is in the way of a matter, or that nothing is.
    pub fn set(&self, matter: Matter, wrong: Option<Wrong>) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.get(&matter) == wrong.as_ref() {
            return;
        }
        match wrong {
            Some(wrong) => now.insert(matter, wrong),
            None => now.remove(&matter),
        };
        self.changed.notify_one();
    }

    /// Everything that is in the way.
    pub fn all(&self) -> Vec<Hindrance> {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.iter().map(|(matter, wrong)| Hindrance { matter: matter.clone(), wrong: wrong.clone() }).collect()
    }

    /// Returns when something has changed.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

/// The first source of which nothing is taken, in a sentence.
pub fn of_intake(all: &[Hindrance]) -> Option<&str> {
    let mut intake = all.iter().filter(|hindrance| match hindrance.matter {
        Matter::Intake(_) => true,
        Matter::Start | Matter::Relay | Matter::Untaken(_) | Matter::Silent(_) => false,
    });
    Some(intake.next()?.wrong.what.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_way_is_known_until_it_is_gone() {
        let hindrances = Hindrances::default();
        let set = |what: Option<&str>| {
            let wrong = what.map(|what| Wrong { what: what.to_owned(), command: String::new() });
            hindrances.set(Matter::Intake("imports".into()), wrong);
        };
        hindrances.set(Matter::Relay, Some(Wrong { what: "no mail".into(), command: String::new() }));
        assert_eq!(of_intake(&hindrances.all()), None, "files are taken, whatever the relay does");
        set(Some("full"));
        set(Some("gone"));
        assert_eq!(of_intake(&hindrances.all()), Some("gone"));
        set(None);
        assert_eq!(hindrances.all().len(), 1);
    }
}
