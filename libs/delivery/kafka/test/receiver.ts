import { DatabaseSync } from 'node:sqlite';
import { fakeClock } from '#testing';
import { followSignals, type FollowOptions, type Following } from '../follow.ts';
import type { ReceivedSignal } from '../message.ts';
import { sqliteOffsetStore, type SqliteOffsetStore } from '../sqlite-store.ts';
import type { FollowerTrouble } from '../take.ts';

type Options = FollowOptions<DatabaseSync>;

/** A receiving organisation: its store, what it made of the signals, and what went wrong. */
export interface Receiver {
  readonly store: SqliteOffsetStore;
  readonly db: DatabaseSync;
  readonly troubles: FollowerTrouble[];
  /** Troubles with a record; without those of a membership, which come and go with the broker's moods. */
  faults(): readonly FollowerTrouble[];
  /** Joins the group once more. */
  follow(more?: Partial<Options>): Following;
  /** Effects in the order in which they were stored. */
  effects(): readonly { readonly id: string; readonly key: string; readonly ask: string }[];
  /** Settles when so many effects are stored. */
  until(effects: number): Promise<void>;
  /** Settles when this is so. */
  when(so: () => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

/** A receiver in memory. An effect that is stored twice, or out of its transaction, fails for good. */
export function receiver(given: Pick<Options, 'brokers' | 'topic'> & Partial<Options>, path = ':memory:'): Receiver {
  const db = new DatabaseSync(path);
  db.exec('CREATE TABLE IF NOT EXISTS effect (id TEXT PRIMARY KEY, key TEXT NOT NULL, ask TEXT NOT NULL) STRICT');
  const store = sqliteOffsetStore(db, given.topic, fakeClock());
  const insert = db.prepare('INSERT INTO effect VALUES (?, ?, ?)');
  const all = db.prepare('SELECT id, key, ask FROM effect ORDER BY rowid');
  const count = db.prepare('SELECT count(*) AS n FROM effect');
  const troubles: FollowerTrouble[] = [];
  const members: Following[] = [];
  const when = async (so: () => boolean | Promise<boolean>) => {
    while (!(await so())) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return {
    ...{ store, db, troubles, when },
    faults: () => troubles.filter(({ partition }) => partition !== undefined),
    follow(more = {}) {
      const member = followSignals<DatabaseSync>({
        group: `of-${given.topic}`,
        idleWait: 100,
        store,
        onTrouble: (trouble) => troubles.push(trouble),
        handle: async (signal) => effect(signal),
        ...given,
        ...more,
      });
      members.push(member);
      return member;
    },
    effects: () => all.all() as unknown as ReturnType<Receiver['effects']>,
    until: (effects) => when(() => Number(count.get()?.['n']) >= effects),
    async close() {
      await Promise.all(members.map((member) => member.stop()));
      db.close();
    },
  };
  function effect({ id, key, ask }: ReceivedSignal): undefined {
    insert.run(id, key, ask);
  }
}
