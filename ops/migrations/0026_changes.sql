-- Read model `changes`: who changed what, when, from what to what; a row for every event there ever was.

create table change (
    business_id  uuid        not null,
    position     bigint      not null, -- of the event in the ledger
    at           timestamptz not null, -- when it happened: of imported history in the other system, else when it was recorded
    recorded_at  timestamptz not null,
    actor_kind   text        not null,
    actor_id     uuid,
    actor_role   text,
    source       text        not null, -- the door: panel, api, import …
    subject_type text        not null, -- the stream's kind …
    subject_id   uuid        not null, -- … and id
    booking_id   uuid,                 -- where it concerns a booking
    client_id    uuid,                 -- where it concerns a client, or a booking of theirs
    action       text        not null, -- booking.rescheduled
    changes      jsonb       not null, -- [{field, from, to, under?}], `under` whose key a personal value lies
    reason       text,
    reason_under uuid,
    primary key (business_id, position)
);

create index change_at               on change (business_id, at);
create index change_booking_position on change (business_id, booking_id, position) where booking_id is not null;
create index change_client_position  on change (business_id, client_id, position)  where client_id is not null;
create index change_subject_position on change (business_id, subject_id, position);
create index change_actor_position   on change (business_id, actor_id, position)   where actor_id is not null;

-- What of a booking its later events do not tell again.
create table change_booking (
    business_id uuid  not null,
    booking_id  uuid  not null,
    staff_id    uuid,
    standing    jsonb not null, -- client, staff member, status, paid, …
    primary key (business_id, booking_id)
);
create index change_booking_staff on change_booking (business_id, staff_id, booking_id);

-- What actors are called now: users, API keys, clients.
create table change_actor (
    business_id uuid not null,
    actor_id    uuid not null,
    name        text,          -- null once erased
    primary key (business_id, actor_id)
);

comment on table change         is 'read model changes: one row for each event of the ledger';
comment on table change_booking is 'read model changes: bookings, as far as their later changes must be told against them';
comment on table change_actor   is 'read model changes: what actors are called now';

grant select, insert, update, delete on change, change_booking, change_actor to daybook_service;
