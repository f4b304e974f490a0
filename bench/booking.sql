-- The rows of one POST /bookings (stream, event, claim, reference, command key, and a look at the client), in one
-- call, without the service around it. Run with -D businesses=N, and the payload and metadata of a real booking.
\set business random(1, :businesses)
\set resource random(1, 5)
\set minute random(1, 500000000)
select a.*
from gen_random_uuid() id,
     lateral (select ('00000000-0000-7000-8000-' || lpad(:business::text, 12, '0'))::uuid as business,
                     ('00000000-0000-7000-9000-' || lpad(:business::text, 12, '0')) as client,
                     ('00000000-0000-7000-8000-' || lpad(:resource::text, 12, '0'))::uuid as resource,
                     '2026-11-23'::timestamptz + :minute * interval '1 minute' as starts,
                     '2026-11-23'::timestamptz + (:minute + 30) * interval '1 minute' as ends) x,
     lateral ledger_append(
         x.business, '{2,1,1,1,0,1,0,0}',
         '{bench}', array[id::text], '{"\\x0000000000000000000000000000000000000000000000000000000000000000"}',
         array['{"status":201,"ids":["' || id || '"]}'], array['[["booking","' || id || '",1]]'],
         '{1}', '{f}', '{null}', '{f}',
         '{client,booking}', array[x.client, id::text], '{null,0}',
         '{booking}', array[id::text], '{1}', '{placed}', '{1.0}',
         array[:payload::text], array[:metadata::text],
         array[id], '{null}',
         array[id], array[id], '{0}', array[x.resource], '{1}',
         array[x.starts], array[x.ends], array[x.starts], array[x.ends], '{f}', '{null}',
         '{}', '{}', '{}', '{reference}', array[id::text], array[id], '{}', '{}', '{}') a;
