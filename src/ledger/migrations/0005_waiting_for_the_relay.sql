-- Whether a message waits for the relay, and not for an hour of its own: it is due at once when the relay works again.
ALTER TABLE outbox ADD COLUMN waits_for_relay BIGINT NOT NULL DEFAULT 0;
