//! The published cases of the 50 % rule, and what lists say that the rule must live with: unknown shares, ended stakes,
//! intervals, statements that differ, cycles.
use super::{Certainty, Mode, Watchlists};
use crate::problem::SourceText;

/// Who owns what: `X>A 50`, `X>A control`, `X>A ?`, `X>A 75 until 2021-12-31`.
fn lists(stakes: &[&str]) -> Watchlists {
    let mut assets: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for stake in stakes {
        let (pair, rest) = stake.split_once(' ').unwrap();
        let (owner, asset) = pair.split_once('>').unwrap();
        let (what, period) = rest.split_once(' ').unwrap_or((rest, ""));
        let kind = if what == "control" { "kind: control" } else { "kind: own" };
        let share = if matches!(what, "control" | "?") { String::new() } else { format!(", percent: '{what}'") };
        let period = period.split_once(' ').map_or(String::new(), |(key, day)| format!(", {key}: {day}"));
        assets.entry(owner.to_owned()).or_default();
        let parent = format!("{{id: {owner}, {kind}{share}{period}}}");
        assets.entry(asset.to_owned()).or_default().push(parent);
    }
    let entity = |(id, parents): (&String, &Vec<String>)| {
        format!("- {{id: {id}, name: Firm Number {id}, parents: [{}]}}\n", parents.join(", "))
    };
    let text: String = assets.iter().map(entity).collect();
    let (lists, problems) = Watchlists::load(&[SourceText::new("stakes.yaml", text)]);
    assert_eq!(problems, Vec::new());
    lists
}

/// The names of all that are under the owners, besides these: certain ones, then possible ones with a `?`.
fn under(stakes: &[&str], owners: &[&str], mode: Mode, day: Option<&str>) -> String {
    let lists = lists(stakes);
    let owners: Vec<_> = owners.iter().flat_map(|owner| lists.named(owner).unwrap()).collect();
    let under = lists.under(&owners, mode);
    let (mut certain, mut possible) = (Vec::new(), Vec::new());
    for place in 0..u32::try_from(lists.entities.len()).unwrap() {
        let id = super::EntityId(place);
        let name = lists.name(id).trim_start_matches("Firm Number ").to_owned();
        match under.holds(&lists, id, day).filter(|_| !owners.contains(&id)) {
            Some(Certainty::Certain) => certain.push(name),
            Some(Certainty::Possible) => possible.push(format!("{name}?")),
            None => {}
        }
    }
    certain.append(&mut possible);
    certain.join(" ")
}

#[test]
fn half_of_the_direct_shares_step_by_step_makes_owned() {
    // OFAC FAQ 401, examples 1 to 5; FAQ 399 for several owners.
    for (stakes, owners, expected) in [
        (&["X>A 50", "A>B 50"][..], &["X"][..], "A B"),
        (&["X>A 50", "X>B 50", "A>C 25", "B>C 25"], &["X"], "A B C"),
        (&["X>A 50", "X>B 10", "A>B 40"], &["X"], "A B"),
        (&["X>A 50", "X>B 25", "A>C 25", "B>C 25"], &["X"], "A"),
        (&["X>A 25", "X>B 25", "A>C 50", "B>C 50"], &["X"], ""),
        (&["X>A 25", "Y>A 25"], &["X", "Y"], "A"),
        (&["X>A 25", "Y>A 25"], &["X"], ""),
        (&["X>A 25", "Y>A 24.99"], &["X", "Y"], ""),
        (&["A>B 100", "B>A 100", "X>C 10"], &["X"], ""),
        (&["X>A 50", "A>B 60", "B>A 50"], &["X"], "A B"),
    ] {
        assert_eq!(under(stakes, owners, Mode::Ofac50, None), expected, "{stakes:?}");
    }
}

#[test]
fn control_is_not_ownership_and_a_quarter_is_neither() {
    // OFAC FAQ 398.
    let stakes = ["X>A 25.01", "X>A control"];
    assert_eq!(under(&stakes, &["X"], Mode::Ofac50, None), "");
    assert_eq!(under(&stakes, &["X"], Mode::Control, None), "A");
    assert_eq!(under(&stakes, &["X"], Mode::Any, None), "A");
    let quarter = ["rostec>kalashnikov 25", "tkh>kalashnikov 75"];
    assert_eq!(under(&quarter, &["rostec"], Mode::Ofac50, None), "");
    assert_eq!(under(&quarter, &["rostec"], Mode::Control, None), "");
    assert_eq!(under(&quarter, &["rostec"], Mode::Any, None), "kalashnikov");
}

#[test]
fn an_unknown_share_is_possible_and_never_nought_or_all() {
    for (stakes, expected) in [
        (&["X>A ?"][..], "A?"),
        (&["X>A ?", "A>B 60"], "A? B?"),
        (&["X>A 60", "X>B ?", "A>B 50"], "A B"),
        (&["X>A 20-60"], "A?"),
        (&["X>A 20-49"], ""),
        (&["X>A <50"], ""),
        (&["X>A <=50"], "A?"),
        (&["X>A >=50"], "A"),
        (&["X>A <50", "Y>A 100"], ""),
    ] {
        assert_eq!(under(stakes, &["X"], Mode::Ofac50, None), expected, "{stakes:?}");
    }
}

#[test]
fn a_known_share_displaces_an_unknown_one_and_two_known_ones_span_both() {
    assert_eq!(under(&["X>A 60", "X>A ?"], &["X"], Mode::Ofac50, None), "A");
    assert_eq!(under(&["X>A 10", "X>A ?"], &["X"], Mode::Ofac50, None), "");
    assert_eq!(under(&["X>A 40", "X>A 60"], &["X"], Mode::Ofac50, None), "A?", "not 100");
    let changed = ["X>A 10 until 2014-12-31", "X>A ? from 2015-01-01"];
    assert_eq!(under(&changed, &["X"], Mode::Ofac50, Some("2014-05-01")), "");
    assert_eq!(under(&changed, &["X"], Mode::Ofac50, Some("2016-05-01")), "A?");
    assert_eq!(under(&changed, &["X"], Mode::Ofac50, None), "A?");
}

#[test]
fn a_stake_counts_on_the_days_on_which_it_is_held() {
    let stakes = ["X>A 75 until 2021-12-31", "A>B 60", "X>C 51 from 2022-06"];
    for (day, expected) in [
        (Some("2022-10-01"), "C"),
        (Some("2021-12-31"), "A B"),
        (Some("2022-01-01"), ""),
        (Some("2021-12"), "A B"),
        (Some("2022-06"), "C"),
        (Some("2022-05-31"), ""),
        (Some("2022"), "C"),
        (None, "A B C"),
    ] {
        assert_eq!(under(&stakes, &["X"], Mode::Ofac50, day), expected, "{day:?}");
        assert_eq!(under(&stakes, &["X"], Mode::Any, day), expected, "{day:?}");
    }
}

#[test]
fn the_path_tells_every_stake_that_makes_the_sum() {
    let lists = lists(&["X>A 50", "X>B 50", "A>C 25", "B>C 25", "D>C ?"]);
    let [x, c] = ["X", "C"].map(|id| lists.named(id).unwrap()[0]);
    let path = lists.under(&[x], Mode::Ofac50).path(&lists, c, None).unwrap();
    assert_eq!(
        path,
        [
            "Firm Number C —25 %→ Firm Number A",
            "Firm Number C —25 %→ Firm Number B",
            "Firm Number A —50 %→ Firm Number X",
            "Firm Number B —50 %→ Firm Number X"
        ]
    );
    assert_eq!(lists.under(&[x], Mode::Any).path(&lists, c, None).unwrap().len(), 2, "the shortest chain");
}

#[test]
fn a_chain_of_five_thousand_that_bites_its_tail_is_walked_once() {
    let mut stakes: Vec<String> = (0..5_000).map(|n| format!("F{n}>F{} 100", n + 1)).collect();
    stakes.push("F5000>F0 100".to_owned());
    let stakes: Vec<&str> = stakes.iter().map(String::as_str).collect();
    let lists = lists(&stakes);
    let [first, last] = ["F0", "F5000"].map(|id| lists.named(id).unwrap()[0]);
    for mode in [Mode::Any, Mode::Ofac50, Mode::Control] {
        assert_eq!(lists.under(&[first], mode).holds(&lists, last, None), Some(Certainty::Certain));
    }
}
