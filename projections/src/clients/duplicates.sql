-- Groups of clients who may be one person; what is asked of them follows. $1 business.
with told as (
    select client_id, 'phone' as by, state #>> '{card,phone,$open,value}' as mark
      from client where business_id = $1
     union
    select client_id, 'phone', phone ->> 'number'
      from client, jsonb_array_elements(coalesce(state #> '{card,phones,$open,value}', '[]')) as phone
     where business_id = $1
     union
    select client_id, 'email', lower(state #>> '{card,email,$open,value}')
      from client where business_id = $1
     union
    select client_id, 'name_and_birthday', sort_name || ' ' || (state #>> '{card,birthday,$open,value}')
      from client where business_id = $1
),
alike as (
    -- Ids are given out in the order of time.
    select by, (array_agg(client_id order by client_id))[1:20] as ids
      from told
     where mark is not null
     group by by, mark
    having count(*) > 1
),
groups as (select distinct by, ids from alike)
