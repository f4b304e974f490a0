-- What has been published to NATS, and to which stream: the herald's own truth. JetStream acknowledges before it
-- syncs, and forgets message ids after its window, so neither alone would do; on start the two are compared.

-- Up to where a business's events are in the stream. Only the key is indexed, so that every update stays on its page.
create table herald_position (
    business_id uuid   not null primary key,
    position    bigint not null,
    sequence    bigint not null, -- of its last message in the stream: a stream that ends before it has lost it
    forked_at   timestamptz      -- not null: the stream tells of events that this ledger does not hold
) with (fillfactor = 40);

-- The stream that all this is said of. One row: there is one stream.
create table herald_stream (
    id         smallint    primary key default 1 check (id = 1),
    created    text        not null, -- when NATS says that it was made: another one is another stream
    sequence   bigint      not null, -- its last message that is reckoned with
    message_id text                  -- of that message; null while there is none
);

grant select, insert, update, delete on herald_position to daybook_service;
grant select, insert, update, delete on herald_stream   to daybook_service;
