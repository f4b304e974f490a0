-- Read model `till`: money taken and given back, for bookings and for what is sold without one.

create table till_payment (
    business_id   uuid          not null,
    position      bigint        not null, -- of its event: a payment has no other key of which the ledger itself makes sure
    payment_id    uuid          not null, -- of a refund its own id
    kind          text          not null, -- payment, sale, refund
    at            timestamptz   not null,
    amount        numeric(19,4) not null, -- taken, or given back
    currency      text          not null,
    method        text,                   -- of a refund: that of what it gives back
    taken_by_kind text          not null,
    taken_by      uuid,
    booking_id    uuid,
    client_id     uuid,                   -- of a sale
    staff_id      uuid,                   -- of a sale
    refund_of     uuid,
    text          text,                   -- what was sold, why it was given back
    text_under    uuid,                   -- whose key that lies under
    primary key (business_id, position)
);

create index till_payment_at on till_payment (business_id, at, position);

-- What of a booking its payments are shown with, and how it was paid so far.
create table till_booking (
    business_id uuid    not null,
    booking_id  uuid    not null,
    client_id   uuid,
    staff_id    uuid,
    reference   text    not null,
    deleted     boolean not null,
    methods     jsonb   not null, -- of its payments, oldest first: [[payment_id, method], …]
    primary key (business_id, booking_id)
);

comment on table till_payment is 'read model till: every payment, sale and refund';
comment on table till_booking is 'read model till: bookings, as far as their payments need them';

grant select, insert, update, delete on till_payment, till_booking to daybook_service;
