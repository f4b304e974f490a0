-- $1 and $2: businesses and clients. Each look-up ends at the first row of its index that fits: a client under whom a
-- whole house books is no dearer than another.
with counted as (
    select t.business_id, t.client_id, b.starts as first_booking, v.starts as first_visit
      from unnest($1::uuid[], $2::uuid[]) as t (business_id, client_id)
      left join lateral (
           select f.starts
             from report_booking f
            where f.business_id = t.business_id and f.client_id = t.client_id and not f.deleted
            order by f.starts
            limit 1
           ) b on true
      left join lateral (
           select f.starts
             from report_booking f
            where f.business_id = t.business_id and f.client_id = t.client_id and not f.deleted
              and f.status = 'completed'
            order by f.starts
            limit 1
           ) v on true
),
gone as (
    delete from report_client c
     using counted n
     where c.business_id = n.business_id and c.client_id = n.client_id and n.first_booking is null
)
insert into report_client as c (business_id, client_id, first_booking, first_visit)
select business_id, client_id, first_booking, first_visit
  from counted
 where first_booking is not null
    on conflict (business_id, client_id) do update
   set (first_booking, first_visit) = (excluded.first_booking, excluded.first_visit)
 where (c.first_booking, c.first_visit) is distinct from (excluded.first_booking, excluded.first_visit)
