-- Two roles: whoever runs the migrations owns the schema; the service works as
-- daybook_service, which can do what each migration grants it and nothing more.
-- Append-only is a grant, not good manners.
do $$
begin
    -- Another database of this cluster may have made it already; an administrator may have, for an owner who cannot.
    if not exists (select from pg_roles where rolname = 'daybook_service') then
        create role daybook_service nologin;
    end if;
exception
    -- Or does so at this moment.
    when duplicate_object or unique_violation then null;
end
$$;

-- So that an owner who is no superuser can `set role daybook_service`.
do $$
begin
    if not pg_has_role(current_user, 'daybook_service', 'member') then
        execute format('grant daybook_service to %I', current_user);
    end if;
end
$$;

grant usage on schema public to daybook_service;

-- Equality of uuid and integer beside overlap of ranges, in one GiST index.
create extension if not exists btree_gist;
