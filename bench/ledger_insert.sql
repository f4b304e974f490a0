-- The limit: one event inserted, nothing else. Run by crates/ledger/examples/appends_per_second.rs.
insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                    business_id, position, event_id, recorded_at)
select 'counter', id::text, 1, 'Counted', '1.0',
       '{"text":"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"}',
       '{"text":"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"}',
       id, 1, id, clock_timestamp()
from gen_random_uuid() id;
