-- The read model `timetable`: the house, its services, staff and desks as people see them, and who is away when.

create table timetable_business (
    business_id uuid not null primary key,
    name        text not null,
    slug        text not null,
    time_zone   text not null,
    currency    text not null,
    hours       jsonb          -- null: unbounded
);

create table timetable_service (
    business_id          uuid           not null,
    service_id           uuid           not null,
    name                 text           not null,
    duration_min         bigint         not null,
    buffer_before_min    bigint         not null,
    buffer_after_min     bigint         not null,
    processing_after_min bigint,
    processing_for_min   bigint,
    price                numeric(19, 4) not null,
    currency             text           not null,
    state                text           not null,
    color                text,
    description          text,
    withdrawn            boolean        not null,
    primary key (business_id, service_id)
);

create table timetable_staff (
    business_id       uuid    not null,
    staff_id          uuid    not null,
    name              text,             -- null: erased
    service_ids       uuid[]  not null,
    slot_interval_min bigint  not null,
    slot_grid         text    not null,
    hours             jsonb,            -- null: those of the house
    gone              boolean not null, -- no longer takes bookings
    primary key (business_id, staff_id)
);

create table timetable_desk (
    business_id uuid     not null,
    desk_id     uuid     not null,
    name        text     not null,
    number      text,
    description text,
    capacity    integer  not null,
    service_ids uuid[]   not null,
    operator_id uuid,
    hours       jsonb,             -- null: whenever somebody works
    closed      boolean  not null,
    retired     boolean  not null,
    primary key (business_id, desk_id)
);

-- Absences of staff, holidays of desks, closures of the house. Local times: what they mean in instants is for the
-- reader, with the zone of the day.
create table timetable_away (
    business_id uuid      not null,
    away_id     uuid      not null, -- of the absence, holiday or closure
    kind        text      not null, -- vacation, sick, other; holiday; closure
    staff_id    uuid,
    desk_id     uuid,
    from_local  timestamp not null,
    to_local    timestamp not null,
    name        text,               -- a closure's
    note        text,               -- an absence's; null also: erased
    primary key (business_id, away_id)
);

grant select, insert, update, delete on timetable_business, timetable_service, timetable_staff, timetable_desk,
    timetable_away to daybook_service;
