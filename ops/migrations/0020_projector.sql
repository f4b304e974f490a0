-- Where the read models stand in each business's ledger.

-- One row per read model. A live batch holds it FOR SHARE, the swap at the end of a rebuild FOR NO KEY UPDATE: no
-- batch writes to tables that were swapped away. A migration that drops a read model deletes its row.
create table read_model (
    name       text    collate "C" not null primary key,
    version    integer not null,           -- of the code that its rows were built by
    generation bigint  not null default 0  -- how often its tables were swapped for rebuilt ones
);

-- Up to where all read models have taken a business's events in, but for those that stand apart. One row for all of
-- them: the poll for businesses that are behind reads a seventh of the rows. Only the key is indexed, so that every
-- update stays on its page (HOT).
create table projection_checkpoint (
    business_id uuid   not null primary key,
    position    bigint not null default 0
) with (fillfactor = 40);

-- Read models that stand elsewhere than the rest of their business: not built yet, or parked on an event that they
-- could not take in. A row goes when its position meets the common one.
create table projection_apart (
    business_id     uuid   not null,
    read_model      text   collate "C" not null references read_model (name) on delete cascade,
    position        bigint not null,
    parked_at       timestamptz, -- not null: left alone until a rebuild or another version of the process
    parked_by       text,        -- the version of the process that parked it
    failed_position bigint,
    failed_event    uuid,
    error           text,        -- never a personal value
    primary key (business_id, read_model),
    check (num_nonnulls(parked_at, parked_by, failed_position, error) in (0, 4))
) with (fillfactor = 60);

-- Whether a process of this version leaves a parked read model alone: it does what it parked itself, and for a minute
-- what another version did (two versions at work, in a deploy, are not to try by turns).
create function projection_rests(a projection_apart, p_process text) returns boolean
language sql stable
as $$
    select a.parked_at is not null
       and (a.parked_by = p_process or a.parked_at > clock_timestamp() - interval '1 minute')
$$;

-- Where rebuilt tables grow until they take the live ones' place. The owner's alone.
create schema rebuild;

grant select, insert, update         on read_model            to daybook_service;
grant select, insert, update         on projection_checkpoint to daybook_service;
grant select, insert, update, delete on projection_apart      to daybook_service;
