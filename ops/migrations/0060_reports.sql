-- Read model `reports` takes the place of `summary`: the facts of each booking and of each payment that reports count
-- and add up. What reports ask of a payment's booking stands in the payment's own row, and when a client first booked
-- and first came in the client's, so that a report over a year reads each row of that year once, and joins nothing
-- row by row.

drop table summary_booking, summary_payment, summary_merged;
delete from read_model where name = 'summary';

create table report_booking (
    business_id    uuid          not null,
    booking_id     uuid          not null,
    visit_id       uuid,
    client_id      uuid,
    staff_id       uuid,
    service_id     uuid,
    desk_id        uuid,
    session_id     uuid,
    status         text          not null,
    source         text          not null,
    placed_by_kind text          not null, -- what kind of actor made it
    deleted        boolean       not null,
    hour_unknown   boolean       not null, -- its start is the first instant of its day
    starts         timestamptz   not null,
    ends           timestamptz   not null,
    duration_min   integer       not null,
    created_at     timestamptz   not null, -- when it was made, in whichever system
    price          numeric(19,4) not null,
    paid           numeric(19,4) not null, -- less what was given back
    payments       integer       not null, -- how many rows report_payment has of it
    primary key (business_id, booking_id)
) with (
    fillfactor = 85,
    -- The index by time is read without the rows, as far as those are known to be settled.
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02
);

-- With what most reports count of a booking: a year is read from the index alone.
create index report_booking_starts on report_booking (business_id, starts)
    include (client_id, status, price, paid) where not deleted;
-- Also what the read model itself asks after each change.
create index report_booking_client on report_booking (business_id, client_id, starts) where not deleted;

create table report_payment (
    business_id uuid          not null,
    position    bigint        not null, -- of its event
    payment_id  uuid          not null, -- of a refund its own id
    refund      boolean       not null,
    receipt     uuid          not null, -- the visit, else the booking, else the sale
    alone       boolean       not null, -- nothing else stands on that receipt
    at          timestamptz   not null,
    amount      numeric(19,4) not null, -- below zero: given back
    method      text,                   -- of a refund: that of what it gives back
    booking_id  uuid,                   -- none: something sold without one
    client_id   uuid,                   -- from here on: the booking's, as it stands now; of a sale its own, if any
    staff_id    uuid,
    service_id  uuid,
    desk_id     uuid,
    status      text,
    source      text,
    primary key (business_id, position)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

create index report_payment_at      on report_payment (business_id, at)
    include (receipt, alone, amount, refund);
create index report_payment_booking on report_payment (business_id, booking_id);
create index report_payment_client  on report_payment (business_id, client_id);

-- Since when clients are: by their bookings that are not deleted. Who has none has no row.
create table report_client (
    business_id   uuid        not null,
    client_id     uuid        not null,
    first_booking timestamptz not null, -- the start of the first one, whatever became of it
    first_visit   timestamptz,          -- the start of the first one that was completed
    primary key (business_id, client_id)
) with (fillfactor = 85);

create index report_client_first_booking on report_client (business_id, first_booking);

-- Clients who turned out to be somebody else.
create table report_merged (like client_merged including all);

comment on table report_booking is 'read model reports: bookings, as reports count them';
comment on table report_payment is 'read model reports: money, as reports add it up';
comment on table report_client  is 'read model reports: since when clients are';
comment on table report_merged  is 'read model reports: who merged clients are now';

grant select, insert, update, delete on report_booking, report_payment, report_client, report_merged
    to daybook_service;
