-- When a message was on its way to the other side and nobody knows whether it arrived: such a one is sent again as it is,
-- by the same relay, and is never merged into another.
ALTER TABLE outbox ADD COLUMN handed_at BIGINT;

-- What the operators are told later, because they were told enough of its kind for now.
CREATE TABLE gathered (
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    subject TEXT NOT NULL,
    paragraphs TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (kind, about)
);
