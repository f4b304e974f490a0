-- Read models `history` and `client_card`: questions that read bookings by the thousand to show a page of them are
-- answered from indexes, for a booking's row is wide.

-- The same forms as before, each once: the planner takes those that stand there several times for so many words.
create or replace function history_form_asked(written text, folded text) returns tsquery
    language sql immutable parallel safe as $$
    select coalesce(string_agg(distinct '(' || form::text || ')', ' | ') filter (where numnode(form) > 0), '')::tsquery
      from unnest(array['pg_catalog.english', 'pg_catalog.french',
                        'pg_catalog.swedish', 'pg_catalog.italian']::regconfig[]) as l (language),
           unnest(array[plainto_tsquery(language, written), plainto_tsquery(language, folded)]) as f (form)
$$;

-- The dearest of a period, whatever it is.
create index history_booking_price on history_booking (business_id, price, booking_id, starts);

-- The latest of very many clients, and what they had done, before any booking is looked at.
drop index history_booking_client;
create index history_booking_client on history_booking (business_id, client_id, starts, booking_id, service_id);

-- What others took who had the same, from indexes alone.
drop index client_card_booking_service;
create index client_card_booking_service on client_card_booking (business_id, service_id, starts)
    include (client_id, staff_id) where served;
create index client_card_booking_taken on client_card_booking (business_id, client_id, service_id)
    include (staff_id) where served;
