import type { RecordId } from '#kernel';
import type { SubmittedCloudEvent } from '#contracts';
import type { Submissions, SubmissionRow } from '#identity';
import { grantProcess, type Vault } from '#vault';
import { bodyOf } from './body-of.ts';
import type { ReadFact } from './fact-stream.ts';
import { translatedBody } from './read.ts';
import type { Statement } from './statement.ts';
import { openPayload } from './words.ts';

/**
 * Whether an item was handed in before: by its MAC in the deletable table of submissions, or, where a crash took the row before it was on disk,
 * by the sealed words themselves. That is the one place where publishing opens something, under `process:publish`.
 */
export class Recollection {
  readonly #vault: Vault;
  readonly #submissions: Submissions;

  constructor(vault: Vault, submissions: Submissions) {
    this.#vault = vault;
    this.#submissions = submissions;
  }

  /** The row of a submission. */
  find(by: string): Promise<SubmissionRow | undefined> {
    return this.#submissions.find(by);
  }

  /** Remembers an item. `category` names the record's key that the MAC dies with; without one it is a look-up hash until resolution. */
  async keep(row: Omit<SubmissionRow, 'bodyMac'>, body: Uint8Array, category: string | null): Promise<void> {
    const bodyMac = await this.#mac(row.recordId, category, body);
    await this.#submissions.keep({ ...row, bodyMac });
  }

  /** The same body as the remembered one, or another. A body whose key is gone is taken for the same: nobody can tell any more. */
  async compare(row: SubmissionRow, body: Uint8Array): Promise<'same' | 'other'> {
    const category = row.bodyMac.slice(0, row.bodyMac.indexOf(':'));
    return (await this.#mac(row.recordId, category === '' ? null : category, body)) === row.bodyMac ? 'same' : 'other';
  }

  /** Compares with what the stream has of the same submission. */
  async fromStream(read: ReadFact, by: string, statement: Statement): Promise<'same' | 'other'> {
    const held = read.state.statements.get(by);
    const event = held === undefined ? undefined : read.events[held.revision];
    const body = event === undefined ? undefined : bodyOf(event);
    if (event === undefined || body === undefined) return 'same';
    const payload = await openPayload(this.#vault, grantProcess('publish'), event, body);
    if (payload === undefined) return 'same';
    if (body.provenance.kind === 'organisation-signed') return payload.equals(statement.bodyBytes) ? 'same' : 'other';
    const stored = JSON.parse(payload.toString('utf8')) as SubmittedCloudEvent;
    return translatedBody(stored, statement.key.kind) === Buffer.from(statement.bodyBytes).toString('utf8')
      ? 'same'
      : 'other';
  }

  async #mac(record: RecordId | null, category: string | null, body: Uint8Array): Promise<string> {
    if (record === null || category === null) {
      return `:${this.#vault.lookupHash('body', Buffer.from(body).toString('latin1'))}`;
    }
    return `${category}:${this.#vault.mac(await this.#vault.keyFor(record, category), body)}`;
  }
}
