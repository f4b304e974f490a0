-- Read model `calendar`: bookings that are seats in a session of a class say in which.

alter table calendar_booking add column session_id uuid;

create index calendar_booking_session on calendar_booking (business_id, session_id) where session_id is not null;
