-- $1 business, $2 the client and those merged into them, $3 staff member (of the scope) or null.
with own as (
    select service_id, count(*) as times, max(starts) as last
      from client_card_booking
     where business_id = $1 and client_id = any($2) and served and service_id is not null
       and ($3::uuid is null or staff_id = $3)
     group by service_id
),
favourite as (
    select service_id from own order by times desc, last desc, service_id limit 3
),
alike as (
    -- Enough to tell by (a share is right to some 5 %), and few enough to look at while somebody waits.
    select distinct f.service_id as had, p.client_id
      from favourite f
     cross join lateral (
           select client_id from client_card_booking
            where business_id = $1 and service_id = f.service_id and served and client_id <> all($2)
              and ($3::uuid is null or staff_id = $3)
            order by starts desc
            limit 400) p
),
taken as (
    select a.had, b.service_id as took, count(distinct a.client_id) as takers
      from alike a
      join client_card_booking b on b.business_id = $1 and b.client_id = a.client_id
     where b.served and b.service_id is not null and ($3::uuid is null or b.staff_id = $3)
       and b.service_id not in (select service_id from own)
     group by a.had, b.service_id
),
best as (
    -- Each service once, with the reason that says most.
    select distinct on (took) had, took, others, takers
      from taken
      join (select had, count(*) as others from alike group by had) o using (had)
     where takers >= 2
     order by took, takers::float8 / others desc, takers desc, had
)
select had, took, others, takers from best order by takers::float8 / others desc, takers desc, took limit 5
