//! Facts about the ledger, on a real SQLite file.
