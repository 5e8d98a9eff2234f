import { describe, expect, it } from '@jest/globals';
import type { Instant, OrganisationId, RecordId } from '#kernel';
import {
  factDecider,
  type Draft,
  type FactCommand,
  type FactDecision,
  type Unsealed,
  type UnsealedItem,
} from './fact.ts';

const organisation = 'oakfield-primary' as OrganisationId;
const recordId = '11111111-1111-4111-8111-111111111111' as RecordId;
const EARLY = '2026-09-01T09:00:00.000Z' as Instant;
const LATE = '2026-09-02T09:00:00.000Z' as Instant;
const REASONS = [{ code: 'BASIS_MISSING', pointer: '/basis' }];
const SAID = bodyOf('said', EARLY, 0);
const CORRECTED = bodyOf('corrected', LATE, 1);
const WITHDRAWN = {
  recordId,
  organisation,
  stated: { at: LATE, rank: 2, by: 'withdrawn' },
  reason: 'duplicate',
} as const;
const WITHHELD = { recordId, organisation, factType: 'x.v1', category: 'voice', reasons: REASONS } as const;
const ITEM: UnsealedItem = { organisation, factType: null, reasons: REASONS, expiresAt: LATE };

function bodyOf(by: string, at: Instant, rank: 0 | 1): Unsealed {
  return { recordId, organisation, factType: 'x.v1', stated: { at, rank, by } } as Unsealed;
}
function when(given: readonly Draft[], command: FactCommand): FactDecision {
  return factDecider.decide(command, given.reduce(factDecider.evolve, factDecider.initialState));
}
const state = (body: Unsealed, known: 'same' | 'other' = 'same'): FactCommand => ({ type: 'state', body, known });
const quarantine = (known: 'same' | 'other' = 'same', reasons = REASONS): FactCommand => ({
  type: 'quarantine',
  body: { ...ITEM, reasons },
  by: 'said',
  known,
});
const withhold: FactCommand = { type: 'withhold', body: WITHHELD, by: 'said', known: 'same' };
const withdraw: FactCommand = { type: 'withdraw', body: WITHDRAWN, known: 'same' };

const published: Draft = { type: 'fact.published.v1', data: SAID };
const corrected: Draft = { type: 'fact.corrected.v1', data: CORRECTED };
const withdrawn: Draft = { type: 'fact.withdrawn.v1', data: WITHDRAWN };
const quarantined: Draft = { type: 'fact.quarantined.v1', data: ITEM };
const withheld: Draft = { type: 'fact.withheld.v1', data: WITHHELD };
const regated = (data: Extract<Draft, { type: 'fact.regated.v1' }>['data']): Draft => ({
  type: 'fact.regated.v1',
  data,
});
const discarded = regated({ outcome: 'discarded', organisation, reasons: [] });

describe('a fact', () => {
  const events: readonly [string, readonly Draft[], FactCommand, Draft][] = [
    ['is published first', [], state(SAID), published],
    ['may begin with a correction', [], state(CORRECTED), corrected],
    ['may begin with a withdrawal', [], withdraw, withdrawn],
    ['may begin withheld', [], withhold, withheld],
    ['may begin in quarantine', [], quarantine(), quarantined],
    ['is corrected', [published], state(CORRECTED), corrected],
    ['takes an older statement after a withdrawal', [withdrawn], state(SAID), { ...corrected, data: SAID }],
    ['takes an older statement after a correction', [corrected], state(SAID), { ...corrected, data: SAID }],
    ['is withdrawn', [published], withdraw, withdrawn],
    ['passes the gate after being withheld', [withheld], state(SAID), regated({ outcome: 'published', body: SAID })],
    ['passes the gate after quarantine', [quarantined], state(SAID), regated({ outcome: 'published', body: SAID })],
    ['is corrected while itself in quarantine', [quarantined], state(CORRECTED), corrected],
    ['is withheld after quarantine', [quarantined], withhold, regated({ outcome: 'withheld', body: WITHHELD })],
    [
      'is quarantined again once discarded',
      [quarantined, discarded],
      quarantine(),
      regated({ outcome: 'quarantined', body: ITEM }),
    ],
    ['is discarded', [quarantined], { type: 'discard', reasons: [] }, discarded],
  ];
  it.each(events)('%s', (_, given, command, expected) => {
    expect(when(given, command)).toEqual({ kind: 'event', draft: expected });
  });

  const answers: readonly [string, readonly Draft[], FactCommand, FactDecision['kind']][] = [
    ['knows a statement again', [published], state(SAID), 'repeated'],
    ['knows a statement again after a correction', [published, corrected], state(SAID), 'repeated'],
    ['knows a withdrawal again', [published, withdrawn], withdraw, 'repeated'],
    ['says nothing twice of what still waits', [quarantined], quarantine(), 'repeated'],
    ['refuses another body under a known id', [published], state(SAID, 'other'), 'conflict'],
    ['refuses another body under a quarantined id', [quarantined], state(SAID, 'other'), 'conflict'],
    ['keeps what fails elsewhere once it has statements', [corrected], quarantine(), 'elsewhere'],
    ['is about one record', [published], state({ ...CORRECTED, recordId: 'other' as RecordId }), 'other-subject'],
    ['has nothing to discard twice', [quarantined, discarded], { type: 'discard', reasons: [] }, 'repeated'],
  ];
  it.each(answers)('%s', (_, given, command, expected) => {
    expect(when(given, command).kind).toBe(expected);
  });
});
