-- Of the read model `reports`: until when those were there who left, for the reports about time.

create table report_staff (
    business_id uuid        not null,
    staff_id    uuid        not null,
    left_at     timestamptz not null,
    primary key (business_id, staff_id)
);

comment on table report_staff is 'read model reports: until when those were there who left';

grant select, insert, update, delete on report_staff to daybook_service;
