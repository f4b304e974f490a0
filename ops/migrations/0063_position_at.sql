-- How far a ledger had come by an instant. Positions are given out in the order of `recorded_at`, so that halving the
-- way finds it in some twenty looks at the index of positions; an index on the instants would cost every append.
create function position_at(of_business uuid, instant timestamptz) returns bigint
    language plpgsql stable parallel safe as $$
declare
    recorded bigint := 0;          -- the last one known to be recorded by then; 0: none is
    later    bigint;               -- the first one known not to be
    midway   bigint;
    looked   timestamptz;
begin
    select coalesce(max(e.position), 0) + 1 into later from events e where e.business_id = of_business;
    while later - recorded > 1 loop
        midway := recorded + (later - recorded) / 2;
        select e.recorded_at into looked from events e where e.business_id = of_business and e.position = midway;
        if looked <= instant then
            recorded := midway;
        else
            later := midway;
        end if;
    end loop;
    return recorded;
end
$$;

comment on function position_at is 'the last position of a business that was recorded by an instant; 0 if none was';
