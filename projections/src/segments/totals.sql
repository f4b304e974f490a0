-- $1 and $2: businesses and clients.
update segment_client c
   set visits        = v.visits,
       first_visit   = v.first_visit,
       last_visit    = v.last_visit,
       came_services = s.services,
       came_staff    = p.staff,
       spent         = v.paid + m.sold,
       receipts      = v.receipts + m.sales
  from unnest($1::uuid[], $2::uuid[]) as t (business_id, client_id)
 cross join lateral (
       select count(*) filter (where completed) as visits,
              min(first_visit)                  as first_visit,
              max(last_visit)                   as last_visit,
              coalesce(sum(paid), 0)            as paid,
              count(*) filter (where paid > 0)  as receipts
         from (
              -- The bookings of a visit are one.
              select bool_or(status = 'completed')                      as completed,
                     min(starts) filter (where status = 'completed')    as first_visit,
                     max(starts) filter (where status = 'completed')    as last_visit,
                     sum(paid)                                          as paid
                from segment_booking b
               where b.business_id = t.business_id and b.client_id = t.client_id and not b.deleted
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
 where c.business_id = t.business_id and c.client_id = t.client_id
