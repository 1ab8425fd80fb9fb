CREATE SCHEMA greenroom_trail;

-- The numbers are drawn by the function that writes the rows: they are part of what is hashed.
CREATE SEQUENCE greenroom_trail.entry_id AS bigint;

CREATE TABLE greenroom_trail.entry (
    id bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    transaction_id bigint NOT NULL,
    entity text COLLATE "C" NOT NULL,
    entity_id text COLLATE "C" NOT NULL,
    seq integer NOT NULL,
    change text NOT NULL CHECK (change IN ('insert', 'update', 'delete')),
    operation text,
    actor_kind text NOT NULL CHECK (actor_kind IN ('human', 'agent', 'system')),
    actor_id text NOT NULL,
    actor_issuer text NOT NULL,
    actor_name text,
    on_behalf_of text,
    request_id text,
    reason text,
    scope jsonb NOT NULL,
    changes jsonb NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    -- What serves look-ups also holds the chain together: two rows cannot follow the same one.
    UNIQUE (entity, entity_id, seq)
);
CREATE INDEX entry_actor ON greenroom_trail.entry (actor_id, id);
CREATE INDEX entry_at ON greenroom_trail.entry (at);
CREATE INDEX entry_scope ON greenroom_trail.entry USING gin (scope jsonb_path_ops);

CREATE TABLE greenroom_trail.head (
    entity text COLLATE "C" NOT NULL,
    entity_id text COLLATE "C" NOT NULL,
    seq integer NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (entity, entity_id)
) WITH (fillfactor = 80);

CREATE TABLE greenroom_trail.checkpoint (
    id integer PRIMARY KEY,
    at timestamptz NOT NULL,
    snapshot text NOT NULL,
    last_id bigint NOT NULL,
    heads bigint NOT NULL,
    digest bytea NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL
);
