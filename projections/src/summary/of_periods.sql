-- $1 business, $2 and $3 the periods' starts and ends; the rest narrows, or is null: $4 staff member (of the scope),
-- $5 staff member, $6 service, $7 desk, $8 client, $9 statuses, $10 source.
with period as (
    select n, starts, ends from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as t (starts, ends, n)
),
booked as (
    select p.n, b.client_id, b.status, b.price, b.paid
      from period p
      join summary_booking b on b.business_id = $1 and b.starts >= p.starts and b.starts < p.ends
     where not b.deleted
       and ($4::uuid   is null or b.staff_id   = $4)
       and ($5::uuid   is null or b.staff_id   = $5)
       and ($6::uuid   is null or b.service_id = $6)
       and ($7::uuid   is null or b.desk_id    = $7)
       and ($8::uuid   is null or b.client_id  = $8)
       and ($9::text[] is null or b.status     = any($9))
       and ($10::text  is null or b.source     = $10)
),
standing as (
    select n,
           count(*) filter (where status = 'requested') as requested,
           count(*) filter (where status = 'confirmed') as confirmed,
           count(*) filter (where status = 'completed') as completed,
           count(*) filter (where status = 'no_show')   as no_show,
           count(*) filter (where status = 'cancelled') as cancelled,
           sum(greatest(price - paid, 0)) filter (where status in ('requested', 'confirmed')) as pending
      from booked
     group by n
),
people as (
    select p.n,
           count(*) as clients,
           count(*) filter (where exists (
               -- With anybody, whatever is asked for here.
               select from summary_booking f
                where f.business_id = $1 and f.client_id = c.client_id and not f.deleted and f.starts < p.starts
           )) as returning_clients
      from (select distinct n, client_id from booked where client_id is not null) c
      join period p using (n)
     group by p.n
),
receipt as (
    -- The bookings of a visit share one.
    select p.n, coalesce(b.visit_id::text, m.booking_id::text, m.position::text) as receipt, sum(m.amount) as amount
      from period p
      join summary_payment m on m.business_id = $1 and m.at >= p.starts and m.at < p.ends
      left join summary_booking b on b.business_id = m.business_id and b.booking_id = m.booking_id
     where coalesce(not b.deleted, true)
       and ($4::uuid   is null or coalesce(b.staff_id,   m.staff_id)   = $4)
       and ($5::uuid   is null or coalesce(b.staff_id,   m.staff_id)   = $5)
       and ($6::uuid   is null or coalesce(b.service_id, m.service_id) = $6)
       and ($7::uuid   is null or b.desk_id = $7)
       and ($8::uuid   is null or coalesce(b.client_id,  m.client_id)  = $8)
       and ($9::text[] is null or b.status = any($9))
       and ($10::text  is null or b.source = $10)
     group by 1, 2
),
money as (
    select n, sum(amount) as revenue, count(*) filter (where amount > 0) as receipts from receipt group by n
)
select coalesce(requested, 0) as requested, coalesce(confirmed, 0) as confirmed, coalesce(completed, 0) as completed,
       coalesce(no_show, 0)   as no_show,   coalesce(cancelled, 0) as cancelled, coalesce(pending, 0)   as pending,
       coalesce(clients, 0)   as clients,   coalesce(returning_clients, 0) as returning_clients,
       coalesce(revenue, 0)   as revenue,   coalesce(receipts, 0)  as receipts
  from period
  left join standing using (n)
  left join people   using (n)
  left join money    using (n)
 order by n
