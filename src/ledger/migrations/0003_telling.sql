-- What is told to whom, when, and under which Message-ID; or why it is not told. An alert carries all that rendering it
-- takes, so that a mail can be made long after its file, by a program that has been started anew.

ALTER TABLE alert ADD COLUMN attempt BIGINT;
ALTER TABLE alert ADD COLUMN report BLOB;
ALTER TABLE alert ADD COLUMN totals BLOB;
ALTER TABLE alert ADD COLUMN findings BIGINT NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN as_summary BIGINT NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN storm BIGINT;
ALTER TABLE staging ADD COLUMN silence BIGINT;
ALTER TABLE finding ADD COLUMN silence BIGINT;
CREATE INDEX finding_alert ON finding (attempt, rule, group_values);

-- lane: file, burst, daily, weekly. state: waiting, told, held, discarded. batch: the file, in the lane of files; else 0.
-- level: 0 informational to 4 critical.
CREATE TABLE telling (
    id BIGINT NOT NULL PRIMARY KEY,
    alert BIGINT NOT NULL REFERENCES alert (id),
    recipient TEXT NOT NULL,
    lane TEXT NOT NULL,
    batch BIGINT NOT NULL,
    level BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    made_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    settled_at BIGINT,
    message_id TEXT,
    UNIQUE (alert, recipient)
);
CREATE INDEX telling_due ON telling (state, due_at);
CREATE INDEX telling_recipient ON telling (recipient, state, lane);

-- One row a mail that tells alerts. A digest is there once for each recipient, lane and local date.
CREATE TABLE letter (
    message_id TEXT NOT NULL PRIMARY KEY,
    recipient TEXT NOT NULL,
    lane TEXT NOT NULL,
    local_date TEXT,
    level BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (recipient, lane, local_date)
);
CREATE INDEX letter_made ON letter (made_at);

-- The first mail that told somebody of a rule and group: later ones refer to it.
CREATE TABLE thread (
    alert_key TEXT NOT NULL,
    recipient TEXT NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (alert_key, recipient)
);
INSERT INTO thread (alert_key, recipient, message_id)
    SELECT o.alert_key, o.recipient, o.message_id FROM outbox o WHERE o.alert_key IS NOT NULL AND o.id =
    (SELECT MIN(p.id) FROM outbox p WHERE p.alert_key = o.alert_key AND p.recipient = o.recipient);

-- A rule that fired so often in one file that somebody should look first.
CREATE TABLE storm (
    id BIGINT NOT NULL PRIMARY KEY,
    rule TEXT NOT NULL,
    attempt BIGINT NOT NULL REFERENCES attempt (id),
    findings BIGINT NOT NULL,
    reason TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    announced_at BIGINT,
    settled_at BIGINT,
    outcome TEXT
);
CREATE INDEX storm_rule ON storm (rule, settled_at);

-- What somebody asked not to be told of. An empty condition fits everything.
CREATE TABLE silence (
    id BIGINT NOT NULL PRIMARY KEY,
    rule TEXT,
    tag TEXT,
    source TEXT,
    field TEXT,
    value TEXT,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    ended_at BIGINT,
    reminded_at BIGINT NOT NULL,
    summed_at BIGINT
);
CREATE INDEX finding_silence ON finding (silence);

INSERT INTO counter (name, value) VALUES ('telling', 0), ('storm', 0), ('silence', 0);
