-- Which read models are being built for the first time: what they hold of a business is not the whole of it yet, and
-- is not told (`not_yet`). Whatever is there when this migration runs counts as whole. A process of an older version
-- marks nobody, and so leaves nobody marked for ever.

-- Of those at the common position: from when the business is first fed until they have come to where its ledger ends.
alter table projection_checkpoint add column being_built boolean not null default false;
-- Of one that is new to the database: until it has met the others, when its row goes.
alter table projection_apart      add column being_built boolean not null default false;

-- Each process asks for them every few seconds; mostly there are none. Updates of positions stay on their page (HOT).
create index projection_checkpoint_being_built on projection_checkpoint (business_id) where being_built;
create index projection_apart_being_built      on projection_apart (business_id)      where being_built;

-- Both tables have their grants from migration 0020.
