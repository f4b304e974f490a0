-- Who has words in what was written of them: bookings that are deleted are few and so are clients with a warning. Neither
-- is looked for among all others. (The first of these went with 0065, when nothing asked for it.)
create index segment_booking_deleted on segment_booking (business_id, booking_id) where deleted;
create index segment_client_warned on segment_client (business_id, client_id) where warning <> '';
