//! Watchlists in the formats of their publishers: hand-written files of made-up firms, whole, and cut off, reordered and
//! dressed up as they come in practice.

use tidewaiter::problem::Problem;
use tidewaiter::watchlist::{EntityCard, ListFile, Watchlists, list_name};

const FILES: [(&str, &[u8]); 10] = [
    ("plain.csv", include_bytes!("lists/plain.csv")),
    ("stakes.csv", include_bytes!("lists/stakes.csv")),
    ("entities.ftm.json", include_bytes!("lists/entities.ftm.json")),
    ("targets.simple.csv", include_bytes!("lists/targets.simple.csv")),
    ("csl.csv", include_bytes!("lists/csl.csv")),
    ("csl.json", include_bytes!("lists/csl.json")),
    ("dpl.txt", include_bytes!("lists/dpl.txt")),
    ("un.xml", include_bytes!("lists/un.xml")),
    ("bods.json", include_bytes!("lists/bods.json")),
    ("watchlists/ofac/sdn.csv", include_bytes!("lists/ofac/sdn.csv")),
];
const OFAC: [(&str, &[u8]); 4] = [
    ("watchlists/ofac/ADD.CSV", include_bytes!("lists/ofac/add.csv")),
    ("watchlists/ofac/ALT.CSV", include_bytes!("lists/ofac/alt.csv")),
    ("watchlists/ofac/SDN.CSV", include_bytes!("lists/ofac/sdn.csv")),
    ("watchlists/ofac/SDN_COMMENTS.CSV", include_bytes!("lists/ofac/sdn_comments.csv")),
];
const GLEIF: [(&str, &[u8]); 2] = [
    ("watchlists/gleif/rr.xml", include_bytes!("lists/gleif/level2.xml")),
    ("watchlists/gleif/lei.xml", include_bytes!("lists/gleif/level1.xml")),
];

fn file(name: &str) -> &'static [u8] {
    FILES.iter().find(|file| file.0 == name).unwrap().1
}

fn read(files: &[(&str, &[u8])]) -> (Watchlists, Vec<Problem>) {
    Watchlists::read(files.iter().map(|(path, content)| ListFile {
        list: list_name(path).to_owned(),
        path: (*path).to_owned(),
        content: Box::new(*content),
    }))
}

fn cards(lists: &Watchlists) -> Vec<EntityCard> {
    let names: Vec<String> = lists.lists().map(str::to_owned).collect();
    names.iter().flat_map(|list| lists.members(list)).map(|id| lists.card(id).unwrap()).collect()
}

fn codes(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.code).collect()
}

fn by_id<'c>(cards: &'c [EntityCard], id: &str) -> &'c EntityCard {
    cards.iter().find(|card| card.id == id).unwrap_or_else(|| panic!("{id} in {cards:#?}"))
}

/// The entities of one file, with what is told of it.
fn one(path: &str) -> (Vec<EntityCard>, Vec<Problem>) {
    let (lists, problems) = read(&[(path, file(path))]);
    (cards(&lists), problems)
}

#[test]
fn our_own_tables_give_entities_and_stakes() {
    let (lists, problems) = read(&[("plain.csv", file("plain.csv")), ("stakes.csv", file("stakes.csv"))]);
    assert_eq!(problems, []);
    let cards = cards(&lists);
    let holding = by_id(&cards, "sample-holding");
    assert_eq!(holding.aliases, ["Пример Холдинг", "Sample Group"]);
    assert_eq!((holding.country, holding.addresses.len()), (Some("RU"), 1));
    let works = by_id(&cards, "sample-works");
    assert_eq!(works.identifiers, ["INN 7703695246"]);
    assert_eq!(works.parents, ["Sample Works —51 % (a made-up register)→ Sample Holding"]);
    let quarter = by_id(&cards, "Quarter Works");
    assert_eq!(
        quarter.parents,
        [
            "Quarter Works —25 % (a made-up register)→ Sample Holding",
            "Quarter Works —controlled, share unknown (a made-up notice)→ Sample Holding"
        ]
    );
    assert_eq!(by_id(&cards, "Small Works").parents, ["Small Works —50 to 75 %→ Quarter Works"]);
    assert_eq!(cards.len(), 4, "a firm that the stakes name and no list has becomes an entity");
}

#[test]
fn follow_the_money_gives_entities_stakes_sanctions_and_addresses_in_any_order() {
    let (cards, problems) = one("entities.ftm.json");
    assert_eq!(cards.len(), 5);
    let holding = by_id(&cards, "made-1");
    assert_eq!(holding.list, "entities");
    assert_eq!(holding.aliases, ["Пример Авиа Холдинг", "SAH", "Sample Air Works", "Avia"]);
    assert_eq!(holding.identifiers, ["INN 7703695246", "LEI 529900T8BM49AURSDO55"]);
    assert_eq!(holding.topics, ["sanction", "export.control"]);
    assert_eq!(holding.addresses, ["Primernaya street 17, Moscow"]);
    assert_eq!(holding.listed, ["listed: XX-TEST from 2022-03-08 (A made-up authority)"]);
    let plant = by_id(&cards, "made-2");
    assert_eq!(
        plant.parents,
        [
            "Sample Propeller Plant —subsidiary, share unknown (stated as its parent)→ Sample Ministry",
            "Sample Propeller Plant —51 %→ Sample Aviation Holding",
            "Sample Propeller Plant —controlled, share unknown (general director)→ Sample Person",
        ]
    );
    let vessel = by_id(&cards, "made-4");
    assert_eq!((vessel.identifiers.as_slice(), vessel.country), (["IMO 9074729".to_owned()].as_slice(), Some("PA")));
    assert!(vessel.parents.is_empty(), "an associate is no owner");
    assert_eq!(codes(&problems), ["unknown-entity"]);
    assert!(problems[0].message.contains("1 statements name an entity that no watchlist has; the first is `nobody`"));
    assert_eq!(problems[0].position(), (11, 1));
}

#[test]
fn the_simplified_table_parts_its_values_and_their_quotes() {
    let (cards, problems) = one("targets.simple.csv");
    assert_eq!(problems, []);
    assert_eq!(cards.len(), 2);
    let holding = by_id(&cards, "made-1");
    assert_eq!(holding.list, "targets");
    assert_eq!(holding.aliases, ["Пример Авиа Холдинг", "Sample; Aviation"]);
    assert_eq!(holding.identifiers, ["INN 7703695246", "LEI 529900T8BM49AURSDO55"]);
    assert_eq!((holding.topics.len(), holding.listed.as_slice()), (1, ["listed: XX-TEST".to_owned()].as_slice()));
}

#[test]
fn the_four_files_of_ofac_are_one_list() {
    let (lists, problems) = read(&OFAC);
    assert_eq!(problems, []);
    assert_eq!(lists.sizes(), [("ofac", 3)]);
    let cards = cards(&lists);
    let holding = by_id(&cards, "ofac-101");
    assert_eq!(holding.aliases, ["SAH", "SAMPLE AIR WORKS", "PRIMER AVIA HOLDING", "SAMPLE ROTOR WORKS"]);
    assert_eq!(holding.identifiers, ["INN 7703695246", "LEI 529900T8BM49AURSDO55"]);
    assert_eq!(holding.listed, ["listed: XX-TEST", "listed: YY-TEST"]);
    assert_eq!(holding.addresses, ["Primernaya street 17, Moscow 109147, Russia"]);
    assert_eq!(holding.country, Some("RU"));
    assert_eq!(by_id(&cards, "ofac-102").aliases, ["Sample PERSON", "PERSON, Simple", "Simple PERSON"]);
    let vessel = by_id(&cards, "ofac-103");
    assert_eq!((vessel.country, vessel.identifiers.len()), (Some("PA"), 1));
}

#[test]
fn the_screening_list_reads_the_same_as_a_table_and_as_json() {
    for path in ["csl.csv", "csl.json"] {
        let (cards, problems) = one(path);
        assert_eq!(problems, [], "{path}");
        assert_eq!(cards.len(), 2, "{path}");
        let holding = by_id(&cards, "csl-abc1");
        assert_eq!(holding.aliases, ["SAH", "Sample Air Works"]);
        let listed = "listed: EL from 2022-03-08 (Entity List (EL) - Bureau of Industry and Security, 00 FR 00000)";
        assert_eq!(holding.listed, [listed]);
        assert_eq!(
            (holding.country, holding.topics.as_slice()),
            (Some("RU"), ["export.control".to_owned()].as_slice())
        );
        assert_eq!(by_id(&cards, "ofac-101").identifiers, ["LEI 529900T8BM49AURSDO55"]);
    }
}

#[test]
fn the_denied_persons_list_has_a_row_for_each_address() {
    let (cards, problems) = one("dpl.txt");
    assert_eq!(problems, []);
    assert_eq!(cards.len(), 2);
    assert_eq!(cards[0].listed, ["listed: DPL from 2022-03-08 until 2032-03-08 (00 F.R. 00000 3/8/2022)"]);
    assert_eq!(cards[0].same_as.len(), 1, "one firm at two addresses");
}

#[test]
fn the_list_of_the_united_nations_is_read_record_by_record() {
    let (cards, problems) = one("un.xml");
    assert_eq!(problems, []);
    assert_eq!(cards.len(), 2);
    let person = by_id(&cards, "unsc-9000001");
    assert_eq!((person.name.as_str(), person.country), ("SAMPLE PERSON", Some("PA")));
    assert_eq!(person.aliases, ["Пример Персона", "Simple"]);
    let firm = by_id(&cards, "unsc-9000002");
    assert_eq!(firm.name, "SAMPLE AVIATION & HOLDING");
    assert_eq!(firm.aliases, ["SAH WORKS", "Sample Air Works"]);
    assert_eq!(firm.listed, ["listed: Test from 2014-06-30 (UN Security Council, TTe.001)"]);
    assert_eq!(firm.addresses, ["Sample Avenue 5, Colon, Panama"]);
}

#[test]
fn statements_of_ownership_are_intervals_control_and_ends() {
    let (cards, problems) = one("bods.json");
    assert_eq!(problems, []);
    assert_eq!(cards.len(), 2);
    let works = by_id(&cards, "works");
    assert_eq!(works.identifiers, ["INN 7703695246"]);
    assert_eq!(
        works.parents,
        ["Sample Works Ltd —25 to 50 %→ Sample Person", "Sample Works Ltd —controlled, share unknown→ Sample Person"]
    );
    let (lists, _) = read(&[("bods.json", file("bods.json"))]);
    let under = lists.under(&lists.named("owner").unwrap(), tidewaiter::watchlist::Mode::Any);
    let works = lists.named("works").unwrap()[0];
    for (day, holds) in [("2022-06-30", true), ("2022-07-01", false)] {
        assert_eq!(under.holds(&lists, works, Some(day)).is_some(), holds, "{day}: the record was closed");
    }
}

#[test]
fn who_consolidates_whom_is_joined_across_the_two_files_of_gleif() {
    let (lists, problems) = read(&GLEIF);
    assert_eq!(codes(&problems), ["invalid-identifier"], "the made-up LEI has no checksum");
    let cards = cards(&lists);
    assert_eq!(cards.len(), 2);
    let holding = by_id(&cards, "lei-529900T8BM49AURSDO55");
    assert_eq!(holding.aliases, ["Sample Holding JSC"]);
    assert_eq!(holding.identifiers, ["LEI 529900T8BM49AURSDO55", "OGRN 1117746521452"]);
    let works = by_id(&cards, "lei-213800SAMPLESAMPLE10");
    assert_eq!(works.country, Some("US"));
    let step = "Sample Works LLC —subsidiary, share unknown (GLEIF Level 2: is directly consolidated by)→ АО \"Пример Холдинг\"";
    assert_eq!(works.parents, [step]);
}

#[test]
fn a_mark_at_the_start_windows_line_ends_and_an_old_end_of_file_change_nothing() {
    for (path, content) in FILES {
        let (plain, problems) = one(path);
        let crlf = String::from_utf8(content.to_vec()).unwrap().replace('\n', "\r\n").into_bytes();
        let marked = [&[0xef, 0xbb, 0xbf], content].concat();
        let ended = [content, &[0x1a]].concat();
        let is_text = !path.ends_with(".xml") && !matches!(path, "bods.json" | "csl.json");
        let dressed = [("CRLF", crlf), ("BOM", marked)].into_iter().chain(is_text.then_some(("0x1A", ended)));
        for (what, content) in dressed {
            let (lists, found) = read(&[(path, &content)]);
            assert_eq!(cards(&lists), plain, "{path} with {what}");
            assert_eq!(codes(&found), codes(&problems), "{path} with {what}");
        }
    }
}

#[test]
fn a_file_that_is_cut_off_is_broken_and_says_where() {
    for (path, content) in FILES {
        let whole = one(path).0.len();
        // In the middle of the last entry: a few bytes before its end.
        let cut = content.len() - content.len().min(20);
        let (lists, problems) = read(&[(path, &content[..cut])]);
        let told = problems.iter().find(|problem| problem.is_error());
        let told = told.unwrap_or_else(|| panic!("{path}: {} of {whole} and {problems:?}", cards(&lists).len()));
        assert_eq!(told.code, "cut-off", "{path}: {told}");
        assert!(told.position().0 > 1, "{path}: {told}");
    }
}

#[test]
fn no_piece_of_any_file_makes_the_reader_fall_over() {
    for (path, content) in FILES {
        for cut in (0..content.len()).step_by(7) {
            read(&[(path, &content[..cut])]);
            let mut torn = content.to_vec();
            torn[cut] ^= 0x5a;
            read(&[(path, &torn)]);
        }
    }
}

#[test]
fn columns_and_lines_may_stand_in_any_order() {
    let reversed = |content: &[u8], heading: bool| -> Vec<u8> {
        let text = std::str::from_utf8(content).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines[usize::from(heading)..].reverse();
        lines.join("\n").into_bytes()
    };
    let sorted = |lists: &Watchlists| -> Vec<(String, usize, usize)> {
        let mut all: Vec<_> =
            cards(lists).into_iter().map(|card| (card.id, card.parents.len(), card.listed.len())).collect();
        all.sort();
        all
    };
    for (path, heading) in [("plain.csv", true), ("entities.ftm.json", false), ("csl.csv", true)] {
        let (plain, _) = read(&[(path, file(path))]);
        let content = reversed(file(path), heading);
        let (other, problems) = read(&[(path, &content)]);
        assert_eq!(sorted(&other), sorted(&plain), "{path}");
        assert!(!problems.iter().any(Problem::is_error), "{path}: {problems:?}");
    }
    let columns = b"percent,child,parent\n51,Sample Works,Sample Holding\n";
    let (lists, problems) = read(&[("stakes.csv", columns)]);
    assert_eq!(problems, []);
    assert_eq!(by_id(&cards(&lists), "Sample Works").parents, ["Sample Works —51 %→ Sample Holding"]);
}

#[test]
fn a_broken_entry_is_told_with_its_line_and_the_rest_works() {
    let lines = String::from_utf8(file("entities.ftm.json").to_vec()).unwrap();
    let broken = lines.replacen("\"id\":\"made-3\"", "\"id\":made-3", 1);
    let (lists, problems) = read(&[("a.ftm.json", broken.as_bytes())]);
    assert_eq!(cards(&lists).len(), 4);
    let told = problems.iter().find(|problem| problem.code == "invalid-json").unwrap();
    assert_eq!((told.position().0, told.is_error()), (5, false), "{told}");

    let (lists, problems) = read(&[("a.csv", b"id,name\na,Sample Works\nb\nx,\nc,Other Works\n")]);
    assert_eq!(cards(&lists).len(), 2);
    assert_eq!(codes(&problems), ["wrong-width", "no-name"]);
    assert_eq!(problems[0].position(), (3, 1));
}

#[test]
fn of_many_problems_twenty_are_told_and_the_rest_is_counted() {
    let rows: String = (0..100).map(|n| format!("f{n},Sample Works {n},Atlantis\n")).collect();
    let (lists, problems) = read(&[("a.csv", format!("id,name,country\n{rows}").as_bytes())]);
    assert_eq!(cards(&lists).len(), 100);
    assert_eq!(problems.len(), 21);
    assert_eq!(problems[20].message, "80 more problems in this file");
}

#[test]
fn what_is_no_watchlist_is_told_as_such() {
    for (content, code) in [
        (&b"<html><body>Not found</body></html>"[..], "unknown-format"),
        (b"alpha,beta\n1,2\n", "unknown-format"),
        (b"{\"error\": \"no\"}", "unknown-format"),
        (b"\xff\xfei\0d\0", "not-utf-8"),
        (b"<CONSOLIDATED_LIST><ENTITY></WRONG>", "invalid-xml"),
    ] {
        let (_, problems) = read(&[("a.csv", content)]);
        assert_eq!(codes(&problems), [code], "{}", String::from_utf8_lossy(content));
        assert!(problems[0].is_error());
    }
    let deep = "[".repeat(100_000);
    assert!(read(&[("a.json", format!("[{{\"statementId\":{deep}").as_bytes())]).1[0].is_error());
    let deep = "<a>".repeat(100_000);
    let xml = format!("<CONSOLIDATED_LIST><ENTITY>{deep}");
    assert_eq!(codes(&read(&[("a.xml", xml.as_bytes())]).1), ["invalid-xml"]);
}
