//! Behaviour as users see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    clippy::disallowed_methods
)]

mod architecture;
mod bench;
mod broken_rules;
mod commands;
mod configuration;
mod containers;
mod delivery;
mod explain;
mod exports;
mod findings;
mod first_light;
mod first_rule;
mod holds;
mod language;
mod layouts;
mod lists;
mod mentions;
mod mistakes;
mod mutated_rules;
mod mutations;
mod plain;
mod quirks;
mod relay;
mod resolve;
mod round_trips;
mod rule_tests;
mod scan;
mod schemas;
mod status;
mod style;
mod telling;
mod templates;
mod upkeep;
mod watchlists;
