//! Where `mentions` finds a term, and where it must not: `mentions.tsv`, as compiled rules over records.
//!
//! Each row is two rules: one asks the description, where all terms of all rules share one search; the other asks the
//! address of a party, where each is asked alone. All rules meet all texts, so that the two ways are held together far
//! beyond the table.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidewaiter::evaluate::{Firing, Memo, Plan, bind, evaluate};
use tidewaiter::problem::SourceText;
use tidewaiter::record::{Batch, Column, Field, Part, Role, SourceFile};
use tidewaiter::rules::{Known, RuleTexts, compile};

struct Case {
    line: usize,
    form: &'static str,
    term: String,
    text: String,
    /// The piece that is marked; `None` where the term must not be found.
    piece: Option<String>,
}

impl Case {
    fn rules(&self, number: usize) -> String {
        let term = serde_json::to_string(&self.term).unwrap();
        let (field, form) = ("description", self.form);
        let rule = |id: char, question: String| {
            format!(
                "title: T\nid: {id}-{number}\nlevel: low\ndetection:\n  it:\n    {question}\n  condition: it\n---\n"
            )
        };
        rule('d', format!("{field}|{form}: {term}")) + &rule('p', format!("consignee: {{'address|{form}': {term}}}"))
    }
}

fn unescape(written: &str) -> String {
    let mut out = String::new();
    let mut rest = written;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let (sign, length) = match escape.as_bytes()[0] {
            b'n' => ('\n', 1),
            b'r' => ('\r', 1),
            b't' => ('\t', 1),
            b'u' => {
                let end = escape.find('}').unwrap();
                (char::from_u32(u32::from_str_radix(&escape[2..end], 16).unwrap()).unwrap(), end + 1)
            }
            other => panic!("unknown escape {}", char::from(other)),
        };
        out.push(sign);
        rest = &escape[length..];
    }
    out + rest
}

fn case(line: usize, row: &str) -> Case {
    let cells: Vec<&str> = row.split('\t').collect();
    let form = match cells[1] {
        "mentions" => "mentions",
        "literal" => "mentions|literal",
        "inflected" => "mentions|inflected",
        other => panic!("line {line}: unknown form {other}"),
    };
    let marked = cells[3].split_once('⟦').and_then(|(_, rest)| rest.split_once('⟧')).map(|(piece, _)| unescape(piece));
    assert_eq!(marked.is_some(), cells[0] == "yes", "line {line}: a yes has a marked piece, a no has none");
    let text = unescape(&cells[3].replace(['⟦', '⟧'], ""));
    Case { line, form, term: unescape(cells[2]), text, piece: marked }
}

fn table() -> Vec<Case> {
    let rows = include_str!("mentions.tsv").lines().enumerate();
    rows.filter(|(_, row)| !row.is_empty() && !row.starts_with('#')).map(|(at, row)| case(at + 1, row)).collect()
}

fn plan(rules: &str) -> Plan {
    let texts = RuleTexts { rules: vec![SourceText::new("rules/all.yaml", rules)], lists: Vec::new() };
    let (set, problems) = compile(&texts, &Known::default());
    let errors = problems.iter().filter(|problem| problem.is_error());
    assert_eq!(errors.map(|problem| &problem.message).collect::<Vec<_>>(), Vec::<&String>::new());
    let (plan, problems) = bind(&set, Arc::default());
    assert!(problems.is_empty());
    plan
}

fn batch(texts: &[&str]) -> Batch {
    let source = SourceFile { source: String::new(), file: "f.csv".into(), member: None, sheet: None, sha256: None };
    let mut batch = Batch::new(Arc::new(source), Arc::new([]));
    let mut column = Column::default();
    for (row, text) in texts.iter().enumerate() {
        batch.rows.push(row as u64 + 1);
        column.push(text);
    }
    batch.set_column(Field::Party(Role::Consignee, Part::Address), column.clone());
    batch.set_column(Field::Description, column);
    batch
}

/// Row and number of the firings of the rules whose id begins so.
fn fired(firings: &[Firing], kind: &str) -> BTreeSet<(usize, usize)> {
    let number = |firing: &Firing| Some((firing.row, firing.rule.card.id.strip_prefix(kind)?.parse().unwrap()));
    firings.iter().filter_map(number).collect()
}

#[test]
fn every_row_of_the_table_holds_and_marks_its_piece() {
    let table = table();
    assert!(table.len() >= 300, "{} rows", table.len());
    let rules: String = table.iter().enumerate().map(|(number, case)| case.rules(number)).collect();
    let texts: Vec<&str> = table.iter().map(|case| case.text.as_str()).collect();
    let firings = evaluate(&plan(&rules), &batch(&texts), &mut Memo::default());
    let together = fired(&firings, "d-");
    let mut wrong = Vec::new();
    for (number, case) in table.iter().enumerate() {
        let told = |firing: &&Firing| firing.row == number && firing.rule.card.id == format!("d-{number}");
        let piece = firings.iter().find(told).map(|firing| firing.evidence[0].matched.clone());
        if piece != case.piece {
            let Case { line, form, term, text, piece: expected } = case;
            wrong.push(format!("line {line}: {form} {term:?} in {text:?}: expected {expected:?}, got {piece:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), table.len(), wrong.join("\n"));
    let alone = fired(&firings, "p-");
    let apart = together.symmetric_difference(&alone).map(|(row, number)| (&table[*number].term, texts[*row]));
    assert_eq!(apart.collect::<Vec<_>>(), [], "found together or alone, not both");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn terms_searched_together_and_each_alone_find_the_same(
        terms in proptest::collection::vec(WORDS, 1..8), texts in proptest::collection::vec(WORDS, 1..8)
    ) {
        let case = |term: String| Case { line: 0, form: "mentions", term, text: String::new(), piece: None };
        let starred = terms.iter().map(|term| format!("{}*", term.trim_end_matches('-')));
        let inflected = terms.iter().map(|term| Case { form: "mentions|inflected", ..case(term.clone()) });
        let all = terms.iter().cloned().chain(starred).map(case).chain(inflected);
        let rules: String = all.enumerate().map(|(number, case)| case.rules(number)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let firings = evaluate(&plan(&rules), &batch(&texts), &mut Memo::default());
        proptest::prop_assert_eq!(fired(&firings, "d-"), fired(&firings, "p-"), "{:?} in {:?}", terms, texts);
    }
}

/// Few letters, so that terms and texts meet: look-alikes, transliterations of two letters, signs without meaning, digits.
const WORDS: &str =
    "([SsСсCХхXxhшяиIуYyеЕEÉé][\u{306}\u{308}\u{200b}\u{301}-]?){1,3}( ?([1١１]|стан(ок|ки)|ЛОДОК|лодка|[аиjЬ]))?";

#[test]
fn a_term_without_a_word_is_a_problem_at_its_place() {
    let bad = ["' '", "'-'", "'*'", "'...'", "'radar ...'", "'... antenna'", "'*35'", "'Su*35'", "'a * b'", "'« »'"];
    for term in bad.into_iter().chain([&*format!("'{}'", "я".repeat(600))]) {
        let rule = Case { line: 0, form: "mentions", term: String::new(), text: String::new(), piece: None }.rules(1);
        let text = rule.split("---").next().unwrap().replace("\"\"", term);
        let texts = RuleTexts { rules: vec![SourceText::new("rules/bad.yaml", text)], lists: Vec::new() };
        let (set, problems) = compile(&texts, &Known::default());
        assert!(set.rules.is_empty(), "{term} makes no rule");
        assert_eq!(problems[0].code, "bad-term", "{term}: {}", problems[0].message);
        assert_eq!(problems[0].position().0, 6, "{term}");
    }
}

#[test]
fn a_long_text_is_searched_to_its_end() {
    let filler = "ЗАПАСНЫЕ ЧАСТИ SU 3-5, RADAR SU-350 ".repeat(20_000);
    let text = format!("{filler}АНТЕННЫ СУ-35");
    let rules = ["Su-35", "антенна Su-35", "radar ... антенна", "Su-27"].into_iter().enumerate();
    let case = |term: &str| Case { line: 0, form: "mentions", term: term.into(), text: String::new(), piece: None };
    let rules: String = rules.map(|(number, term)| case(term).rules(number)).collect();
    let firings = evaluate(&plan(&rules), &batch(&[&text]), &mut Memo::default());
    assert_eq!(fired(&firings, "d-"), BTreeSet::from([(0, 0), (0, 1), (0, 2)]));
    assert_eq!(fired(&firings, "p-"), fired(&firings, "d-"));
    let piece = |id: &str| &firings.iter().find(|firing| firing.rule.card.id == id).unwrap().evidence[0].matched;
    assert_eq!((piece("d-0").as_str(), piece("d-1").as_str()), ("СУ-35", "АНТЕННЫ СУ-35"));
}

#[test]
fn a_text_that_went_through_a_web_page_is_decoded_before_it_is_searched() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("layouts")).unwrap();
    std::fs::write(folder.path().join("layouts/harbor.yaml"), crate::bench::LAYOUT).unwrap();
    let rule = "title: T\nid: a\nlevel: low\ndetection:\n  it:\n    description: Su-35\n  condition: it\n";
    std::fs::write(folder.path().join("a.yaml"), rule).unwrap();
    let spellings = ["SU&nbsp;35", "&quot;СУ-35&quot;", "SU&#45;35", "SU&#x2011;35", "&#1057;У-35", "SU-35&amp;36"];
    let mut csv = crate::bench::HEADER.to_owned();
    for goods in spellings.into_iter().chain(["SU-35&#48;", "A&#83;U-35"]) {
        csv += &format!("D-1,1,2022-10-24,A CO,B CO,8807300000,{goods},1\n");
    }
    std::fs::write(folder.path().join("export.csv"), csv).unwrap();
    let scan = std::process::Command::new(env!("CARGO_BIN_EXE_tidewaiter"))
        .current_dir(folder.path())
        .args(["scan", "export.csv", "--rules", ".", "--format", "jsonl"])
        .output()
        .unwrap();
    assert!(scan.status.success(), "{}", String::from_utf8_lossy(&scan.stderr));
    let lines = String::from_utf8(scan.stdout).unwrap();
    let finding = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let found: Vec<String> = lines.lines().map(|line| finding(line)["evidence"][0]["matched"].to_string()).collect();
    let pieces = ["SU 35", "СУ-35", "SU-35", "SU\u{2011}35", "СУ-35", "SU-35"];
    assert_eq!(found, pieces.map(|piece| format!("\"{piece}\"")));
}
