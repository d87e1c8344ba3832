//! tidewaiter: customs exports in, e-mailed alerts with their evidence out.
//!
//! The module list, in reading order; nothing is defined here. ARCHITECTURE.md tells the story.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::disallowed_methods
    )
)]

pub mod problem;
pub mod text;
pub mod value;
pub mod yaml;

pub mod alert;
pub mod finding;
pub mod notification;
pub mod prose;
pub mod record;
pub mod rule_card;
pub mod silence;

pub mod intake;
pub mod party;
pub mod rules;
pub mod watch;
pub mod watchlist;

pub mod evaluate;

pub mod desk;
pub mod pipeline;

pub mod deliver;
pub mod ledger;
pub mod triage;

pub mod cli;
pub mod config;
pub mod daemon;
pub mod telemetry;
