"""Everything the catalogue of PostgreSQL says of a schema, without the schema's name: to compare two schemas."""

import re

from django.db import connections

QUERIES = {
    "column": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
               pg_get_expr(d.adbin, d.adrelid), col.collname, a.attacl::text
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_collation col ON col.oid = a.attcollation
          LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE c.relnamespace = %(s)s::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
           AND c.relkind IN ('r','p','v')""",
    "relation": """
        SELECT relname, relkind, relpersistence, relrowsecurity, relforcerowsecurity, reloptions::text,
               pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = %(s)s::regnamespace""",
    "grant": """
        SELECT c.relname, x.grantor::regrole::text, x.grantee::regrole::text, x.privilege_type, x.is_grantable
          FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char",
               c.relowner))) x WHERE c.relnamespace = %(s)s::regnamespace AND c.relkind IN ('r','p','v','S')""",
    "constraint": """
        SELECT c.relname, n.conname, n.contype, n.condeferrable, n.condeferred, n.convalidated, pg_get_constraintdef(n.oid)
          FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid WHERE n.connamespace = %(s)s::regnamespace""",
    "index": """
        SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %(s)s""",
    "sequence": """
        SELECT s.sequencename, s.data_type::text, s.start_value, s.min_value, s.max_value, s.increment_by, s.cycle,
               s.cache_size, s.sequenceowner, s.last_value FROM pg_sequences s WHERE s.schemaname = %(s)s""",
    "sequence owner": """
        SELECT s.relname, t.relname, a.attname FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
          JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
         WHERE d.deptype IN ('a', 'i') AND s.relnamespace = %(s)s::regnamespace""",
    "trigger": """
        SELECT c.relname, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid)
          FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = %(s)s::regnamespace AND NOT t.tgisinternal""",
    "policy": """
        SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check
          FROM pg_policies WHERE schemaname = %(s)s""",
    "function": """
        SELECT p.proname, pg_get_function_arguments(p.oid), p.prosrc, p.prosecdef, p.proconfig::text, p.proacl::text
          FROM pg_proc p WHERE p.pronamespace = %(s)s::regnamespace""",
    "schema": """
        SELECT pg_get_userbyid(n.nspowner), x.grantee::regrole::text, x.privilege_type
          FROM pg_namespace n, aclexplode(n.nspacl) x WHERE n.nspname = %(s)s""",
    "default right": """
        SELECT d.defaclobjtype, pg_get_userbyid(d.defaclrole), d.defaclacl::text FROM pg_default_acl d
         WHERE d.defaclnamespace = %(s)s::regnamespace""",
    "member of": """
        SELECT m.roleid::regrole::text, m.member::regrole::text, m.admin_option, m.inherit_option, m.set_option
          FROM pg_auth_members m WHERE %(s)s::regrole IN (m.roleid, m.member)""",
    "role": """
        SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit
          FROM pg_roles WHERE rolname = %(s)s""",
}


def catalog(schema: str) -> set[tuple[str, ...]]:
    """Return one tuple per object, its name replaced where it stands in it."""
    found: set[tuple[str, ...]] = set()
    with connections["owner"].cursor() as cursor:
        for kind, query in QUERIES.items():
            cursor.execute(query, {"s": schema})
            found |= {(kind, *(_plain(value, schema) for value in row)) for row in cursor.fetchall()}
    return found


def rows(schema: str) -> dict[str, int]:
    """Return how many rows each table of the schema has."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema])
        counted = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{schema}"."{table}"')
            counted[table] = cursor.fetchone()[0]
        return counted


def _plain(value: object, schema: str) -> str:
    """Return the value as text; casts and parentheses PostgreSQL adds when it prints a condition anew are left out."""
    return re.sub(r"::text\[\]|::text|::character varying(\[\])?|[()]", "", str(value).replace(schema, "T"))
