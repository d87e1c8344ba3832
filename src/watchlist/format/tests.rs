//! Which format a text is taken for.
use super::Format;

#[test]
fn a_format_is_known_by_what_the_file_says() {
    for (head, format) in [
        ("name: A\nentities:\n  - {id: a, name: b}\n", Format::Yaml),
        ("- id: a\n  name: b, c\n", Format::Yaml),
        ("# a, b\nentities: []\n", Format::Yaml),
        ("[{id: a, name: b}]", Format::Yaml),
        ("[{\"id\": \"a\", \"name\": \"b\"}]", Format::Yaml),
        ("", Format::Yaml),
        ("id,name,aliases\n", Format::Table(b',')),
        ("id;name;aliases\n", Format::Table(b';')),
        ("name\nSample\n", Format::Table(b',')),
        ("\"Name\"\t\"Street_Address\"\n", Format::Table(b'\t')),
        ("36,\"a.k.a. 'X'; DOB 1970; POB Y\"", Format::Table(b',')),
        ("36,\"SAMPLE: WORKS\",-0- ,\"X\"\n", Format::Table(b',')),
        ("{\"id\":\"x\",\"schema\":\"Company\",\"properties\":{}}\n", Format::Ftm),
        ("[\n {\"statementId\": \"x\"}]", Format::Bods),
        ("{\"total\":1,\"results\":[{\"alt_names\":[]}]}", Format::CslJson),
        ("<?xml version=\"1.0\"?>\n<!-- x -->\n<CONSOLIDATED_LIST x=\"y\">", Format::Un),
        ("<lei:LEIData>", Format::Gleif),
        ("<html>", Format::Unknown("this XML")),
        ("{\"a\": 1}", Format::Unknown("this JSON")),
    ] {
        assert_eq!(Format::of(head), format, "{head}");
    }
}
