-- Seats are interchangeable and stand in no event. Two functions for the case that somebody else holds
-- time beside the wanted one; the common case (nobody does) never comes here.

-- The first of the wanted claims, one element each, that finds fewer than one seat free at some instant, and
-- the owners in its way. Expired holds count for nothing, seats above the capacity count like any other;
-- claims of p_owners are about to be replaced. No row: all of them fit.
create function claim_in_the_way(
    p_business   uuid,
    p_owners     uuid[],
    p_owner      uuid[],
    p_resource   uuid[],
    p_capacity   smallint[],
    p_starts     timestamptz[],
    p_ends       timestamptz[],
    p_may_overlap   boolean[],
    p_now        timestamptz
) returns table (claim bigint, by_owners uuid[])
language plpgsql -- not sql: its plan is kept
as $$
begin
    return query
    with wanted as materialized (
        select w.ord, w.owner_id, w.resource_id, w.capacity, w.may_overlap, tstzrange(w.starts, w.ends) as during,
               (select r.number from claimed_resource r
                where r.business_id = p_business and r.resource_id = w.resource_id) as number
        from unnest(p_owner, p_resource, p_capacity, p_starts, p_ends, p_may_overlap)
             with ordinality as w (owner_id, resource_id, capacity, starts, ends, may_overlap, ord)
    ),
    rival as materialized (
        select w.ord, w.capacity, w.during as wanted, t.owner_id, t.during
        from wanted w
        cross join lateral (
            select t.owner_id, t.during
            from claim t
            where t.business_id = p_business and t.resource = w.number and t.during && w.during
              and t.owner_id <> all (p_owners)
              and (t.hold_until is null or t.hold_until > p_now)
            offset 0 -- kept apart, or resource is not looked for in the index
        ) t
        where not w.may_overlap
        union all
        select w.ord, w.capacity, w.during, t.owner_id, t.during
        from wanted w
        join wanted t on t.resource_id = w.resource_id and t.ord <> w.ord and t.during && w.during
        where not w.may_overlap
    ),
    -- The number of rivals only ever rises where one of them starts.
    instant as (
        select distinct r.ord, r.capacity, greatest(lower(r.during), lower(r.wanted)) as at from rival r
    ),
    refused as (
        select i.ord
        from instant i
        join rival r on r.ord = i.ord and r.during @> i.at
        group by i.ord, i.capacity, i.at
        having count(*) >= i.capacity
        order by i.ord
        limit 1
    )
    select f.ord, array_agg(distinct r.owner_id)
    from refused f
    join rival r on r.ord = f.ord
    group by f.ord;
end
$$;

-- Frees one seat for p_during where fewer than p_capacity claims overlap at each instant, yet no single seat
-- is free throughout: deals the seats of all claims that hang together with it anew, in order of their starts.
-- That always comes out: no instant has more claims than seats.
create function claim_reseat(p_business uuid, p_resource integer, p_capacity smallint, p_during tstzrange)
returns smallint
language plpgsql
as $$
declare
    v_reach  tstzrange := p_during;
    v_grown  tstzrange;
    v_rows   claim[];
    v_row    claim;
    v_free   timestamptz[] := array_fill('-infinity'::timestamptz, array[p_capacity::integer]);
    v_placed boolean := false;
    v_ours   smallint;
    v_seat   smallint;
begin
    loop
        select range_merge(range_agg(c.during) + v_reach::tstzmultirange) into v_grown
        from claim c
        where c.business_id = p_business and c.resource = p_resource and c.during && v_reach and c.seat < p_capacity;
        exit when v_grown is null or v_grown = v_reach;
        v_reach := v_grown;
    end loop;

    select coalesce(array_agg(c order by lower(c.during), c.owner_id, c.ordinal), '{}') into v_rows
    from claim c
    where c.business_id = p_business and c.resource = p_resource and c.during && v_reach and c.seat < p_capacity;

    -- Taken out and put back: an update in place would trip over seats that are still to move.
    delete from claim c
    where c.business_id = p_business and c.resource = p_resource and c.during && v_reach and c.seat < p_capacity;

    foreach v_row in array v_rows loop
        if not v_placed and lower(v_row.during) >= lower(p_during) then
            select s - 1 into strict v_ours
            from generate_series(1, p_capacity) s where v_free[s] <= lower(p_during) order by s limit 1;
            v_free[v_ours + 1] := coalesce(upper(p_during), 'infinity');
            v_placed := true;
        end if;
        select s - 1 into strict v_seat
        from generate_series(1, p_capacity) s where v_free[s] <= lower(v_row.during) order by s limit 1;
        v_free[v_seat + 1] := coalesce(upper(v_row.during), 'infinity');
        insert into claim (business_id, owner_id, ordinal, resource, seat, during, body, hold_until)
        values (p_business, v_row.owner_id, v_row.ordinal, p_resource, v_seat, v_row.during, v_row.body, v_row.hold_until);
    end loop;
    if not v_placed then
        select s - 1 into strict v_ours
        from generate_series(1, p_capacity) s where v_free[s] <= lower(p_during) order by s limit 1;
    end if;
    return v_ours;
end
$$;

-- The seat for one claim that is known to fit (or may overlap). Called in the write phase, claim by claim.
create function claim_seat_for(p_business uuid, p_resource integer, p_capacity smallint, p_during tstzrange, p_may_overlap boolean)
returns smallint
language plpgsql
as $$
declare
    v_taken smallint[];
    v_seat  smallint;
begin
    select coalesce(array_agg(c.seat), '{}') into v_taken
    from claim c
    where c.business_id = p_business and c.resource = p_resource and c.during && p_during;

    select s into v_seat
    from generate_series(0, p_capacity - 1) s
    where s::smallint <> all (v_taken) order by s limit 1;
    if found then
        return v_seat;
    end if;
    if not p_may_overlap then
        return claim_reseat(p_business, p_resource, p_capacity, p_during);
    end if;
    select s into strict v_seat
    from generate_series(p_capacity::integer, p_capacity + cardinality(v_taken)) s
    where s::smallint <> all (v_taken) order by s limit 1;
    return v_seat;
end
$$;
