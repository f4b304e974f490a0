-- Read model `waitlist`: who waits, for what, since when; and where the offers of freed time have come to.

create table waitlist_request (
    business_id   uuid           not null,
    request_id    uuid           not null,
    client_id     uuid           not null,
    standing      text           not null, -- waiting, offered, converted, withdrawn, expired
    requested_at  timestamptz    not null,
    position      bigint         not null, -- of its first event
    service_ids   uuid[]         not null,
    staff_ids     uuid[]         not null, -- empty: any
    first_day     date           not null, -- local
    last_day      date,                    -- null: whenever
    weekdays      smallint[]     not null, -- 1 Monday to 7 Sunday; empty: any
    hours         int4multirange not null, -- minutes of the day; empty: any
    offered_until timestamptz,
    words         text           not null, -- the comment, folded
    state         jsonb          not null, -- domain::waitlist::Request, opened
    version       bigint         not null, -- of its stream
    primary key (business_id, request_id)
);
create index waitlist_request_oldest on waitlist_request (business_id, requested_at, request_id);
create index waitlist_request_open   on waitlist_request (business_id, requested_at, request_id)
    where standing in ('waiting', 'offered');
create index waitlist_request_client on waitlist_request (business_id, client_id);

comment on table waitlist_request is 'read model waitlist: who waits';

-- Not a read model: up to where each business's ledger was looked through for time that came free, and by whom now.
-- A lease only saves work: that no slot is offered twice, claims see to.
create table waitlist_offering (
    business_id  uuid        not null primary key,
    position     bigint      not null,
    leased_until timestamptz not null
);

grant select, insert, update, delete on waitlist_request, waitlist_offering to daybook_service;
