-- What a process folds of a business as a whole (the catalogue, who has access) are a few hundred events among millions:
-- without an index of their own, the first question to a fresh process reads a ledger from end to end. Bookings and
-- clients, which are most events, are left out, so that an append of theirs has nothing more to do.
create index events_of_few on events (business_id, position)
 where aggregate_type <> all (array['booking', 'client']);
