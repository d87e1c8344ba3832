//! Reload: the configuration, rules, lists, watchlists and layouts are taken anew when their texts change; of the latter what
//! breaks keeps its last good version, across restarts too, and the operators are told with the position.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use super::lists::{self, ListStates, Version};
use super::notices::Trouble;
use super::office::Office;
use super::{DaemonError, now_micros};
use super::{rule_troubles, settings};
use crate::deliver::template_stamp;
use crate::desk::{self, Desk, DeskText, TextKind};
use crate::ledger::AcceptedText;
use crate::problem::{self, Problem};
use crate::watchlist::list_name;

/// How often the texts are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Builds the first desk, with the ledger's last good texts in place of broken ones.
///
/// # Errors
/// When there is neither a working set nor an accepted one.
pub async fn start(office: &Arc<Office>) -> Result<Stamps, DaemonError> {
    let stamps = Stamps::in_force(office);
    let seen = take(office).await?;
    match (office.desk(), seen) {
        (Some(_), _) => Ok(stamps),
        (None, Err(cause)) => Err(DaemonError::Rules(cause)),
        (None, Ok(_)) => Err(DaemonError::Rules("see the messages above".to_owned())),
    }
}

/// Takes the texts again whenever they change, until told to stop.
///
/// # Errors
/// When the ledger fails.
pub async fn watch(
    office: Arc<Office>,
    (mut seen, mut hangups): (Stamps, Signal),
    shutdown: CancellationToken,
) -> Result<(), DaemonError> {
    let mut pending = seen.clone();
    let mut held = held(&office).await?;
    loop {
        let told = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            _ = hangups.recv() => true,
            () = tokio::time::sleep(LOOK_EVERY) => false,
        };
        let now = Stamps::look(&office);
        // Two equal looks: an editor that writes in pieces is waited for.
        let settled = now == pending;
        let configured = told || (settled && !now.is_configured_as(&seen));
        let mut written = configured || (settled && now.rules != seen.rules);
        for (list, version) in &held {
            written |= lists::is_accepted(&office.ledger, list, version).await?;
        }
        if written {
            match take_all(&office, configured).await {
                Ok(()) => seen.clone_from(&now),
                Err(error) if error.is_disk_full() => {
                    tracing::error!(%error, "the disk is full: what is in force stays until there is room");
                }
                Err(error) => return Err(error),
            }
            held = self::held(&office).await?;
        }
        pending = now;
    }
}

/// What is watched, as it was seen: changes whenever it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamps {
    configuration: Option<String>,
    templates: Option<String>,
    rules: String,
}

impl Stamps {
    /// Of the configuration and the templates in force, and of the rules as they are about to be read.
    fn in_force(office: &Office) -> Stamps {
        let settings = office.settings();
        let (configuration, templates) = (Some(settings.config.hash.clone()), settings.template_stamp.clone());
        Stamps { configuration, templates, rules: desk::stamp(&settings.config.rules) }
    }

    fn is_configured_as(&self, other: &Stamps) -> bool {
        self.configuration == other.configuration && self.templates == other.templates
    }

    fn look(office: &Office) -> Stamps {
        let config = &office.settings().config;
        Stamps {
            configuration: settings::hash_of(&config.path),
            templates: config.mail.templates.as_deref().map(template_stamp),
            rules: desk::stamp(&config.rules),
        }
    }
}

/// Takes the configuration, when it is to be taken, and then the texts, which are judged in its light.
async fn take_all(office: &Arc<Office>, configured: bool) -> Result<(), DaemonError> {
    if configured {
        settings::take(office).await?;
    }
    if let Err(cause) = take(office).await? {
        tracing::error!(cause, "the rules folder cannot be read: the rules in force stay");
    }
    Ok(())
}

/// The versions that wait for the operator.
async fn held(office: &Office) -> Result<Vec<(String, Version)>, DaemonError> {
    let states = lists::states(&office.ledger).await?;
    Ok(states.into_iter().filter_map(|(list, state)| Some((list, state.held?))).collect())
}

/// Reads the folder and puts the best set that it gives in force. The inner error says why the folder gave none.
async fn take(office: &Arc<Office>) -> Result<Result<(), String>, DaemonError> {
    let Accepted { texts: accepted, since } = accepted_texts(office).await?;
    let settings = office.settings();
    let config = &settings.config;
    let (mut texts, mut problems) = match desk::read_folder(&config.rules) {
        Ok((texts, problems)) if !texts.is_empty() => (texts, problems),
        Ok(_) => (Vec::new(), vec![unusable(&config.rules, "it is empty")]),
        Err(cause) => (Vec::new(), vec![unusable(&config.rules, &cause.to_string())]),
    };
    if let Err(cause) = lists::keep(&config.state, &mut texts) {
        tracing::error!(%cause, "a watchlist cannot be copied: its last good version is not kept");
    }
    let waiting = waiting(office, &texts).await?;
    let texts = mend(&texts, &accepted, &paths_of(&waiting, &texts, &accepted));
    let (first, found) = office.build(&texts).await?;
    problems.extend(found);
    let told = desk::broken_paths(&problems);
    // Who is told by default is told in the place of somebody unknown: that is no reason to find less.
    let barring: Vec<Problem> = problems.iter().filter(|problem| !problem.is_about_a_recipient()).cloned().collect();
    let mut broken = desk::broken_paths(&barring);
    let shrunk = hold_shrunk(office, &first, &texts).await?;
    if !told.is_empty() {
        let shown: Vec<String> = problems.iter().filter(|problem| problem.is_error()).map(problem::render).collect();
        office.ledger.set_note("broken", &serde_json::json!(shown).to_string()).await?;
        office.tell_together(&rule_troubles::broken(&problems, (&told, &broken), &since)).await?;
    }
    if broken.is_empty() {
        office.tell_together(rule_troubles::removed(&texts, &since).as_slice()).await?;
    }
    if broken.is_empty() && shrunk.is_empty() {
        return accept(office, first, &texts, &problems).await.map(Ok);
    }
    let lists: BTreeSet<String> = shrunk.into_iter().chain(lists_of(&broken, &texts, &accepted)).collect();
    broken.extend(paths_of(&lists, &texts, &accepted));
    let mended = mend(&texts, &accepted, &broken);
    let (second, mut left) = office.build(&mended).await?;
    // An accepted rule whose example a change elsewhere has broken (a watchlist's owner, say) holds up no other text.
    left.retain(|problem| !problem.spares_the_rule());
    if desk::broken_paths(&left).is_empty() && !mended.is_empty() {
        return accept(office, second, &mended, &problems).await.map(Ok);
    }
    if office.desk().is_some() {
        return Ok(Ok(()));
    }
    let (last, mut left) = office.build(&accepted).await?;
    left.retain(|problem| !problem.spares_the_rule());
    if !accepted.is_empty() && desk::broken_paths(&left).is_empty() {
        office.set_desk(last);
        return Ok(Ok(()));
    }
    // Nothing accepted works: run what does compile, so that one bad file never stops the others.
    if !second.plan.rules().is_empty() {
        office.set_desk(second);
        return Ok(Ok(()));
    }
    Ok(Err(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// The lists whose files are still the version that is held, and that the operator has not accepted.
async fn waiting(office: &Office, texts: &[DeskText]) -> Result<BTreeSet<String>, DaemonError> {
    let versions = lists::versions(texts, now_micros());
    let mut waiting = BTreeSet::new();
    for (list, version) in held(office).await? {
        let same = versions.get(&list).is_some_and(|now| now.files == version.files);
        if same && !lists::is_accepted(&office.ledger, &list, &version).await? {
            waiting.insert(list);
        }
    }
    Ok(waiting)
}

/// Holds the lists that have lost more than a fifth of their entities, and tells the operators of each once.
async fn hold_shrunk(office: &Office, desk: &Desk, texts: &[DeskText]) -> Result<Vec<String>, DaemonError> {
    let mut states = lists::states(&office.ledger).await?;
    let mut shrunk = Vec::new();
    for (list, mut version) in counted(desk, texts) {
        let before = states.get(&list).map_or(0, |state| state.in_force.entities);
        let same = states.get(&list).is_some_and(|state| state.in_force.files == version.files);
        if same || !lists::has_shrunk(before, version.entities) {
            continue;
        }
        if lists::is_accepted(&office.ledger, &list, &version).await? {
            continue;
        }
        version.at = now_micros();
        tell_shrunk(office, &list, (before, &version)).await?;
        set_held(&mut states, &list, version);
        shrunk.push(list);
    }
    if !shrunk.is_empty() {
        lists::write(&office.ledger, &states).await?;
    }
    Ok(shrunk)
}

fn set_held(states: &mut ListStates, list: &str, version: Version) {
    if let Some(state) = states.get_mut(list) {
        state.held = Some(version);
    }
}

/// The versions among the texts with the number of their entities.
fn counted(desk: &Desk, texts: &[DeskText]) -> BTreeMap<String, Version> {
    let mut versions = lists::versions(texts, now_micros());
    for (list, entities) in desk.watchlists.sizes() {
        if let Some(version) = versions.get_mut(list) {
            version.entities = entities;
        }
    }
    versions
}

async fn tell_shrunk(office: &Office, list: &str, (before, version): (usize, &Version)) -> Result<(), DaemonError> {
    let files: Vec<&str> = version.files.iter().map(|file| file.path.as_str()).collect();
    let hashes: Vec<&str> = version.files.iter().map(|file| file.hash.as_str()).collect();
    let now = version.entities;
    let trouble = Trouble {
        kind: "watchlist-shrunk",
        about: format!("{list} {}", crate::finding::hash(&hashes)),
        subject: format!("watchlist {list} has shrunk from {before} to {now} entities and is held"),
        paragraphs: vec![
            format!("{} had {before} entities and has {now}: more than a fifth is gone.", files.join(", ")),
            "The version before stays in force, also after a restart: a list that was cut off on its way would make \
             every firm that is missing invisible."
                .to_owned(),
            format!(
                "If the list is right as it is, say `tidewaiter watchlist accept {list}`; \
                 `tidewaiter watchlist diff {list}` shows what would go. A newer file is looked at by itself."
            ),
        ],
    };
    office.tell_operators(&trouble).await
}

/// The lists that have a file among the paths.
fn lists_of(paths: &BTreeSet<String>, texts: &[DeskText], accepted: &[DeskText]) -> BTreeSet<String> {
    let lists = texts.iter().chain(accepted).filter(|text| text.kind == TextKind::Watchlist);
    let named = lists.filter(|text| paths.contains(&text.source.path));
    named.map(|text| list_name(&text.source.path).to_owned()).collect()
}

/// The paths of all files of the lists: a list is replaced whole, so that versions are never mixed.
fn paths_of(lists: &BTreeSet<String>, texts: &[DeskText], accepted: &[DeskText]) -> BTreeSet<String> {
    let files = texts.iter().chain(accepted).filter(|text| text.kind == TextKind::Watchlist);
    let of_lists = files.filter(|text| lists.contains(list_name(&text.source.path)));
    of_lists.map(|text| text.source.path.clone()).collect()
}

fn unusable(folder: &Path, why: &str) -> Problem {
    Problem::whole_file("rules-folder", folder.display().to_string(), format!("the rules folder gives no rules: {why}"))
        .with_hint("the set that was accepted last stays in force")
}

/// The texts with each broken one replaced by its last good version; a broken one that was never good is left out.
fn mend(texts: &[DeskText], accepted: &[DeskText], broken: &BTreeSet<String>) -> Vec<DeskText> {
    let good: BTreeMap<&str, &DeskText> = accepted.iter().map(|text| (text.source.path.as_str(), text)).collect();
    let replace = |text: &DeskText| match broken.contains(&text.source.path) {
        false => Some(text.clone()),
        true => good.get(text.source.path.as_str()).map(|good| (*good).clone()),
    };
    let mut mended: Vec<DeskText> = texts.iter().filter_map(replace).collect();
    let unread = |path: &str| broken.contains(path) && !texts.iter().any(|text| text.source.path == path);
    mended.extend(accepted.iter().filter(|text| unread(&text.source.path)).cloned());
    mended
}

async fn accept(office: &Office, desk: Desk, texts: &[DeskText], problems: &[Problem]) -> Result<(), DaemonError> {
    let now = now_micros();
    let rows: Vec<AcceptedText> = texts.iter().map(|text| lists::accepted_row(text, now)).collect();
    office.ledger.accept_texts(&rows, now).await?;
    let settings = office.settings();
    let place = (&office.ledger, settings.config.state.as_path());
    lists::put_in_force(place, counted(&desk, texts), &desk.watchlists).await?;
    let unknown = settings.config.layouts.unknown(desk.layouts.names());
    office.tell_together(rule_troubles::unknown_layouts(&unknown).as_slice()).await?;
    let problems = problems.iter().chain(&unknown);
    let broken: Vec<String> = problems.filter(|problem| problem.is_error()).map(ToString::to_string).collect();
    office.ledger.set_note("broken", &serde_json::json!(broken).to_string()).await?;
    tracing::info!(rules = desk.plan.rules().len(), broken = broken.len(), "rules in force");
    office.set_desk(desk);
    Ok(())
}

/// The last good set, and since when each text of it is accepted.
struct Accepted {
    texts: Vec<DeskText>,
    since: BTreeMap<String, i64>,
}

async fn accepted_texts(office: &Office) -> Result<Accepted, DaemonError> {
    let rows = office.ledger.accepted_texts().await?;
    let since = rows.iter().map(|row| (row.path.clone(), row.accepted_at)).collect();
    let texts = rows.iter().filter_map(|row| lists::accepted_text(&office.settings().config.state, row)).collect();
    Ok(Accepted { texts, since })
}
