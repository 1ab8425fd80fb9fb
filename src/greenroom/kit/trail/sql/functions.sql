-- One row of the trail, linked to the one before it of the same entity. Writers of one entity come one after the other, for they hold
-- the lock on its row. Where a snapshot is older than the head (REPEATABLE READ), writing the head first fails with 40001, which may be
-- retried, before the unique key of the rows can.
CREATE OR REPLACE FUNCTION greenroom_trail.append(of_entity text, of_id text, kind text, scoped jsonb, diff jsonb, told jsonb) RETURNS void
LANGUAGE plpgsql
AS $body$
DECLARE
    actor jsonb := told -> 'actor';
    actor_kind text := actor ->> 'kind';
    actor_id text := actor ->> 'id';
    actor_issuer text := actor ->> 'issuer';
    actor_name text := actor ->> 'name';
    on_behalf_of text := actor ->> 'on_behalf_of';
    operation text := told ->> 'operation';
    request_id text := told ->> 'request_id';
    reason text := told ->> 'reason';
    number bigint;
    moment timestamptz := clock_timestamp();
    xact bigint := pg_current_xact_id()::text::bigint;
    former bytea;
    last integer;
    link bytea;
BEGIN
    IF actor_kind IS NULL OR actor_id IS NULL OR actor_issuer IS NULL THEN
        RAISE EXCEPTION 'nobody is named for this change of %', of_entity USING
            ERRCODE = 'GRT01',
            HINT = 'give the unit of work a greenroom.kit.trail.Context, in info["trail"] or by the dependency trail.Recorded';
    END IF;

    SELECT head.seq, head.hash INTO last, former FROM greenroom_trail.head WHERE entity = of_entity AND entity_id = of_id;
    last := coalesce(last, 0);
    former := coalesce(former, '');
    number := nextval('greenroom_trail.entry_id');

    link := sha256(former || convert_to(jsonb_build_array(
        number::text, to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), xact::text, of_entity, of_id, (last + 1)::text,
        kind, operation, actor_kind, actor_id, actor_issuer, actor_name, on_behalf_of, request_id, reason, scoped::text, diff::text
    )::text, 'UTF8'));

    IF last = 0 THEN
        INSERT INTO greenroom_trail.head (entity, entity_id, seq, hash) VALUES (of_entity, of_id, 1, link) ON CONFLICT DO NOTHING;
    ELSE
        UPDATE greenroom_trail.head SET seq = last + 1, hash = link WHERE entity = of_entity AND entity_id = of_id;
    END IF;

    INSERT INTO greenroom_trail.entry VALUES (
        number, moment, xact, of_entity, of_id, last + 1, kind, operation, actor_kind, actor_id, actor_issuer, actor_name, on_behalf_of,
        request_id, reason, scoped, diff, former, link
    );
END
$body$;

-- The trigger of every table that has a trail. It runs with the rights of its owner: the application may not write the trail itself.
-- Its arguments are the entity and, as arrays of columns, the key, the scope, the secrets and those that alone make no change.
-- How values are printed must not depend on who writes: the settings that it depends on are those of the function.
CREATE OR REPLACE FUNCTION greenroom_trail.record() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO'
SET intervalstyle = 'iso_8601'
SET bytea_output = 'hex'
SET extra_float_digits = 1
AS $body$
DECLARE
    keys text[] := TG_ARGV[1];
    scoped text[] := TG_ARGV[2];
    secrets text[] := TG_ARGV[3];
    quiet text[] := TG_ARGV[4];
    context jsonb := nullif(current_setting('greenroom.trail', true), '')::jsonb;
    before jsonb;
    after jsonb;
    id_before text;
    id_after text;
    changes jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD *= NEW THEN
            RETURN NULL;
        END IF;
        before := to_jsonb(OLD);
        after := to_jsonb(NEW);
        id_before := greenroom_trail.identify(before, keys);
        id_after := greenroom_trail.identify(after, keys);
        IF id_before = id_after THEN
            changes := (
                SELECT jsonb_object_agg(key, jsonb_build_array(before -> key, value)) FROM jsonb_each(after)
                WHERE value IS DISTINCT FROM before -> key
            );
            IF changes - quiet <> '{}' THEN
                PERFORM greenroom_trail.append(
                    TG_ARGV[0], id_after, 'update', greenroom_trail.part(after, scoped), greenroom_trail.hide(changes, secrets), context
                );
            END IF;
            RETURN NULL;
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        after := to_jsonb(NEW);
        id_after := greenroom_trail.identify(after, keys);
    ELSE
        before := to_jsonb(OLD);
        id_before := greenroom_trail.identify(before, keys);
    END IF;

    -- A change of the key ends one entity and begins another.
    IF before IS NOT NULL THEN
        changes := (SELECT jsonb_object_agg(key, jsonb_build_array(value, NULL)) FROM jsonb_each(before));
        PERFORM greenroom_trail.append(
            TG_ARGV[0], id_before, 'delete', greenroom_trail.part(before, scoped), greenroom_trail.hide(changes, secrets), context
        );
    END IF;
    IF after IS NOT NULL THEN
        changes := (SELECT jsonb_object_agg(key, jsonb_build_array(NULL, value)) FROM jsonb_each(after));
        PERFORM greenroom_trail.append(
            TG_ARGV[0], id_after, 'insert', greenroom_trail.part(after, scoped), greenroom_trail.hide(changes, secrets), context
        );
    END IF;
    RETURN NULL;
END
$body$;

-- The key as one text: of several columns, joined by commas; a comma within one is written \, so that no two keys have the same text.
CREATE OR REPLACE FUNCTION greenroom_trail.identify(image jsonb, keys text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $body$
BEGIN
    IF cardinality(keys) = 1 THEN
        RETURN image ->> keys[1];
    END IF;
    RETURN (
        SELECT string_agg(replace(replace(image ->> key, '\', '\\'), ',', '\,'), ',' ORDER BY place)
        FROM unnest(keys) WITH ORDINALITY AS k(key, place)
    );
END
$body$;

CREATE OR REPLACE FUNCTION greenroom_trail.part(image jsonb, columns text[]) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
AS $body$
DECLARE
    key text;
    found jsonb := '{}';
BEGIN
    FOREACH key IN ARRAY columns LOOP
        found := found || jsonb_build_object(key, image -> key);
    END LOOP;
    RETURN found;
END
$body$;

-- That a secret was set, changed or cleared is told; what it is or was, is not, and neither is anything computed from it.
CREATE OR REPLACE FUNCTION greenroom_trail.hide(changes jsonb, secrets text[]) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
AS $body$
DECLARE
    key text;
    side integer;
BEGIN
    FOREACH key IN ARRAY secrets LOOP
        IF changes ? key THEN
            FOR side IN 0 .. 1 LOOP
                IF changes -> key -> side <> 'null' THEN
                    changes := jsonb_set(changes, ARRAY[key, side::text], '"***"');
                END IF;
            END LOOP;
        END IF;
    END LOOP;
    RETURN changes;
END
$body$;

CREATE OR REPLACE FUNCTION greenroom_trail.refuse() RETURNS trigger
LANGUAGE plpgsql
AS $body$
BEGIN
    RAISE EXCEPTION 'the trail is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'GRT02';
END
$body$;

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON greenroom_trail.entry
    FOR EACH STATEMENT EXECUTE FUNCTION greenroom_trail.refuse();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON greenroom_trail.checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION greenroom_trail.refuse();
CREATE OR REPLACE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON greenroom_trail.head
    FOR EACH STATEMENT EXECUTE FUNCTION greenroom_trail.refuse();

-- One digest over the heads of all entities, as this statement's snapshot sees them. The snapshot is kept: it says which rows of the
-- trail the digest speaks of, whatever else was being written meanwhile, so nobody has to wait for it. The last number that was drawn is
-- kept as well: in a database that was dumped and restored the numbers of transactions begin anew, those of the rows do not.
CREATE OR REPLACE FUNCTION greenroom_trail.checkpoint() RETURNS greenroom_trail.checkpoint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    made greenroom_trail.checkpoint;
    last greenroom_trail.checkpoint;
BEGIN
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        RAISE EXCEPTION 'a checkpoint needs a transaction of its own' USING ERRCODE = 'GRT03';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('greenroom_trail.checkpoint', 0));
    SELECT * INTO last FROM greenroom_trail.checkpoint ORDER BY id DESC LIMIT 1;
    SELECT pg_current_snapshot()::text, count(*),
        sha256(coalesce(string_agg(head.hash, ''::bytea ORDER BY head.entity COLLATE "C", head.entity_id COLLATE "C"), ''))
    INTO made.snapshot, made.heads, made.digest
    FROM greenroom_trail.head AS head;
    made.last_id := (SELECT last_value FROM greenroom_trail.entry_id);
    made.id := coalesce(last.id, 0) + 1;
    made.at := clock_timestamp();
    made.previous := coalesce(last.hash, '');
    made.hash := sha256(made.previous || convert_to(jsonb_build_array(
        made.id::text, to_char(made.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), made.snapshot, made.last_id::text,
        made.heads::text, encode(made.digest, 'hex')
    )::text, 'UTF8'));
    INSERT INTO greenroom_trail.checkpoint SELECT made.*;
    RETURN made;
END
$body$;
