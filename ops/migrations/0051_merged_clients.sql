-- Clients who turned out to be somebody else: each read model that keeps bookings or clients under their client keeps
-- who they are now, so that what is told of them later stands under that one, too.

create table client_merged (
    business_id uuid not null,
    client_id   uuid not null,
    into_id     uuid not null,
    primary key (business_id, client_id)
);
create table history_merged  (like client_merged including all);
create table calendar_merged (like client_merged including all);
create table summary_merged  (like client_merged including all);

-- Whose bookings go with them.
create index calendar_booking_client on calendar_booking (business_id, client_id);

comment on table client_merged   is 'read model clients: who merged clients are now';
comment on table history_merged  is 'read model history: who merged clients are now';
comment on table calendar_merged is 'read model calendar: who merged clients are now';
comment on table summary_merged  is 'read model summary: who merged clients are now';

grant select, insert, update, delete on client_merged, history_merged, calendar_merged, summary_merged to daybook_service;
