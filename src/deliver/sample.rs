//! Sample: one made-up alert with Cyrillic names and cells that want escaping, for the trial of templates and for tests.

use std::sync::Arc;

use crate::alert::{Alert, FileReport, News, PartyMonth, Told, Totals};
use crate::finding::{Evidence, Finding};
use crate::record::{Field, Part, Record, Role, SourceFile};
use crate::rule_card::{AlertSettings, Level, RuleCard};

pub(super) fn rule() -> RuleCard {
    RuleCard {
        id: "su-35-rostec".into(),
        title: "Su-35 parts to a Rostec subsidiary".into(),
        level: Level::Critical,
        description: "Parts for the Su-35 that are declared for\na company under Rostec.".into(),
        references: vec!["https://example.org/source".into()],
        tags: vec![],
        falsepositives: vec!["Scale models and toys".into()],
        fields: vec![],
        version: "a1b2c3d4e5f6".into(),
        reads: vec!["description".into()],
        alert: AlertSettings::default(),
    }
}

fn evidence() -> Vec<Evidence> {
    let mention = Evidence {
        selection: "goods".into(),
        field: "description".into(),
        operator: "mentions".into(),
        value: "Su-35*".into(),
        matched: "СУ-35".into(),
        ..Evidence::default()
    };
    let party = Evidence {
        selection: "party".into(),
        field: "consignee.name".into(),
        operator: "owned_by".into(),
        value: "Rostec".into(),
        matched: "АО «КРЭТ»".into(),
        entity: Some("AO KRET".into()),
        score: Some(100),
        path: vec![
            "INN 7703695246 is AO KRET's".into(),
            "AO KRET —subsidiary, share unknown (EU 269/2014)→ Rostec".into(),
        ],
        ..Evidence::default()
    };
    vec![mention, party]
}

pub(super) fn record(row: u64) -> Record {
    let source = SourceFile {
        source: "imports".into(),
        file: "october.csv".into(),
        member: None,
        sheet: None,
        sha256: Some("ab".repeat(32)),
    };
    let fields = vec![
        (Field::DeclarationId, "10702070/241022/0001".to_owned()),
        (Field::ItemNumber, row.to_string()),
        (Field::DeclarationDate, "2022-10-24".into()),
        (Field::Party(Role::Consignor, Part::Name), "Example Trading <Ltd>".into()),
        (Field::Party(Role::Consignee, Part::Name), "АО «КРЭТ»".into()),
        (Field::HsCode, "8807300000".into()),
        (Field::Description, "Блок для самолёта СУ-35 & запчасти; изделие СУ-35".into()),
        (Field::OriginCountry, "US".into()),
        (Field::DispatchCountry, "HK".into()),
        (Field::ValueUsd, "1234567.5".into()),
    ];
    Record {
        source: Arc::new(source), row, fields, raw: vec![("Товар".into(), "Блок".into())], computed_usd: false
    }
}

pub(super) fn alert(count: u64) -> Alert {
    let rule = Arc::new(rule());
    let told = (1..=count).map(|row| Told {
        id: i64::try_from(row).unwrap_or_default(),
        key: format!("k{row}"),
        finding: Finding { rule: rule.clone(), record: record(row), evidence: evidence(), group: vec![] },
        news: News::New,
    });
    let told: Vec<Told> = told.collect();
    let source = SourceFile::clone(&record(1).source);
    Alert {
        key: "k".into(),
        rule,
        group: vec![],
        told,
        totals: Totals {
            new: count,
            amended: 0,
            value_usd: Some("3703702.5".into()),
            by_party_and_month: vec![PartyMonth {
                consignor: "Example Trading <Ltd>".into(),
                consignee: "АО «КРЭТ»".into(),
                month: "2022-10".into(),
                records: count,
                value_usd: Some("3703702.5".into()),
            }],
            lines: 1,
        },
        held: vec![],
        files: vec![FileReport { source, records: 1200, rejects: 2, skipped: 0, notes: vec![], banner: None }],
    }
}
