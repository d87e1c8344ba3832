//! Ledger: the only memory. Staging by chunk, one publishing transaction a file, the outbox with it.
