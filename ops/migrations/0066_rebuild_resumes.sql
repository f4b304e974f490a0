-- Where a rebuild of all businesses has come to, so that one that was killed is gone on with, and not begun anew. The
-- owner's alone, like the schema `rebuild` in which the tables themselves grow: no grants.

-- A read model whose tables grow there.
create table rebuild_twin (
    read_model text        collate "C" not null primary key,
    version    integer     not null, -- of the code that its rows are built by
    shape      text        not null, -- of the live tables when these were made
    begun_at   timestamptz not null default clock_timestamp()
);

-- Up to where its rows are there, of each business. Written in the transaction that writes the rows.
create table rebuild_reached (
    read_model      text   collate "C" not null references rebuild_twin (read_model) on delete cascade,
    business_id     uuid   not null,
    position        bigint not null,
    failed_position bigint, -- it is parked before this one
    failed_event    uuid,
    error           text,   -- never a personal value
    primary key (read_model, business_id),
    check ((failed_position is null) = (error is null))
);
