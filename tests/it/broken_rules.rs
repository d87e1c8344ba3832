//! A rule file broken in ten ways: the last good version goes on working, and one mail says where the slip is.

use crate::bench::{Bench, HEADER, RULE, hit, subject};

/// What is replaced, by what, and the line that the mail must name.
const BREAKS: [(&str, &str, usize); 10] = [
    ("    description: [Su-35*]", "    descriptoin: [Su-35*]", 7),
    ("any_recipient|owned_by", "any_recipient|owned_bye", 9),
    ("owned_by: Rostec", "owned_by: Rostecc", 9),
    ("condition: goods and to_rostec", "condition: goods and to_rostek", 10),
    ("condition: goods and to_rostec", "condition: (goods and to_rostec", 10),
    ("level: critical", "level: kritical", 3),
    ("id: su-35", "id: su-35\nid: su-35", 3),
    ("title:", "titel:", 1),
    ("    description: [Su-35*]", "    description: [Su-35*", 7),
    ("    description: [Su-35*]", "    description|re: '(?=Su)'", 7),
];

#[test]
fn each_of_ten_slips_is_told_once_with_its_line_and_turns_nothing_off() {
    let bench = Bench::new();
    bench.run();
    for (number, (from, to, line)) in (1u32..).zip(BREAKS) {
        let broken = RULE.replace(from, to);
        assert_ne!(broken, RULE, "{to}");
        bench.write("rules/su-35.yaml", broken);
        bench.write("drop/export.csv", format!("{HEADER}{}", hit(number)));
        bench.run();
        bench.run();
        assert_eq!(bench.mails_to("analyst@example.org").len(), number as usize, "{to}: the last good version fires");
        let told = bench.mails_to("ops@example.org");
        assert_eq!(told.len(), number as usize, "{to}: told once");
        let place = format!("su-35.yaml:{line}:");
        assert!(
            told.iter().any(|mail| subject(mail).contains(&place)),
            "{to}: {place} in {:?}",
            told.iter().map(|mail| subject(mail)).collect::<Vec<_>>()
        );
    }
}
