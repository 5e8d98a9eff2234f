import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { factDefinition, validateFact } from './registry.ts';

const judge = (type: string, fact: JsonObject) => validateFact({ type, data: { fact } });
const changed = (type: string, changes: JsonObject) => judge(type, { ...factDefinition(type)?.example, ...changes });

const STARTED = 'any.relationship-started.v1';
const CORRECTED = 'any.fact-corrected.v1';

describe('judging the data of a fact', () => {
  it('knows no type that nobody registered', () => {
    expect(judge('education.nothing-such.v1', {})).toEqual([{ code: 'TYPE_UNKNOWN', pointer: '/type' }]);
    expect(judge('constructor', {})).toEqual([{ code: 'TYPE_UNKNOWN', pointer: '/type' }]);
  });

  it('names what is missing, and never what an unknown member is called', () => {
    expect(judge('education.setting-moved.v1', { from: '100101', to: '100103', 'Maya Okafor': 1 })).toEqual([
      { code: 'FACT_SCHEMA', pointer: '/data/fact/movedOn' },
      { code: 'FACT_SCHEMA', pointer: '/data/fact' },
    ]);
  });

  it.each(['9434765870', '943-476-5870', 'asset-9434765870', 'X876200118001', 'm-x876200118001-1'])(
    'refuses %s where it would stand in the clear',
    (id) => {
      const refused = (name: string) => [{ code: 'INDEX_LOOKS_PERSONAL', pointer: `/data/fact/${name}` }];
      expect(changed('equipment.issued.v1', { asset: id })).toEqual(refused('asset'));
      expect(changed('education.enrolment-ended.v1', { setting: id })).toEqual(refused('setting'));
      expect(changed(STARTED, { person: id })).toEqual(refused('person'));
    },
  );

  it.each(['Maya', 'maya okafor', '9434765870', 'born-2018-03-14', 'setting:2018-03-14', 'a'.repeat(41), ''])(
    'refuses %j as the name of a relationship or a team',
    (word) => {
      expect(changed(STARTED, { name: word })).toEqual([{ code: 'FACT_SCHEMA', pointer: '/data/fact/name' }]);
      expect(changed(STARTED, { team: word })).toEqual([{ code: 'FACT_SCHEMA', pointer: '/data/fact/team' }]);
      expect(changed('any.relationship-ended.v1', { name: word })).toHaveLength(1);
    },
  );

  it('refuses a number of a person behind the words of a relationship', () => {
    const refused = [{ code: 'INDEX_LOOKS_PERSONAL', pointer: '/data/fact/name' }];
    expect(changed(STARTED, { name: 'parent-9434765870' })).toEqual(refused);
    expect(changed('any.relationship-ended.v1', { name: 'pupil:x876200118001' })).toEqual(refused);
  });

  it.each(['parent', 'social-worker', 'health-visiting', 'setting:100101', 'early-help', 'team-2'])(
    'takes %s',
    (name) => {
      expect(changed(STARTED, { name, team: name })).toEqual([]);
    },
  );

  it.each([CORRECTED, 'any.fact-withdrawn.v1'])('refuses a correction of %s', (type) => {
    const fact = factDefinition(type)?.example ?? {};
    expect(changed(CORRECTED, { type, fact })).toEqual([{ code: 'CORRECTION_NESTED', pointer: '/data/fact/type' }]);
  });
});
