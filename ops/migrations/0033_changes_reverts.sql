-- Read model `changes`: which change a change puts back.

alter table change add column reverts bigint; -- the position of the change that it puts back

create index change_reverts on change (business_id, reverts) where reverts is not null;
