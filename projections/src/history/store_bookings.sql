insert into history_booking
       (business_id, booking_id, client_id, staff_id, service_id, desk_id, visit_id, status, deleted, source,
        reference, starts, created_at, price, paid, state, version, position, words, forms)
select business_id, booking_id, client_id, staff_id, service_id, desk_id, visit_id, status, deleted, source,
       reference, starts, created_at, price, paid, state, version, position, words,
       case when comments is not null then history_forms(comments, comments_folded) end
  from json_to_recordset($1::json)
    as r (business_id uuid, booking_id uuid, client_id uuid, staff_id uuid, service_id uuid, desk_id uuid,
          visit_id uuid, status text, deleted boolean, source text, reference text, starts timestamptz,
          created_at timestamptz, price numeric, paid numeric, state jsonb, version bigint, position bigint,
          words text, comments text, comments_folded text)
    on conflict (business_id, booking_id) do update
   set (client_id, staff_id, service_id, desk_id, visit_id, status, deleted, source, reference, starts, created_at,
        price, paid, state, version, position, words, forms)
     = (excluded.client_id, excluded.staff_id, excluded.service_id, excluded.desk_id, excluded.visit_id,
        excluded.status, excluded.deleted, excluded.source, excluded.reference, excluded.starts, excluded.created_at,
        excluded.price, excluded.paid, excluded.state, excluded.version, excluded.position, excluded.words,
        excluded.forms)
