-- The read model `segments` counts bookings and money of any period out of the client's own row, which holds the starts
-- of their bookings in order, and what they had paid by when: a look at one row for each client, not at all bookings.

-- Those who read read models' versions wait; processes that do not know the new columns then leave this one alone.
lock table read_model in exclusive mode;

alter table segment_client
    add column requested  timestamptz[] not null default '{}', -- starts of those that stand so
    add column confirmed  timestamptz[] not null default '{}',
    add column completed  timestamptz[] not null default '{}',
    add column no_show    timestamptz[] not null default '{}',
    add column cancelled  timestamptz[] not null default '{}',
    add column standing   timestamptz[] not null default '{}', -- but for cancelled ones
    add column online     timestamptz[] not null default '{}', -- made by a visitor
    add column moved      timestamptz[] not null default '{}', -- once for each time that one was given another start
    add column lead_at    timestamptz[] not null default '{}', -- of which the hour is known
    add column lead_sum   numeric[]     not null default '{}', -- how many seconds before the start, together, up to then
    add column paid_at    timestamptz[] not null default '{}',
    add column paid_sum   numeric[]     not null default '{}', -- all that was paid up to then, less what was given back
    add column receipt_at timestamptz[] not null default '{}', -- when something was paid
    add column split      boolean       not null default false; -- paid for some receipt more than once

-- By client: now also what the read model itself adds up after each change.
drop index segment_payment_client;
create index segment_payment_client on segment_payment (business_id, client_id);

-- What only bookings themselves tell is looked for by what they are for, or by whom. None of it changes with a status or
-- a payment.
create index segment_booking_service   on segment_booking (business_id, service_id, starts);
create index segment_booking_staff     on segment_booking (business_id, staff_id, starts);
create index segment_booking_cancelled on segment_booking (business_id, starts) where cancelled_at is not null;

-- As a rebuild would leave it: what the read model does for clients whose bookings change (totals.sql), for all of them.
update segment_client c
   set visits        = v.visits,
       first_visit   = v.first_visit,
       last_visit    = v.last_visit,
       came_services = s.services,
       came_staff    = p.staff,
       spent         = v.paid + m.sold,
       receipts      = v.receipts + m.sales,
       requested     = k.requested,
       confirmed     = k.confirmed,
       completed     = k.completed,
       no_show       = k.no_show,
       cancelled     = k.cancelled,
       standing      = k.standing,
       online        = k.online,
       moved         = o.moved,
       lead_at       = l.lead_at,
       lead_sum      = l.lead_sum,
       paid_at       = y.paid_at,
       paid_sum      = y.paid_sum,
       receipt_at    = y.receipt_at,
       split         = y.split
  from (select business_id, client_id from segment_client) t
 cross join lateral (
       select count(*) filter (where completed) as visits,
              min(first_visit)                  as first_visit,
              max(last_visit)                   as last_visit,
              coalesce(sum(paid), 0)            as paid,
              count(*) filter (where paid > 0)  as receipts
         from (
              -- The bookings of a visit are one. What was paid for a deleted one was paid.
              select bool_or(status = 'completed' and not deleted)                      as completed,
                     min(starts) filter (where status = 'completed' and not deleted)    as first_visit,
                     max(starts) filter (where status = 'completed' and not deleted)    as last_visit,
                     sum(paid)                                                          as paid
                from segment_booking b
               where b.business_id = t.business_id and b.client_id = t.client_id
               group by coalesce(visit_id, booking_id)
              ) visit
       ) v
 cross join lateral (
       select coalesce(array_agg(service_id order by service_id), '{}') as services
         from (
              select service_id, rank() over (order by count(*) desc) as place
                from segment_booking b
               where b.business_id = t.business_id and b.client_id = t.client_id and not b.deleted
                 and b.status = 'completed' and b.service_id is not null
               group by service_id
              ) ranked
        where place = 1
       ) s
 cross join lateral (
       select coalesce(array_agg(staff_id order by staff_id), '{}') as staff
         from (
              select staff_id, rank() over (order by count(*) desc) as place
                from segment_booking b
               where b.business_id = t.business_id and b.client_id = t.client_id and not b.deleted
                 and b.status = 'completed' and b.staff_id is not null
               group by staff_id
              ) ranked
        where place = 1
       ) p
 cross join lateral (
       select coalesce(sum(amount), 0) as sold, count(*) filter (where amount > 0) as sales
         from segment_payment y
        where y.business_id = t.business_id and y.client_id = t.client_id and y.booking_id is null
       ) m
 cross join lateral (
       -- Starts in order, of any period counted by halving.
       select coalesce(array_agg(starts order by starts) filter (where status = 'requested'), '{}')  as requested,
              coalesce(array_agg(starts order by starts) filter (where status = 'confirmed'), '{}')  as confirmed,
              coalesce(array_agg(starts order by starts) filter (where status = 'completed'), '{}')  as completed,
              coalesce(array_agg(starts order by starts) filter (where status = 'no_show'), '{}')    as no_show,
              coalesce(array_agg(starts order by starts) filter (where status = 'cancelled'), '{}')  as cancelled,
              coalesce(array_agg(starts order by starts) filter (where status <> 'cancelled'), '{}') as standing,
              coalesce(array_agg(starts order by starts) filter (where online), '{}')                as online
         from segment_booking b
        where b.business_id = t.business_id and b.client_id = t.client_id and not b.deleted
       ) k
 cross join lateral (
       -- Once for each move.
       select coalesce(array_agg(b.starts order by b.starts), '{}') as moved
         from segment_booking b
        cross join generate_series(1, b.moves)
        where b.business_id = t.business_id and b.client_id = t.client_id and not b.deleted and b.moves > 0
       ) o
 cross join lateral (
       -- How long before they began those were made, together, that began up to then.
       select coalesce(array_agg(starts order by starts, booking_id), '{}')  as lead_at,
              coalesce(array_agg(by_then order by starts, booking_id), '{}') as lead_sum
         from (
              select b.starts, b.booking_id,
                     sum(greatest(extract(epoch from b.starts - b.created_at), 0))
                         over (order by b.starts, b.booking_id) as by_then
                from segment_booking b
               where b.business_id = t.business_id and b.client_id = t.client_id and not b.deleted
                 and not b.hour_unknown
              ) led
       ) l
 cross join lateral (
       -- What they had paid by when.
       select coalesce(array_agg(at order by at, position), '{}')                            as paid_at,
              coalesce(array_agg(by_then order by at, position), '{}')                       as paid_sum,
              coalesce(array_agg(at order by at, position) filter (where amount > 0), '{}')  as receipt_at,
              count(*) > count(distinct receipt)                                             as split
         from (
              select p.at, p.position, p.amount, p.receipt, sum(p.amount) over (order by p.at, p.position) as by_then
                from segment_payment p
               where p.business_id = t.business_id and p.client_id = t.client_id
              ) paid
       ) y
 where c.business_id = t.business_id and c.client_id = t.client_id;

-- What was paid for a deleted booking counts: nobody looks for those any more.
drop index segment_booking_deleted;

update read_model set version = 2 where name = 'segments' and version = 1;

-- Its tables have their grants from migration 0052.
