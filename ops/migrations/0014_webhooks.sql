-- Webhooks: how far each was told, who is at it, and what was sent. What a webhook is (its address, its filter, whether
-- it is on) is in its stream; here stands only what changes with every message, and what finding the due ones needs.

create table webhook (
    business_id   uuid        not null,
    webhook_id    uuid        not null,
    made_at       timestamptz not null default clock_timestamp(),
    version       bigint      not null default 0,     -- of its stream, as far as the next two lines know it
    standing      text        not null default 'new', -- on, by_hand, failing, gone; new: its stream is being written
    position      bigint,                             -- told up to here; null while new
    attempts      integer     not null default 0,     -- that failed in a row
    failing_since timestamptz,
    next_at       timestamptz not null default '-infinity', -- not to be tried before
    leased_by     uuid,
    leased_until  timestamptz not null default '-infinity',
    primary key (business_id, webhook_id)
) with (fillfactor = 70);

-- One row for each attempt, kept for a while. No bodies, no headers.
create table webhook_delivery (
    business_id uuid        not null,
    webhook_id  uuid        not null,
    delivery_id uuid        not null,
    kind        text        not null, -- event, test, redelivery
    event_id    uuid        not null,
    position    bigint      not null,
    event_type  text        not null, -- daybook.booking.placed
    attempt     integer     not null,
    at          timestamptz not null,
    status      smallint,             -- null: nothing was answered
    fault       text,                 -- null: it got through
    took_ms     integer     not null,
    primary key (business_id, webhook_id, delivery_id)
);
create index webhook_delivery_at on webhook_delivery (at);

grant select, insert, update, delete on webhook, webhook_delivery to daybook_service;
