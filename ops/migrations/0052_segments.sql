-- The read model `segments`: saved filters, and what filters ask of clients, of their bookings and of what they paid.

create table segment (
    business_id uuid   not null,
    segment_id  uuid   not null,
    name        text   not null,
    sort_name   text   collate "C" not null, -- folded
    state       jsonb  not null,             -- domain::segment::Segment, opened
    version     bigint not null,             -- of its stream
    primary key (business_id, segment_id)
);
create index segment_sort_name on segment (business_id, sort_name, segment_id);

-- Everyone the business knows. What is counted over all time lies here ready, so that the usual questions read one row
-- for each client instead of all their bookings.
create table segment_client (
    business_id   uuid          not null,
    client_id     uuid          not null,
    sort_name     text          collate "C" not null, -- folded; what has no name comes last
    registered_at timestamptz   not null,
    source        text,
    language      text,                               -- in lower case
    birthday      smallint,                           -- month × 100 + day
    tags          text[]        not null,
    consents      text[]        not null,
    said_services uuid[]        not null,             -- what they said they like
    said_staff    uuid[]        not null,
    warning       text          not null,             -- folded
    visits        bigint        not null default 0,   -- completed bookings, those of one visit together
    first_visit   timestamptz,
    last_visit    timestamptz,
    came_services uuid[]        not null default '{}', -- what they came for most often
    came_staff    uuid[]        not null default '{}',
    spent         numeric(19,4) not null default 0,   -- less what was given back
    receipts      bigint        not null default 0,   -- for which more was paid than given back
    primary key (business_id, client_id)
) with (fillfactor = 85);
create index segment_client_sort_name on segment_client (business_id, sort_name, client_id);

-- Bookings of clients who are known.
create table segment_booking (
    business_id  uuid          not null,
    booking_id   uuid          not null,
    client_id    uuid          not null,
    visit_id     uuid,
    service_id   uuid,
    staff_id     uuid,
    status       text          not null,
    source       text          not null,
    online       boolean       not null, -- made by a visitor
    deleted      boolean       not null,
    hour_unknown boolean       not null,
    starts       timestamptz   not null,
    created_at   timestamptz   not null,
    cancelled_at timestamptz,            -- by or for the client, while it stands cancelled
    moves        integer       not null, -- how often it was given another start
    paid         numeric(19,4) not null, -- less what was given back
    primary key (business_id, booking_id)
) with (fillfactor = 85); -- status and payments change no index: let them stay on their page
-- By client: also what the read model itself adds up after each change.
create index segment_booking_client on segment_booking (business_id, client_id, starts);
create index segment_booking_starts on segment_booking (business_id, starts);
create index segment_booking_deleted on segment_booking (business_id, booking_id) where deleted;

-- Money taken and given back, by who paid it.
create table segment_payment (
    business_id uuid          not null,
    position    bigint        not null, -- of its event
    client_id   uuid          not null,
    at          timestamptz   not null,
    amount      numeric(19,4) not null, -- below zero: given back
    receipt     uuid          not null, -- the visit, else the booking, else the sale
    booking_id  uuid,
    service_id  uuid,                   -- of a sale
    staff_id    uuid,                   -- of a sale
    primary key (business_id, position)
);
create index segment_payment_client on segment_payment (business_id, client_id) where booking_id is null;
create index segment_payment_at     on segment_payment (business_id, at);

-- What was written about clients and on their bookings.
create table segment_words (
    business_id uuid   not null,
    position    bigint not null, -- of its event
    client_id   uuid   not null,
    booking_id  uuid,
    words       text   not null, -- folded
    primary key (business_id, position)
);
create index segment_words_words on segment_words using gin (business_id, words gin_trgm_ops);

-- Clients who turned out to be somebody else.
create table segment_merged (like client_merged including all);

comment on table segment         is 'read model segments: saved filters';
comment on table segment_client  is 'read model segments: clients, as filters ask for them';
comment on table segment_booking is 'read model segments: bookings, as filters count them';
comment on table segment_payment is 'read model segments: money, as filters add it up';
comment on table segment_words   is 'read model segments: what was written, as filters look for it';
comment on table segment_merged  is 'read model segments: who merged clients are now';

grant select, insert, update, delete on segment, segment_client, segment_booking, segment_payment, segment_words,
    segment_merged
    to daybook_service;
