-- Imports of clients and services: what was uploaded, how it is mapped, how far a run has come, and what became of each
-- row, so that it can be told and undone. The file and its name lie sealed under a key that is kept, wrapped, in the
-- import's own row: with the row both are gone.

create table import (
    business_id uuid        not null,
    import_id   uuid        not null,
    kind        text        not null, -- clients, services
    state       text        not null, -- uploaded, running, finished, cancelled, failed, undoing, undone
    version     bigint      not null default 1,
    wrapped_key bytea       not null,
    file_name   bytea,                -- sealed
    file        bytea       not null, -- sealed
    fingerprint bytea       not null, -- keyed hash of the request that made it
    mapping     jsonb       not null,
    actor       jsonb       not null, -- whose doing a run is: domain::actor::Actor
    made_at     timestamptz not null,
    started_at  timestamptz,
    finished_at timestamptz,
    expires_at  timestamptz not null,
    total       integer     not null default 0,
    done        integer     not null default 0,
    created     integer     not null default 0,
    updated     integer     not null default 0,
    skipped     integer     not null default 0,
    failed      integer     not null default 0,
    undone      integer     not null default 0,
    kept        integer     not null default 0,
    position    bigint      not null default 0, -- of the last event written
    cancel      boolean     not null default false,
    leased_by   uuid,
    leased_until timestamptz,
    primary key (business_id, import_id)
);
create index import_at_work on import (leased_until nulls first) where state in ('running', 'undoing');
create index import_expires on import (expires_at);

-- Ids, versions and codes only; what stands in a row is read from the file.
create table import_row (
    business_id uuid    not null,
    import_id   uuid    not null,
    ordinal     integer not null, -- its place among the rows of the file, from 0
    outcome     text    not null, -- create, update, skip, error
    thing_id    uuid,             -- the client or service made, changed, or found to be there already
    before      bigint,           -- the version of its stream before this row; 0: it was made
    after       bigint,           -- and after it
    reason      jsonb,            -- why, where that does not follow from the file alone
    undone      text,             -- done, or why not
    primary key (business_id, import_id, ordinal),
    foreign key (business_id, import_id) references import on delete cascade
);

grant select, insert, update, delete on import, import_row to daybook_service;
