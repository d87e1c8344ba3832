//! `ConfigFile` (as written) → `Config` (as meant).
