//! `tidewaiter watchlist`: the lists, what they say of an entity, what changed, and taking a version that is held.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::columns::{Side, aligned};
use super::{CommandError, RulesArgument, say};
use crate::config::Config;
use crate::daemon::lists::{self, ListState, ListStates, Version};
use crate::desk::{self, DeskText, Shelf};
use crate::ledger::Ledger;
use crate::problem::did_you_mean;
use crate::watchlist::{EntityCard, Watchlists, list_name};

/// Lists, entities, changes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidewaiter watchlist list\n  tidewaiter watchlist show rostec \"AO KRET\"\n  tidewaiter watchlist diff ofac-sdn\n  tidewaiter watchlist accept ofac-sdn"
)]
pub struct Watchlist {
    #[command(subcommand)]
    action: Action,
    /// The configuration; `tidewaiter.yaml` here or in /etc/tidewaiter when absent.
    #[arg(short, long, global = true)]
    config: Option<PathBuf>,
    /// The rules folder, when there is no configuration; `./rules` or the shipped ones when absent.
    #[arg(long, global = true)]
    rules: Option<PathBuf>,
    /// As JSON: an array, of `show` with an entity and of `diff` one object.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Every list: how many entities, how many new, since when, whether a version is held.
    List,
    /// The entities of a list, or all that is said of one.
    Show {
        /// The list.
        list: String,
        /// An entity by id or name.
        entity: Option<String>,
    },
    /// What came, went and changed: with the version that is held, else since the version before.
    Diff {
        /// The list.
        list: String,
    },
    /// Take the version that is held.
    Accept {
        /// The list.
        list: String,
    },
}

/// The lists as the files give them, and what the daemon knows of them.
struct Shelved {
    lists: Watchlists,
    texts: Vec<DeskText>,
    states: ListStates,
    config: Option<Config>,
}

/// Runs the command.
pub async fn watchlist(command: Watchlist) -> Result<(), CommandError> {
    let shelved = read(&command).await?;
    match &command.action {
        Action::List => list(&shelved, command.json),
        Action::Show { list, entity: None } => show_list(&shelved, list, command.json),
        Action::Show { list, entity: Some(entity) } => show_entity(&shelved, (list, entity), command.json),
        Action::Diff { list } => diff(&shelved, list, command.json),
        Action::Accept { list } => accept(&shelved, list).await,
    }
}

async fn read(command: &Watchlist) -> Result<Shelved, CommandError> {
    let around = || super::around().filter(|path| command.rules.is_none() && path.is_file());
    let path = command.config.clone().or_else(around);
    let config = path.as_deref().map(Config::load).transpose()?;
    let (texts, _) = match &config {
        Some(config) => desk::read_folder(&config.rules).map_err(CommandError::io(&config.rules))?,
        None => RulesArgument { rules: command.rules.clone() }.texts()?,
    };
    let states = match &config {
        Some(config) if config.ledger.exists() => lists::states(&Ledger::open(&config.ledger).await?).await?,
        Some(_) | None => ListStates::new(),
    };
    let lists = load(&texts);
    Ok(Shelved { lists, texts, states, config })
}

fn load(texts: &[DeskText]) -> Watchlists {
    let (lists, _) = Shelf::default().take(texts);
    std::sync::Arc::into_inner(lists).unwrap_or_default()
}

impl Shelved {
    /// The list of that name, in the files or in force.
    fn known(&self, list: &str) -> Result<(), CommandError> {
        if self.lists.lists().any(|known| known == list) || self.states.contains_key(list) {
            return Ok(());
        }
        let guess = did_you_mean(list, self.lists.lists());
        let hint = guess.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Err(CommandError::Usage(format!("there is no watchlist `{list}`{hint}")))
    }

    fn state_folder(&self) -> Option<&Path> {
        self.config.as_ref().map(|config| config.state.as_path())
    }

    /// A version out of the daemon's copies.
    fn version(&self, version: &Version, list: &str) -> Result<Watchlists, CommandError> {
        let folder = self.state_folder().unwrap_or(Path::new("."));
        version.load(folder, list).map_err(|cause| {
            CommandError::Environment(format!("the daemon's copy of `{list}` cannot be read: {cause}"))
        })
    }

    /// The cards of a list as it is in force; of the files where no daemon has run. Stakes need the other lists: they are
    /// those of the files when the files are what is in force.
    fn cards(&self, list: &str) -> Result<Vec<EntityCard>, CommandError> {
        let now = lists::versions(&self.texts, 0).remove(list);
        match self.states.get(list) {
            Some(state) if now.is_none_or(|now| now.files != state.in_force.files) => {
                Ok(cards(&self.version(&state.in_force, list)?, list))
            }
            Some(_) | None => Ok(cards(&self.lists, list)),
        }
    }
}

fn cards(lists: &Watchlists, list: &str) -> Vec<EntityCard> {
    lists.members(list).into_iter().filter_map(|id| lists.card(id)).collect()
}

fn list(shelved: &Shelved, as_json: bool) -> Result<(), CommandError> {
    let mut names: Vec<&str> = shelved.lists.lists().chain(shelved.states.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    let sizes: BTreeMap<&str, usize> = shelved.lists.sizes().into_iter().collect();
    let none = ListState::default();
    let rows = names.into_iter().map(|name| {
        let state = shelved.states.get(name);
        let entities = state.map_or_else(|| sizes.get(name).copied().unwrap_or(0), |state| state.in_force.entities);
        (name, entities, state.unwrap_or(&none))
    });
    let rows: Vec<(&str, usize, &ListState)> = rows.collect();
    if as_json {
        let row = |(name, entities, state): &(&str, usize, &ListState)| {
            let files = shelved.texts.iter().map(|text| text.source.path.as_str());
            json!({
                "list": name, "entities": entities, "new": state.new.len(),
                "since": since(state), "held": state.held.as_ref().map(|held| held.entities),
                "files": files.filter(|path| list_name(path) == *name).collect::<Vec<_>>(),
            })
        };
        say(json!(rows.iter().map(row).collect::<Vec<_>>()).to_string());
        return Ok(());
    }
    let words = |words: [&str; 5]| words.map(str::to_owned).to_vec();
    let mut lines = vec![words(["list", "entities", "new", "since", "held"])];
    for (name, entities, state) in &rows {
        let held = state.held.as_ref().map_or_else(|| "-".to_owned(), |held| format!("{} entities", held.entities));
        let since = since(state).unwrap_or_else(|| "-".to_owned());
        lines.push(words([name, &entities.to_string(), &state.new.len().to_string(), &since, &held]));
    }
    aligned(&[Side::Left, Side::Right, Side::Right], &lines).iter().for_each(say);
    Ok(())
}

fn since(state: &ListState) -> Option<String> {
    let at = jiff::Timestamp::from_microsecond(state.in_force.at).ok().filter(|_| state.in_force.at > 0)?;
    Some(at.strftime("%Y-%m-%d %H:%MZ").to_string())
}

fn show_list(shelved: &Shelved, list: &str, as_json: bool) -> Result<(), CommandError> {
    shelved.known(list)?;
    let cards = shelved.cards(list)?;
    if as_json {
        say(json!(cards).to_string());
        return Ok(());
    }
    let mut lines = vec![["id", "country", "name"].map(str::to_owned).to_vec()];
    lines.extend(
        cards.iter().map(|card| vec![card.id.clone(), card.country.unwrap_or("-").to_owned(), card.name.clone()]),
    );
    aligned(&[Side::Left, Side::Left], &lines).iter().for_each(say);
    Ok(())
}

fn show_entity(shelved: &Shelved, (list, wanted): (&str, &str), as_json: bool) -> Result<(), CommandError> {
    shelved.known(list)?;
    let all = shelved.cards(list)?;
    let same = |one: &str| one.to_lowercase() == wanted.trim().to_lowercase();
    let named: Vec<String> = shelved
        .lists
        .named(wanted)
        .unwrap_or_default()
        .into_iter()
        .map(|id| shelved.lists.id_of(id).to_owned())
        .collect();
    let found = all
        .iter()
        .find(|card| same(&card.id) || same(&card.name))
        .or_else(|| all.iter().find(|card| card.aliases.iter().any(|alias| same(alias)) || named.contains(&card.id)));
    let Some(card) = found else {
        let known = all.iter().flat_map(|card| [card.id.as_str(), card.name.as_str()]);
        let hint = did_you_mean(wanted, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(CommandError::Usage(format!("`{list}` has no entity `{wanted}`{hint}")));
    };
    if as_json {
        say(json!(card).to_string());
    } else {
        describe(card);
    }
    Ok(())
}

fn describe(card: &EntityCard) {
    say(format!("{} ({}/{})", card.name, card.list, card.id));
    let country = card.country.map(|code| crate::value::country_name(code).unwrap_or(code).to_owned());
    let parts: [(&str, Vec<String>); 9] = [
        ("also", card.aliases.clone()),
        ("country", country.into_iter().collect()),
        ("identifiers", card.identifiers.clone()),
        ("topics", card.topics.clone()),
        ("addresses", card.addresses.clone()),
        ("listings", card.listed.clone()),
        ("owners", card.parents.clone()),
        ("the same as", card.same_as.clone()),
        ("source", card.source.iter().cloned().collect()),
    ];
    for (what, values) in parts {
        for (number, value) in values.iter().enumerate() {
            say(format!("  {:<12} {value}", if number == 0 { what } else { "" }));
        }
    }
}

/// The cards by id; of an id that stands twice in its list the last, with the names of all.
fn by_id(cards: Vec<EntityCard>) -> BTreeMap<String, EntityCard> {
    let mut all: BTreeMap<String, EntityCard> = BTreeMap::new();
    for card in cards {
        match all.get_mut(&card.id) {
            Some(known) => {
                known.aliases.push(card.name);
                known.aliases.extend(card.aliases);
                known.addresses.extend(card.addresses);
                known.listed.extend(card.listed);
            }
            None => {
                all.insert(card.id.clone(), card);
            }
        }
    }
    all
}

/// What differs between two versions of a list.
struct Difference {
    what: String,
    came: Vec<EntityCard>,
    went: Vec<EntityCard>,
    changed: Vec<(EntityCard, Vec<String>)>,
}

fn diff(shelved: &Shelved, list: &str, as_json: bool) -> Result<(), CommandError> {
    shelved.known(list)?;
    let Some(state) = shelved.states.get(list) else {
        return Err(CommandError::Usage(format!(
            "the daemon has not taken `{list}` yet: there is nothing to compare with"
        )));
    };
    let (before, after, what) = match (&state.held, &state.previous) {
        (Some(held), _) => (&state.in_force, held, "the version in force → the one that is held"),
        (None, Some(previous)) => (previous, &state.in_force, "the version before → the one in force"),
        (None, None) => {
            say(if as_json { "null" } else { "it has not changed since the daemon took it first" });
            return Ok(());
        }
    };
    let difference = compare(what, (&shelved.version(before, list)?, &shelved.version(after, list)?), list);
    if as_json {
        let cards = |cards: &[EntityCard]| json!(cards);
        let changed =
            difference.changed.iter().map(|(card, fields)| json!({"id": card.id, "name": card.name, "fields": fields}));
        say(json!({
            "list": list, "compared": difference.what, "came": cards(&difference.came), "went": cards(&difference.went),
            "changed": changed.collect::<Vec<_>>(),
            "new": state.new.iter().map(|one| json!({"id": one.id, "at": one.at})).collect::<Vec<_>>(),
        })
        .to_string());
        return Ok(());
    }
    say(format!("{list}: {}", difference.what));
    difference.came.iter().for_each(|card| say(format!("+ {} {}", card.id, card.name)));
    difference.went.iter().for_each(|card| say(format!("- {} {}", card.id, card.name)));
    difference
        .changed
        .iter()
        .for_each(|(card, fields)| say(format!("~ {} {}: {}", card.id, card.name, fields.join(", "))));
    say(format!(
        "{} came, {} went, {} changed; {} are new within 90 days",
        difference.came.len(),
        difference.went.len(),
        difference.changed.len(),
        state.new.len()
    ));
    Ok(())
}

fn compare(what: &str, (before, after): (&Watchlists, &Watchlists), list: &str) -> Difference {
    let (mut before, after) = (by_id(cards(before, list)), by_id(cards(after, list)));
    let (mut came, mut changed) = (Vec::new(), Vec::new());
    for (id, card) in after {
        match before.remove(&id) {
            None => came.push(card),
            Some(old) => {
                let fields = differing(&old, &card);
                if !fields.is_empty() {
                    changed.push((card, fields));
                }
            }
        }
    }
    Difference { what: what.to_owned(), came, went: before.into_values().collect(), changed }
}

fn differing(old: &EntityCard, new: &EntityCard) -> Vec<String> {
    let fields = [
        ("name", old.name != new.name),
        ("aliases", old.aliases != new.aliases),
        ("country", old.country != new.country),
        ("identifiers", old.identifiers != new.identifiers),
        ("topics", old.topics != new.topics),
        ("addresses", old.addresses != new.addresses),
        ("listings", old.listed != new.listed),
        ("owners", old.parents != new.parents),
    ];
    fields.into_iter().filter(|field| field.1).map(|field| field.0.to_owned()).collect()
}

async fn accept(shelved: &Shelved, list: &str) -> Result<(), CommandError> {
    shelved.known(list)?;
    let held = shelved.states.get(list).and_then(|state| state.held.as_ref());
    let (Some(held), Some(config)) = (held, &shelved.config) else {
        return Err(CommandError::Usage(format!("no version of `{list}` is held")));
    };
    let ledger = Ledger::open(&config.ledger).await?;
    lists::accept(&ledger, list, held).await?;
    say(format!(
        "the version of {list} with {} entities is accepted: the daemon takes it within seconds",
        held.entities
    ));
    Ok(())
}
