-- Whoever sees the bookings of one staff member alone asks for them by it.
create index history_booking_staff on history_booking (business_id, staff_id, starts);
