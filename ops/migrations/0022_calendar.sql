-- The read model `calendar`: every booking where it stands, and every span of time that it ever stood on.

create table calendar_booking (
    business_id  uuid           not null,
    booking_id   uuid           not null,
    version      bigint         not null, -- of its stream
    reference    text           not null,
    visit_id     uuid,
    client_id    uuid,
    service_id   uuid,
    staff_id     uuid,
    desk_id      uuid,
    starts       timestamptz    not null,
    ends         timestamptz    not null,
    -- What has no length (an hour unknown) stands on its first instant.
    during       tstzrange      not null
                 generated always as (tstzrange(starts, ends, case when ends > starts then '[)' else '[]' end)) stored,
    hour_unknown boolean        not null,
    overlapping  boolean        not null,
    status       text           not null,
    deleted      boolean        not null,
    arrived_at   timestamptz,
    left_at      timestamptz,
    price        numeric(19, 4) not null,
    currency     text           not null,
    source       text           not null,
    created_at   timestamptz    not null,
    primary key (business_id, booking_id)
);
create index calendar_booking_during on calendar_booking using gist (business_id, during);
create index calendar_booking_visit  on calendar_booking (business_id, visit_id) where visit_id is not null;
create index calendar_booking_inside on calendar_booking (business_id, greatest(arrived_at, ends))
    where arrived_at is not null and left_at is null and not deleted;

-- What clients are called, beside their bookings rather than in them: a rename touches one row.
create table calendar_client (
    business_id uuid not null,
    client_id   uuid not null,
    name        text,          -- null: erased
    folded      text,          -- without case and accents, to find parts of
    primary key (business_id, client_id)
);

-- From one position up to another, a booking stood on this span: which bookings to fold to see a day as it was.
create table calendar_span (
    business_id    uuid        not null,
    booking_id     uuid        not null,
    from_position  bigint      not null,
    until_position bigint,               -- null: it still does
    starts         timestamptz not null,
    ends           timestamptz not null,
    during         tstzrange   not null
                   generated always as (tstzrange(starts, ends, case when ends > starts then '[)' else '[]' end)) stored,
    primary key (business_id, booking_id, from_position)
);
create index calendar_span_during on calendar_span using gist (business_id, during);

grant select, insert, update, delete on calendar_booking, calendar_client, calendar_span to daybook_service;
