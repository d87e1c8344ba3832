-- What an alert is told by stands in `telling` and `thread`.
ALTER TABLE alert DROP COLUMN root_message_id;
ALTER TABLE alert DROP COLUMN notifications;
