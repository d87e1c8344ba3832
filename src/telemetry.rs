//! Logs and systemd's ready and watchdog words.
