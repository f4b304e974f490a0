-- Of the read model `reports`: what was told to clients, and in which campaigns.

create table report_notification (
    business_id     uuid        not null,
    notification_id uuid        not null,
    client_id       uuid        not null,
    channel         text        not null,
    occasion        text        not null,
    booking_id      uuid,                 -- what it tells of
    campaign_id     uuid,                 -- what it is part of
    outcome         text        not null, -- how far it came: scheduled, sent, delivered, failed, suppressed
    due_at          timestamptz not null,
    sent_at         timestamptz,          -- none: it never was
    ended_at        timestamptz,          -- none: it waits, or is on its way
    why             text,                 -- it was given up, or not sent
    primary key (business_id, notification_id)
) with (
    fillfactor = 85,
    -- The index by time is read without the rows, as far as those are known to be settled.
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02
);

-- With what is counted: a year is read from the index alone.
create index report_notification_due on report_notification (business_id, due_at)
    include (channel, outcome, sent_at);
create index report_notification_campaign on report_notification (business_id, campaign_id)
    where campaign_id is not null;
create index report_notification_booking  on report_notification (business_id, booking_id)
    where booking_id is not null;
-- Also what the read model itself asks when clients are merged.
create index report_notification_client   on report_notification (business_id, client_id);

create table report_campaign (
    business_id uuid   not null,
    campaign_id uuid   not null,
    name        text   not null,
    stage       text   not null, -- drafted, launched, finished, stopped
    launched_at timestamptz,
    clients     bigint not null, -- whom its segment held then
    primary key (business_id, campaign_id)
);

comment on table report_notification is 'read model reports: what was told to clients';
comment on table report_campaign     is 'read model reports: campaigns';

grant select, insert, update, delete on report_notification, report_campaign to daybook_service;
