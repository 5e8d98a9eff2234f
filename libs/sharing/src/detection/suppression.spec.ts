import { describe, expect, it } from '@jest/globals';
import type { PlainDate } from '#kernel';
import { noteDecider, type DetectionChange, type NoteCommand, type NoteState } from './suppression.ts';

const today = '2026-11-24' as PlainDate;
const sealed = { key: 'k', iv: 'i', text: 't' };
const suppression = {
  suppression: 's',
  rule: 'after-hours',
  organisation: null,
  until: '2026-12-24' as PlainDate,
  by: 'officer',
  sealed,
};
const watch = { watch: 'w', until: '2027-05-24' as PlainDate, by: 'officer', sealed };
const suppressed: DetectionChange = { type: 'detection.suppressed.v1', data: suppression };
const watched: DetectionChange = { type: 'detection.child-watched.v1', data: watch };
const suppressionEnded: DetectionChange = {
  type: 'detection.suppression-ended.v1',
  data: { suppression: 's', by: 'officer' },
};
const watchEnded: DetectionChange = { type: 'detection.child-watch-ended.v1', data: { watch: 'w', by: 'officer' } };
const end: NoteCommand = { type: 'endSuppression', suppression: 's', by: 'officer' };
const endWatch: NoteCommand = { type: 'endWatch', watch: 'w', by: 'officer' };

const when = (command: NoteCommand, ...before: readonly DetectionChange[]) =>
  noteDecider.decide(command, before.reduce<NoteState>(noteDecider.evolve, noteDecider.initialState));
const then = (...value: readonly DetectionChange[]) => ({ ok: true, value });
const rejected = (code: string, pointer: string) => ({ ok: false, error: { code, pointer } });

describe('a suppression', () => {
  it('is said once, of a rule that there is, and ends at most once', () => {
    expect(when({ type: 'suppress', data: suppression, today })).toEqual(then(suppressed));
    expect(when({ type: 'suppress', data: suppression, today }, suppressed)).toEqual(then());
    expect(when({ type: 'suppress', data: suppression, today }, suppressed, suppressionEnded)).toEqual(then());
    expect(when({ type: 'suppress', data: { ...suppression, rule: 'gossip' }, today })).toEqual(
      rejected('RULE_UNKNOWN', '/rule'),
    );
    expect(when(end, suppressed)).toEqual(then(suppressionEnded));
    expect(when(end, suppressed, suppressionEnded)).toEqual(then());
    expect(when(end)).toEqual(then());
    expect(when(endWatch, suppressed)).toEqual(then());
  });

  it('holds from today for ninety days at most', () => {
    const until = (text: string) =>
      when({ type: 'suppress', data: { ...suppression, until: text as PlainDate }, today });
    expect(until('2026-11-24').ok).toBe(true);
    expect(until('2026-11-23')).toEqual(rejected('DATE_PAST', '/until'));
    expect(until('2027-02-22').ok).toBe(true);
    expect(until('2027-02-23')).toEqual(rejected('DATE_TOO_FAR', '/until'));
    expect(until('2026-02-30')).toEqual(rejected('DATE_INVALID', '/until'));
  });
});

describe('a watch', () => {
  it('is said once, for a year at most, and ends at most once', () => {
    expect(when({ type: 'watch', data: watch, today })).toEqual(then(watched));
    expect(when({ type: 'watch', data: watch, today }, watched)).toEqual(then());
    expect(when({ type: 'watch', data: { ...watch, until: '2027-11-25' as PlainDate }, today })).toEqual(
      rejected('DATE_TOO_FAR', '/until'),
    );
    expect(when(endWatch, watched)).toEqual(then(watchEnded));
    expect(when(endWatch, watched, watchEnded)).toEqual(then());
    expect(when(end, watched)).toEqual(then());
  });
});
