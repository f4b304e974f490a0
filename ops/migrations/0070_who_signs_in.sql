-- By which address somebody signs in is a name that they claim, in the very append that says so (`claimed_name`, kind
-- `user_email`). A copy of it beside their password fell behind when a process or a caller went away between the two,
-- and an address then led into the account of somebody who had left it.

-- Of whoever came before such names were claimed.
insert into claimed_name (business_id, kind, name, owner_id)
select u.business_id, 'user_email', encode(u.email_hash, 'hex'), u.user_id
  from sign_in u
 where not exists (select from claimed_name n
                    where n.business_id = u.business_id and n.kind = 'user_email' and n.owner_id = u.user_id)
on conflict do nothing;

-- Who signs in names no business.
create index claimed_name_user_email on claimed_name (name) where kind = 'user_email';
alter table sign_in drop column email_hash;

-- A link is good for whoever has the address that it was sent to, as long as it is theirs.
alter table one_time_link add column sent_to text collate "C";
update one_time_link l
   set sent_to = n.name
  from claimed_name n
 where n.business_id = l.business_id and n.kind = 'user_email' and n.owner_id = l.user_id;
delete from one_time_link where sent_to is null;
alter table one_time_link alter column sent_to set not null;
