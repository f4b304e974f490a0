-- Command keys: what became of each accepted command, for thirty days. Ids, positions and versions only:
-- an answer's body is rendered again from the streams.
create table command_key (
    business_id    uuid        not null,
    caller         text        collate "C" not null,
    key            text        collate "C" not null,
    fingerprint    bytea       not null, -- keyed hash of method, route and canonical body
    answer         json        not null,
    versions       json        not null, -- [[kind, id, version], …] of the streams written
    first_position bigint      not null,
    last_position  bigint      not null, -- first − 1: nothing was appended
    made_at        timestamptz not null,
    constraint command_key_once primary key (business_id, caller, key)
);
-- For the sweep alone. The rows lie in the order in which they were made, so the ranges of a few pages do.
create index command_key_made_at on command_key using brin (made_at) with (autosummarize = on);

-- One key per person (or per thing with sealed text of its own), wrapped by the master key. Destroying a key
-- erases what it sealed, everywhere at once; the row stays, so that no new key takes its place.
create table person_key (
    business_id  uuid        not null,
    key_id       uuid        not null,
    wrapped      bytea,
    made_at      timestamptz not null,
    destroyed_at timestamptz,
    primary key (business_id, key_id),
    check ((wrapped is null) = (destroyed_at is not null))
);

grant select, insert, delete on command_key to daybook_service;
grant select, insert, update on person_key  to daybook_service;
