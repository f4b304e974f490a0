-- What reports count of bookings and of money stands in the indexes by time, all of it: a year of a large house is a few
-- thousand pages that are read in their order, not a row here and a row there. Nothing is read from a row but what is
-- asked rarely (desk, source, who made it, how it was paid).
drop index report_booking_starts;
create index report_booking_starts on report_booking (business_id, starts)
    include (client_id, staff_id, service_id, duration_min, hour_unknown, status, price, paid) where not deleted;

drop index report_payment_at;
create index report_payment_at on report_payment (business_id, at)
    include (receipt, client_id, staff_id, service_id, alone, refund, amount);
