-- Read model `client_card`: of each client's bookings what their card adds up, and what others took who had the same.

create table client_card_booking (
    business_id uuid        not null,
    booking_id  uuid        not null,
    client_id   uuid        not null, -- for whom it was made, whoever they were merged into since
    staff_id    uuid,
    service_id  uuid,
    starts      timestamptz not null,
    served      boolean     not null, -- completed, and not deleted
    facts       jsonb       not null, -- projections::client_card::Facts, opened
    primary key (business_id, booking_id)
) with (fillfactor = 85); -- payments and comments change no index: let them stay on their page

create index client_card_booking_client  on client_card_booking (business_id, client_id, starts);
create index client_card_booking_service on client_card_booking (business_id, service_id, starts) where served;

comment on table client_card_booking is 'read model client_card: bookings, as the cards of their clients add them up';

grant select, insert, update, delete on client_card_booking to daybook_service;
