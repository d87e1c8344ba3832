//! `test`: examples and test files, what passes and how a difference is told.

use crate::bench::{Bench, HEADER, RULE, hit, quiet};
use crate::commands::{printed, tidewaiter};

const EXAMPLES: &str = "\
examples:
  fires: [{consignee: АО «КРЭТ», description: СУ-35}]
  quiet: [{consignee: АО «КРЭТ», description: PUMP}]
";

const TESTS: &str = "\
tests:
  - name: the fighter's parts
    record: {consignee: КРЭТ, description: СУ–35С}
    fires: [su-35]
  - name: a month of records
    file: data/october.csv
    fires: {2: su-35}
";

fn bench(tests: &str) -> Bench {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", format!("{RULE}{EXAMPLES}"));
    bench.write("rules/su-35.test.yaml", tests);
    bench.write("rules/data/october.csv", format!("{HEADER}{}{}", hit(1), quiet(2)));
    bench
}

#[test]
fn examples_and_test_files_are_run_together_or_one_file_of_them() {
    let bench = bench(TESTS);
    let run = |path: &str| printed(&tidewaiter(&bench.path(""), &["test", path]).success());
    assert_eq!(run("rules"), "1 rule, 2 examples, 2 tests: all passed\n");
    assert_eq!(run("rules/su-35.test.yaml"), "1 rule, 0 examples, 2 tests: all passed\n");
    assert_eq!(run("rules/su-35.yaml"), "1 rule, 2 examples, 0 tests: all passed\n");
    assert_eq!(run("tidewaiter.yaml"), "1 rule, 2 examples, 2 tests: all passed\n");
}

#[test]
fn a_difference_is_told_with_the_selection_that_decided() {
    let wrong = TESTS.replace("{2: su-35}", "{3: su-35}").replace("СУ–35С", "СУ-350");
    let bench = bench(&wrong);
    bench.write("rules/su-35.yaml", format!("{RULE}{}", EXAMPLES.replace("PUMP", "PUMP OF A SU-35")));
    let run = tidewaiter(&bench.path(""), &["test"]).code(1);
    insta::assert_snapshot!(printed(&run));
    let told = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert_eq!(told, "tidewaiter: 1 rule, 2 examples, 2 tests: 3 failed\n");
    let json = printed(&tidewaiter(&bench.path(""), &["test", "--format", "json"]).code(1));
    let last: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!((&last["kind"], &last["passed"]), (&"test".into(), &false.into()));
    assert_eq!((&last["differences"][1]["row"], &last["differences"][1]["expected"]), (&3.into(), &true.into()));
}

#[test]
fn a_mistake_in_a_test_file_has_its_place() {
    let bench = bench(&TESTS.replace("[su-35]", "[su-36]").replace("october", "november"));
    let run = tidewaiter(&bench.path(""), &["test"]).code(1);
    let told = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    for part in ["rules/su-35.test.yaml:4:13", "did you mean `su-35`", "rules/su-35.test.yaml:6:11", "2 problems"] {
        assert!(told.contains(part), "{part} in {told}");
    }
}
