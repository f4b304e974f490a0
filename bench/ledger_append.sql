-- The same rows as the ledger writes (head, event, claim, command key), in one call, without the ledger around it.
-- Run by crates/ledger/examples/appends_per_second.rs, with -D businesses=N.
\set business random(1, :businesses)
\set resource random(1, 5)
\set minute random(1, 500000000)
select a.*
from gen_random_uuid() id,
     lateral (select ('00000000-0000-7000-8000-' || lpad(:business::text, 12, '0'))::uuid as business,
                     ('00000000-0000-7000-8000-' || lpad(:resource::text, 12, '0'))::uuid as resource,
                     '2026-11-23'::timestamptz + :minute * interval '1 minute' as starts,
                     '2026-11-23'::timestamptz + (:minute + 30) * interval '1 minute' as ends) x,
     lateral ledger_append(
         x.business, '{1,1,1,1,0,0,0,0}',
         '{bench}', array[id::text], '{"\\x0000000000000000000000000000000000000000000000000000000000000000"}', array['{"status":201}'], array['[]'],
         '{null}', '{f}', '{null}', '{f}',
         '{counter}', array[id::text], '{0}',
         '{counter}', array[id::text], '{1}', '{Counted}', '{1.0}',
         array['{"text":"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"}'],
         array['{"text":"tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"}'],
         array[id], '{null}',
         array[id], array[id], '{0}', array[x.resource], '{1}',
         array[x.starts], array[x.ends], array[x.starts], array[x.ends], '{f}', '{null}',
         '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}') a;
