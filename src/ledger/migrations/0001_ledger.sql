-- Columns are BIGINT, TEXT and BLOB only. Times are microseconds since 1970. JSON that holds cells of a file is a BLOB,
-- because a text column of another database may refuse a NUL that a hostile cell carries.

CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('file', 0), ('attempt', 0), ('finding', 0), ('alert', 0), ('outbox', 0);

CREATE TABLE file (
    id BIGINT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    work_name TEXT NOT NULL,
    state TEXT NOT NULL,
    sha256 TEXT,
    size BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    records BIGINT NOT NULL DEFAULT 0,
    rejects BIGINT NOT NULL DEFAULT 0,
    findings BIGINT NOT NULL DEFAULT 0,
    problem TEXT,
    moved_to TEXT,
    look_again_at BIGINT,
    looks BIGINT NOT NULL DEFAULT 0,
    seen_at BIGINT NOT NULL,
    done_at BIGINT
);
CREATE INDEX file_state ON file (state);
CREATE INDEX file_content ON file (source, sha256);
CREATE INDEX file_name ON file (name);

CREATE TABLE heading (
    source TEXT NOT NULL,
    layout TEXT NOT NULL,
    supplied TEXT NOT NULL,
    PRIMARY KEY (source, layout)
);

CREATE TABLE attempt (
    id BIGINT NOT NULL PRIMARY KEY,
    file BIGINT NOT NULL REFERENCES file (id),
    number BIGINT NOT NULL,
    plan TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    outcome TEXT
);
CREATE INDEX attempt_file ON attempt (file);

CREATE TABLE rule_card (
    attempt BIGINT NOT NULL REFERENCES attempt (id),
    rule TEXT NOT NULL,
    card BLOB NOT NULL,
    PRIMARY KEY (attempt, rule)
);

-- Findings of a file that is still being read. `news` is filled when they are compared: new, amended, repeated, twin
-- (the same line of the same file once more). `told` is the published finding that a repeated or amended one stands to.
CREATE TABLE staging (
    attempt BIGINT NOT NULL REFERENCES attempt (id),
    seq BIGINT NOT NULL,
    key TEXT NOT NULL,
    content TEXT NOT NULL,
    rule TEXT NOT NULL,
    group_values TEXT NOT NULL,
    declared TEXT NOT NULL,
    consignor TEXT NOT NULL,
    consignee TEXT NOT NULL,
    value_usd TEXT NOT NULL,
    source BLOB NOT NULL,
    line BIGINT NOT NULL,
    record BLOB NOT NULL,
    evidence BLOB NOT NULL,
    news TEXT,
    told BIGINT,
    PRIMARY KEY (attempt, seq)
);
CREATE INDEX staging_key ON staging (attempt, key, content, seq);
CREATE INDEX staging_head ON staging (attempt, rule, group_values, seq);

CREATE TABLE finding (
    id BIGINT NOT NULL PRIMARY KEY,
    key TEXT NOT NULL,
    content TEXT NOT NULL,
    rule TEXT NOT NULL,
    group_values TEXT NOT NULL,
    file BIGINT NOT NULL REFERENCES file (id),
    attempt BIGINT NOT NULL REFERENCES attempt (id),
    declared TEXT NOT NULL,
    source BLOB NOT NULL,
    line BIGINT NOT NULL,
    record BLOB NOT NULL,
    evidence BLOB NOT NULL,
    amends BIGINT,
    seen BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    UNIQUE (key, content)
);
CREATE INDEX finding_rule ON finding (rule, found_at);
CREATE INDEX finding_file ON finding (file);

CREATE TABLE alert (
    id BIGINT NOT NULL PRIMARY KEY,
    key TEXT NOT NULL,
    rule TEXT NOT NULL,
    group_values TEXT NOT NULL,
    file BIGINT NOT NULL REFERENCES file (id),
    root_message_id TEXT,
    notifications BIGINT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX alert_key ON alert (key, id);

CREATE TABLE outbox (
    id BIGINT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    alert_key TEXT,
    message_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    message BLOB NOT NULL,
    without_attachment BLOB,
    attempts BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    settled_at BIGINT,
    last_reply TEXT,
    UNIQUE (message_id, recipient)
);
CREATE INDEX outbox_due ON outbox (state, next_at, id);

CREATE TABLE notice (
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    told_at BIGINT NOT NULL,
    PRIMARY KEY (kind, about)
);

CREATE TABLE accepted_text (
    hash TEXT NOT NULL PRIMARY KEY,
    text BLOB NOT NULL
);

CREATE TABLE manifest (
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    hash TEXT NOT NULL REFERENCES accepted_text (hash),
    accepted_at BIGINT NOT NULL,
    PRIMARY KEY (kind, path)
);

CREATE TABLE note (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
