import pg from 'pg';
import { connectionConfig, told } from './pool.ts';

/** What one kind of process may do with the database; nothing else. */
export interface RoleGrants {
  /** A login role, made without a password where it is not there. */
  readonly role: string;
  /** Stores (schemas) whose rows it reads and writes; never their tables' shape. */
  readonly writes: readonly string[];
  /** Stores it only reads. */
  readonly reads?: readonly string[];
  /** True where it makes schemas of its own, as the projector of the views does. */
  readonly makesSchemas?: true;
}

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * Makes the roles and gives each exactly its rights, for tables of later versions too; what a role had of other stores is taken away. Run by the
 * owner, after the migration. Passwords are the operator's: a role without one can't sign in by password.
 */
export async function grantRoles(url: string, grants: readonly RoleGrants[], stores: readonly string[]): Promise<void> {
  for (const name of [...stores, ...grants.map(({ role }) => role)]) {
    if (!NAME.test(name)) throw new TypeError('a role or store is named in small letters');
  }
  const client = new pg.Client(connectionConfig({ url, schema: 'public' }));
  client.on('error', () => undefined);
  await told(() => client.connect());
  const run = async (text: string): Promise<void> => {
    await told(() => client.query(text));
  };
  try {
    const { rows } = await told(() => client.query<{ name: string }>('select quote_ident(current_database()) as name'));
    const database = rows[0]?.name ?? '';
    await run('begin');
    await run("select pg_advisory_xact_lock(hashtextextended('tellonce:migrate', 0))");
    await run('revoke create on schema public from public');
    for (const { role, writes, reads = [], makesSchemas } of grants) {
      await run(`do $$ begin if not exists (select from pg_roles where rolname = '${role}') then
        create role ${role} login nosuperuser nocreatedb nocreaterole; end if; end $$`);
      await run(`grant connect on database ${database} to ${role}`);
      await run(
        `${makesSchemas === true ? 'grant' : 'revoke'} create on database ${database} ${makesSchemas === true ? 'to' : 'from'} ${role}`,
      );
      for (const store of stores) {
        await run(`revoke all on schema ${store} from ${role}`);
        await run(`revoke all on all tables in schema ${store} from ${role}`);
        await run(`alter default privileges in schema ${store} revoke all on tables from ${role}`);
        const rights = writes.includes(store)
          ? 'select, insert, update, delete'
          : reads.includes(store)
            ? 'select'
            : undefined;
        if (rights === undefined) continue;
        await run(`grant usage on schema ${store} to ${role}`);
        await run(`grant ${rights} on all tables in schema ${store} to ${role}`);
        await run(`alter default privileges in schema ${store} grant ${rights} on tables to ${role}`);
        // Which version the tables have is the migration's to say.
        await run(`revoke insert, update, delete on ${store}.store_version from ${role}`);
      }
    }
    await run('commit');
  } finally {
    await client.end();
  }
}
