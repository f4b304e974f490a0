-- Read model `summary`: the facts of each booking and payment that reports count and add up.

create table summary_booking (
    business_id uuid          not null,
    booking_id  uuid          not null,
    visit_id    uuid,
    client_id   uuid,
    staff_id    uuid,
    service_id  uuid,
    desk_id     uuid,
    status      text          not null,
    source      text          not null,
    deleted     boolean       not null,
    starts      timestamptz   not null,
    price       numeric(19,4) not null,
    paid        numeric(19,4) not null, -- less what was given back
    primary key (business_id, booking_id)
) with (fillfactor = 85); -- status and payments change no index: let them stay on their page

create index summary_booking_starts on summary_booking (business_id, starts);
create index summary_booking_client on summary_booking (business_id, client_id, starts) where not deleted;

create table summary_payment (
    business_id uuid          not null,
    position    bigint        not null, -- of its event
    at          timestamptz   not null,
    amount      numeric(19,4) not null, -- below zero: given back
    booking_id  uuid,
    client_id   uuid,                   -- of what was sold without a booking
    staff_id    uuid,
    service_id  uuid,
    primary key (business_id, position)
);

create index summary_payment_at on summary_payment (business_id, at);

comment on table summary_booking is 'read model summary: bookings, as reports count them';
comment on table summary_payment is 'read model summary: money, as reports add it up';

grant select, insert, update, delete on summary_booking, summary_payment to daybook_service;
