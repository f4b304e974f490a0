-- The append: one call, one transaction, one or several commands of one business in their order.
--
-- The head row is locked first; in read committed each later statement then sees what was committed while
-- the lock was waited for. Each command is looked at (key, versions, catalogue, guards, keys of persons,
-- names, time) and only then written, so that a refused one has written nothing and needs no savepoint; the
-- next one sees what it wrote. One row is returned per command, in order.
--
-- The arrays hold the parts of all commands one after another; p_bounds says, eight numbers a command, where
-- its streams, events, owners, claims, released names, names, new keys and used keys end.
create function ledger_append(
    p_business        uuid,
    p_bounds          integer[],
    -- a command each
    p_callers         text[],
    p_keys            text[],
    p_fingerprints    bytea[],
    p_answers         text[],
    p_versions        text[],
    p_saw_catalogue   bigint[],      -- null: does not depend on it
    p_moves_catalogue boolean[],
    p_guards          text[],        -- null, or json: [{resources: [id, …], ranges: [[start, end|null], …]}, …]
    p_claims_meet     boolean[],     -- some of its own claims overlap each other on one resource
    -- a stream each
    p_stream_kind     text[],
    p_stream_id       text[],
    p_stream_expected bigint[],      -- null: must exist
    -- an event each
    p_event_kind      text[],
    p_event_stream    text[],
    p_event_sequence  bigint[],
    p_event_type      text[],
    p_event_version   text[],
    p_event_payload   text[],
    p_event_metadata  text[],
    p_event_id        uuid[],
    p_event_occurred  timestamptz[],
    -- an owner whose claims are replaced each
    p_owners          uuid[],
    -- a claim each
    p_claim_owner     uuid[],
    p_claim_ordinal   smallint[],
    p_claim_resource  uuid[],
    p_claim_capacity  smallint[],
    p_claim_starts    timestamptz[],
    p_claim_ends      timestamptz[],
    p_claim_body_from timestamptz[],
    p_claim_body_to   timestamptz[],
    p_claim_may_overlap  boolean[],
    p_claim_hold      timestamptz[],
    -- a name each
    p_released_kind   text[],
    p_released_name   text[],
    p_released_owner  uuid[],
    p_name_kind       text[],
    p_name            text[],
    p_name_owner      uuid[],
    -- a key of a person each
    p_made_key        uuid[],
    p_made_wrapped    bytea[],
    p_used_key        uuid[]
) returns table (outcome text, first_position bigint, last_position bigint, detail json)
language plpgsql
-- A dead caller's call must not wait for the lock for ever: after this long it can be taken for gone.
set lock_timeout = '4s'
-- Every statement here looks for a few rows by a whole key: there is nothing to plan anew, and no bitmap worth its setting up.
set plan_cache_mode = force_generic_plan
set enable_bitmapscan = off
as $$
declare
    c_parts    constant integer := 8;
    v_total    constant integer := cardinality(p_event_id);
    v_position bigint;
    v_catalogue bigint;
    v_saw_catalogue bigint;
    v_now      timestamptz;  -- the clock, for holds
    v_recorded timestamptz;  -- the clock, never running backwards
    v_before   bigint;
    v_new_head boolean := false;
    v_accepted boolean := false;
    v_owners   uuid[];
    v_numbers  integer[];    -- of the claims' resources, in their order
    v_number   integer;
    v_company  boolean;      -- some wanted time has another claim beside it, live or not
    v_during   tstzrange;
    v_seat     smallint;
    v_sequence bigint;
    v_kind     text;
    v_owner    uuid;
    v_known    record;
    v_found    record;
    b          integer;      -- where this command's bounds begin; then where its parts begin and end
    s0 integer; s1 integer := 0;  -- streams
    e0 integer; e1 integer := 0;  -- events
    o0 integer; o1 integer := 0;  -- owners
    c0 integer; c1 integer := 0;  -- claims
    r0 integer; r1 integer := 0;  -- released names
    n0 integer; n1 integer := 0;  -- names
    m0 integer; m1 integer := 0;  -- made keys
    u0 integer; u1 integer := 0;  -- used keys
begin
    -- The lock. Taken by giving out all positions at once, which is right for all but refused commands:
    -- their positions are given back at the end, under the same lock.
    loop
        update ledger_head h
        set position = h.position + v_total, recorded_at = greatest(clock_timestamp(), h.recorded_at)
        where h.business_id = p_business
        returning h.position - v_total, h.catalogue, h.recorded_at into v_position, v_catalogue, v_recorded;
        exit when found;
        insert into ledger_head (business_id) values (p_business) on conflict do nothing;
        v_new_head := found; -- another one's, waited for just now, is not ours to take back
    end loop;
    v_before := v_position;
    v_saw_catalogue := v_catalogue;
    v_now := clock_timestamp();

    <<command>>
    for i in 1 .. cardinality(p_keys) loop
        b := (i - 1) * c_parts;
        s0 := s1 + 1;  s1 := p_bounds[b + 1];
        e0 := e1 + 1;  e1 := p_bounds[b + 2];
        o0 := o1 + 1;  o1 := p_bounds[b + 3];
        c0 := c1 + 1;  c1 := p_bounds[b + 4];
        r0 := r1 + 1;  r1 := p_bounds[b + 5];
        n0 := n1 + 1;  n1 := p_bounds[b + 6];
        m0 := m1 + 1;  m1 := p_bounds[b + 7];
        u0 := u1 + 1;  u1 := p_bounds[b + 8];
        first_position := v_position + 1;
        last_position := v_position + (e1 - e0 + 1);
        detail := null;

        ---- look -------------------------------------------------------------------------------------

        -- The key before anything else: who asks again is answered as the first time, not refused.
        select k.fingerprint, k.answer, k.versions, k.first_position, k.last_position into v_known
        from command_key k
        where k.business_id = p_business and k.caller = p_callers[i] and k.key = p_keys[i];
        if found then
            if v_known.fingerprint = p_fingerprints[i] then
                outcome := 'replayed';
                first_position := v_known.first_position;
                last_position := v_known.last_position;
                detail := json_build_object('answer', v_known.answer, 'versions', v_known.versions);
            else
                outcome := 'key_reused';
            end if;
            return next;
            continue;
        end if;

        for s in s0 .. s1 loop
            select e.sequence, e.aggregate_type into v_sequence, v_kind
            from events e
            where e.aggregate_id = p_stream_id[s] and e.business_id = p_business
            order by e.sequence desc
            limit 1;
            if p_stream_expected[s] is null then
                if v_kind is distinct from p_stream_kind[s] then
                    outcome := 'no_such_stream';
                    detail := json_build_object('stream', s - s0 + 1);
                    return next;
                    continue command;
                end if;
            elsif p_stream_expected[s] <> coalesce(v_sequence, 0) then
                outcome := 'moved_on';
                detail := json_build_object('stream', s - s0 + 1, 'actual', coalesce(v_sequence, 0));
                return next;
                continue command;
            end if;
        end loop;

        if v_catalogue > p_saw_catalogue[i] then
            outcome := 'catalogue_moved';
            detail := json_build_object('now', v_catalogue);
            return next;
            continue;
        end if;

        for m in m0 .. m1 loop
            perform from person_key k where k.business_id = p_business and k.key_id = p_made_key[m];
            if found then
                outcome := 'person_key_made';
                detail := json_build_object('key', p_made_key[m]);
                return next;
                continue command;
            end if;
        end loop;
        for u in u0 .. u1 loop
            perform from person_key k
            where k.business_id = p_business and k.key_id = p_used_key[u] and k.wrapped is not null;
            if not found then
                outcome := 'person_key_gone';
                detail := json_build_object('key', p_used_key[u]);
                return next;
                continue command;
            end if;
        end loop;

        for n in n0 .. n1 loop
            select t.owner_id into v_owner
            from claimed_name t
            where t.business_id = p_business and t.kind = p_name_kind[n] and t.name = p_name[n];
            if found and v_owner <> p_name_owner[n]
               and not exists (
                   select from unnest(p_released_kind[r0:r1], p_released_name[r0:r1], p_released_owner[r0:r1])
                               as r (kind, name, owner_id)
                   where r.kind = p_name_kind[n] and r.name = p_name[n] and r.owner_id = v_owner)
            then
                outcome := 'name_taken';
                detail := json_build_object('name', n - n0 + 1, 'by', v_owner);
                return next;
                continue command;
            end if;
        end loop;

        v_owners := p_owners[o0:o1];
        v_company := p_claims_meet[i];
        v_numbers := '{}';
        for c in c0 .. c1 loop
            select r.number into v_number
            from claimed_resource r
            where r.business_id = p_business and r.resource_id = p_claim_resource[c];
            v_numbers := v_numbers || v_number;
            if v_number is not null and not v_company then
                perform from claim t
                where t.business_id = p_business and t.resource = v_number
                  and t.during && tstzrange(p_claim_starts[c], p_claim_ends[c])
                  and t.owner_id <> all (v_owners)
                limit 1;
                v_company := found;
            end if;
        end loop;
        if v_company then
            select w.claim, w.by_owners into v_found
            from claim_in_the_way(p_business, v_owners, p_claim_owner[c0:c1], p_claim_resource[c0:c1],
                                  p_claim_capacity[c0:c1], p_claim_starts[c0:c1], p_claim_ends[c0:c1],
                                  p_claim_may_overlap[c0:c1], v_now) w;
            if found then
                outcome := 'time_taken';
                detail := json_build_object('claim', v_found.claim, 'by', v_found.by_owners);
                return next;
                continue command;
            end if;
        end if;

        if p_guards[i] is not null then
            select json_agg(json_build_object('owner', h.owner_id, 'resource', h.resource_id,
                                              'starts', lower(h.body), 'ends', upper(h.body)))
            into detail
            from (
                select distinct r.resource_id, c.owner_id, c.body
                from json_array_elements(p_guards[i]::json) g
                cross join lateral (
                    select range_agg(tstzrange((x ->> 0)::timestamptz, (x ->> 1)::timestamptz)) as spans
                    from json_array_elements(g -> 'ranges') x
                ) m
                -- The body may span a gap in which nothing is claimed, but not reach past the last claim's end.
                join claim c on c.business_id = p_business
                            and c.during && tstzrange(lower(m.spans), null)
                            and c.body && m.spans
                join claimed_resource r on r.business_id = p_business and r.number = c.resource
                where c.hold_until is null
                  and c.owner_id <> all (v_owners)
                  and (json_array_length(g -> 'resources') = 0
                       or r.resource_id in (select x::uuid from json_array_elements_text(g -> 'resources') x))
                order by c.body, c.owner_id, r.resource_id
            ) h;
            if detail is not null then
                outcome := 'guarded';
                return next;
                continue;
            end if;
        end if;

        ---- write ------------------------------------------------------------------------------------

        if o1 >= o0 then
            delete from claim c where c.business_id = p_business and c.owner_id = any (v_owners);
        end if;
        for c in c0 .. c1 loop
            v_number := v_numbers[c - c0 + 1];
            v_during := tstzrange(p_claim_starts[c], p_claim_ends[c]);
            if v_number is null then
                -- The first claim ever on this resource, or the second of this command.
                select r.number into v_number
                from claimed_resource r
                where r.business_id = p_business and r.resource_id = p_claim_resource[c];
                if not found then
                    insert into claimed_resource (business_id, resource_id, number)
                    values (p_business, p_claim_resource[c],
                            (select coalesce(max(r.number), 0) + 1 from claimed_resource r where r.business_id = p_business))
                    returning number into v_number;
                end if;
            end if;
            if v_company then
                delete from claim t
                where t.business_id = p_business and t.resource = v_number and t.during && v_during
                  and t.hold_until <= v_now;
                v_seat := claim_seat_for(p_business, v_number, p_claim_capacity[c], v_during, p_claim_may_overlap[c]);
            else
                v_seat := 0;
            end if;
            insert into claim (business_id, owner_id, ordinal, resource, seat, during, body, hold_until)
            values (p_business, p_claim_owner[c], p_claim_ordinal[c], v_number, v_seat, v_during,
                    tstzrange(p_claim_body_from[c], p_claim_body_to[c]), p_claim_hold[c]);
        end loop;

        for r in r0 .. r1 loop
            delete from claimed_name t
            where t.business_id = p_business and t.kind = p_released_kind[r] and t.name = p_released_name[r]
              and t.owner_id = p_released_owner[r];
        end loop;
        for n in n0 .. n1 loop
            -- What its owner holds already is no conflict, by the look above.
            insert into claimed_name (business_id, kind, name, owner_id)
            values (p_business, p_name_kind[n], p_name[n], p_name_owner[n])
            on conflict do nothing;
        end loop;
        for m in m0 .. m1 loop
            insert into person_key (business_id, key_id, wrapped, made_at)
            values (p_business, p_made_key[m], p_made_wrapped[m], v_recorded);
        end loop;
        if e1 = e0 then
            insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                                business_id, position, event_id, recorded_at, occurred_at)
            values (p_event_kind[e0], p_event_stream[e0], p_event_sequence[e0], p_event_type[e0], p_event_version[e0],
                    p_event_payload[e0]::json, p_event_metadata[e0]::json,
                    p_business, first_position, p_event_id[e0], v_recorded, p_event_occurred[e0]);
        elsif e1 > e0 then
            insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                                business_id, position, event_id, recorded_at, occurred_at)
            select e.kind, e.stream, e.sequence, e.type, e.version, e.payload::json, e.metadata::json,
                   p_business, v_position + e.ord, e.id, v_recorded, e.occurred
            from unnest(p_event_kind[e0:e1], p_event_stream[e0:e1], p_event_sequence[e0:e1],
                        p_event_type[e0:e1], p_event_version[e0:e1],
                        p_event_payload[e0:e1], p_event_metadata[e0:e1], p_event_id[e0:e1], p_event_occurred[e0:e1])
                 with ordinality as e (kind, stream, sequence, type, version, payload, metadata, id, occurred, ord);
        end if;
        insert into command_key (business_id, caller, key, fingerprint, answer, versions,
                                 first_position, last_position, made_at)
        values (p_business, p_callers[i], p_keys[i], p_fingerprints[i], p_answers[i]::json, p_versions[i]::json,
                first_position, last_position, v_recorded);

        v_accepted := true;
        v_position := last_position;
        if p_moves_catalogue[i] and e1 >= e0 then
            v_catalogue := last_position;
        end if;
        outcome := 'appended';
        return next;
    end loop;

    if v_new_head and not v_accepted then
        -- Nothing was written for a business that was not there: nor is it now.
        delete from ledger_head h where h.business_id = p_business;
    elsif v_position <> v_before + v_total or v_catalogue <> v_saw_catalogue then
        update ledger_head h set position = v_position, catalogue = v_catalogue where h.business_id = p_business;
    end if;
end
$$;

revoke execute on function ledger_append from public;
grant execute on function ledger_append to daybook_service;
