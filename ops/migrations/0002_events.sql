-- The ledger itself. The first seven columns are postgres-es's, names and types, so that its
-- repository reads a stream as it stands; the rest is the envelope.
create table events (
    aggregate_type text        collate "C" not null,
    aggregate_id   text        collate "C" not null,
    sequence       bigint      not null check (sequence > 0),
    event_type     text        not null,
    event_version  text        not null,
    payload        json        not null, -- json, not jsonb: the bytes stay as written, which proofs need
    metadata       json        not null,
    business_id    uuid        not null,
    position       bigint      not null check (position > 0),
    event_id       uuid        not null,
    recorded_at    timestamptz not null,
    occurred_at    timestamptz,          -- null: when it was recorded; earlier for imported history
    -- aggregate_id first: a stream is one index look-up for a reader who does not name the business.
    constraint events_stream   primary key (aggregate_id, sequence, business_id),
    constraint events_position unique (business_id, position)
);

comment on table  events          is 'the append-only ledger: every fact ever recorded';
comment on column events.position is 'gapless per business, in commit order; a missing number is proof of tampering';

-- One row per business: its lock, and the last number given out. Only the key is indexed, so that every
-- update stays on its page (HOT); the free half of each page keeps the row where it is under load.
create table ledger_head (
    business_id uuid        not null primary key,
    position    bigint      not null default 0,
    catalogue   bigint      not null default 0, -- the last position at which the catalogue moved
    recorded_at timestamptz not null default '-infinity'
) with (fillfactor = 40);

grant select, insert         on events      to daybook_service;
grant select, insert, update, delete on ledger_head to daybook_service;
