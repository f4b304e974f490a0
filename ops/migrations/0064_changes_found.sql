-- Read model `changes`: rare kinds of changes, and those of long ago, are found without walking past all the others.

create index change_action    on change (business_id, subject_type, action, position);
-- What was brought in from elsewhere did not happen when it was recorded: a period may hold what lies far from it.
create index change_told_late on change (business_id, at) where at <> recorded_at;

-- How far the changes had come by an instant, by halving the way: they are told in the order in which they were recorded.
create function change_position_at(of_business uuid, instant timestamptz) returns bigint
    language plpgsql stable parallel safe as $$
declare
    told   bigint := 0;            -- the last one known to be recorded by then; 0: none is
    later  bigint;                 -- the first one known not to be
    midway bigint;
    looked timestamptz;
begin
    select coalesce(max(c.position), 0) + 1 into later from change c where c.business_id = of_business;
    while later - told > 1 loop
        midway := told + (later - told) / 2;
        select c.recorded_at into looked from change c where c.business_id = of_business and c.position = midway;
        if looked <= instant then
            told := midway;
        else
            later := midway;
        end if;
    end loop;
    return told;
end
$$;

comment on function change_position_at is 'read model changes: the last position recorded by an instant; 0 if none was';
