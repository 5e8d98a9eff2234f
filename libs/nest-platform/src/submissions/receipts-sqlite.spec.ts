import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { toInstant } from '#kernel';
import type { OrganisationId } from '#kernel';
import type { SubmissionResult } from '#sharing';
import { openReceipts } from './receipts-sqlite.ts';

const organisation = 'oakfield-school' as OrganisationId;
const beginning = { id: 'r', organisation, format: 'f', bodyHash: 'h', key: 'k', at: toInstant(0) };
const rejected: SubmissionResult = {
  row: 1,
  outcome: 'rejected',
  factId: null,
  reasons: [{ code: 'X', column: 'C' }],
  repeated: false,
  token: null,
};

describe('receipts in a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'receipts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('outlive the process, and what was running is interrupted then and can begin again', () => {
    const before = openReceipts(join(folder, 'receipts.db'));
    before.begin(beginning);
    before.add('r', [rejected]);
    expect(before.begin({ ...beginning, id: 's' })).toMatchObject({
      kind: 'repeated',
      receipt: { id: 'r', state: 'running' },
    });
    before.close();

    const after = openReceipts(join(folder, 'receipts.db'));
    expect(after.find(organisation, 'r')).toMatchObject({ state: 'interrupted', counts: { rejected: 1 } });
    expect(after.items('r', 0, 10)).toEqual({
      items: [{ row: 1, outcome: 'rejected', factId: null, reasons: rejected.reasons, repeated: false }],
    });
    expect(after.begin({ ...beginning, id: 's' })).toMatchObject({
      kind: 'begun',
      receipt: { id: 'r', counts: { rejected: 0 } },
    });
    expect(after.items('r', 0, 10).items).toEqual([]);
    after.end('r', 'finished', toInstant(1));
    after.close();

    const last = openReceipts(join(folder, 'receipts.db'));
    expect(last.find(organisation, 'r')?.state).toBe('finished');
    last.close();
  });
});
