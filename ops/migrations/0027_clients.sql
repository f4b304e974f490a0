-- Read model `clients`: everyone the business knows, as they stand now; found by any part of what they are reached by.

create table client (
    business_id uuid        not null,
    client_id   uuid        not null,
    name        text,                            -- null once erased
    sort_name   text        collate "C" not null, -- folded; what has no name comes last
    words       text        not null,            -- name, phones (digits), e-mail, fiscal code, folded, a line each
    created_at  timestamptz not null,
    state       jsonb       not null,            -- domain::client::Client, opened
    version     bigint      not null,            -- of their stream
    position    bigint      not null,            -- of their last event
    primary key (business_id, client_id)
);

create index client_sort_name on client (business_id, sort_name, client_id);
create index client_words     on client using gin (business_id, words gin_trgm_ops);

comment on table client is 'read model clients: clients as they stand now';

grant select, insert, update, delete on client to daybook_service;
