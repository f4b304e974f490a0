-- What the public side keeps beside the ledger. Neither is an event: nothing here happened to anybody.

-- Bookings that wait for their visitor's word. A row is written before its booking is, so that none is forgotten; one
-- whose booking never came to be is cleared away when its time is up.
create table unconfirmed_booking (
    business_id uuid        not null,
    subject_id  uuid        not null, -- a booking, or a visit
    is_visit    boolean     not null,
    due_at      timestamptz not null, -- cancelled if it is not confirmed by then
    email_hash  bytea       not null, -- keyed: letters go to this address alone
    letters     smallint    not null, -- sent so far; each code is of one letter
    tries       smallint    not null, -- wrong codes since the last letter
    primary key (business_id, subject_id)
);
create index unconfirmed_booking_due on unconfirmed_booking (due_at);

-- Challenges that were solved: each is good for one booking.
create table solved_challenge (
    business_id uuid        not null,
    challenge   bytea       not null, -- SHA-256
    expires_at  timestamptz not null,
    primary key (business_id, challenge)
);
create index solved_challenge_expires on solved_challenge (expires_at);

grant select, insert, update, delete on unconfirmed_booking, solved_challenge to daybook_service;
