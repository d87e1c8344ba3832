-- What a summary adds up, so that it can be added up over all files of a mail; and the ways from a mail to its findings.
ALTER TABLE finding ADD COLUMN consignor TEXT NOT NULL DEFAULT '';
ALTER TABLE finding ADD COLUMN consignee TEXT NOT NULL DEFAULT '';
ALTER TABLE finding ADD COLUMN value_usd TEXT NOT NULL DEFAULT '';
UPDATE finding SET consignor = COALESCE(json_extract(CAST(record AS TEXT), '$.consignor.name'), ''),
    consignee = COALESCE(json_extract(CAST(record AS TEXT), '$.consignee.name'), ''),
    value_usd = COALESCE(json_extract(CAST(record AS TEXT), '$.value_usd'), '')
    WHERE attempt IN (SELECT a.attempt FROM alert a JOIN telling t ON t.alert = a.id
    WHERE a.as_summary = 1 AND t.state IN ('waiting', 'held'));
CREATE INDEX alert_attempt ON alert (attempt, rule, group_values);
CREATE INDEX telling_mail ON telling (message_id);
