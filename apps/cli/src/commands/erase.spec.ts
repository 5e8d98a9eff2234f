import { expect, it } from '@jest/globals';
import { erasureLine } from './erase.ts';

const done = { request: 'r1', records: 2, keysDestroyed: 5, failing: [], told: ['oakfield-primary'] } as const;

it('says what was erased, searched and told', () => {
  const scan = { files: 14, hits: 0 };
  expect(erasureLine({ ...done, status: 'carried-out', scan })).toBe(
    'erased: 2 records, 5 keys; searched 14 files, 0 hits; told oakfield-primary; r1',
  );
  expect(erasureLine({ ...done, told: [], status: 'carried-out', scan: null })).toBe(
    'erased: 2 records, 5 keys; nothing to search for; told nobody; r1',
  );
});

it('says what failed and that it goes on', () => {
  expect(erasureLine({ ...done, failing: ['timeline'], status: 'in-progress', scan: null })).toBe(
    'in progress: 2 records, 5 keys so far; timeline failed and will be tried again; r1',
  );
});
