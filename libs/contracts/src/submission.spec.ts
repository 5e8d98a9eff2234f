import { describe, expect, it } from '@jest/globals';
import { parseStrictJson, type JsonObject } from '#kernel';
import { parseSubmission } from './submission.ts';

const event: JsonObject = {
  specversion: '1.0',
  id: 'enrol-oak-2201',
  source: '/organisations/oakfield-primary',
  type: 'education.enrolment-started.v1',
  time: '2026-09-03T09:30:00+01:00',
  datacontenttype: 'application/json',
  category: 'education.enrolment',
  data: { subject: { localId: 'oak-2201' }, fact: { setting: '100101', startDate: '2026-09-03' } },
};
const judge = (json: JsonObject) => {
  const parsed = parseSubmission(json);
  return parsed.ok ? 'taken' : parsed.error.map(({ code, pointer }) => `${code} ${pointer ?? ''}`);
};
const without = (name: string) => Object.fromEntries(Object.entries(event).filter(([member]) => member !== name));

describe('an envelope', () => {
  it('is taken with and without what may be left out', () => {
    expect(judge(event)).toBe('taken');
    expect(judge({ ...event, basis: '{}', correlationid: 'c-1', causationid: 'c.0' })).toBe('taken');
  });

  it.each(Object.keys(event))('is refused without %s', (name) =>
    expect(judge(without(name))).toEqual([`ENVELOPE_SCHEMA /${name}`]),
  );

  it.each<[JsonObject, string]>([
    [{ specversion: '0.3' }, '/specversion'],
    [{ id: '' }, '/id'],
    [{ id: 'two words' }, '/id'],
    [{ id: 'x'.repeat(201) }, '/id'],
    [{ source: 'oakfield-primary' }, '/source'],
    [{ source: '/organisations/../hub' }, '/source'],
    [{ type: 'Education.enrolment-started.v1' }, '/type'],
    [{ type: 'education.enrolment-started.v0' }, '/type'],
    [{ datacontenttype: 'text/plain' }, '/datacontenttype'],
    [{ correlationid: 'a b' }, '/correlationid'],
    [{ basis: { lawful: 'consent' } }, '/basis'],
    [{ data: { fact: {} } }, '/data/subject'],
    [{ data: { subject: { localId: 'x' } } }, '/data/fact'],
    [{ data: { subject: { localId: 'x' }, fact: [] } }, '/data/fact'],
    [{ data: { subject: { localId: 'x', birthDate: '14/03/2018' }, fact: {} } }, '/data/subject/birthDate'],
  ])('is refused with %j', (changes, pointer) =>
    expect(judge({ ...event, ...changes })).toEqual([`ENVELOPE_SCHEMA ${pointer}`]),
  );

  it('takes no extension nobody agreed on, and does not say its name', () => {
    expect(judge({ ...event, 'maya-okafor': '1' })).toEqual(['ENVELOPE_SCHEMA ']);
    expect(judge({ ...event, data: { subject: { localId: 'x', colour: 'blue' }, fact: {} } })).toEqual([
      'ENVELOPE_SCHEMA /data/subject',
    ]);
  });

  it('has no prototype to set', () => {
    expect(parseStrictJson('{"specversion":"1.0","__proto__":{"id":"x"}}')).toEqual({
      ok: false,
      error: { code: 'JSON_FORBIDDEN_MEMBER' },
    });
    const own = JSON.parse(`{"__proto__":{"polluted":true},${JSON.stringify(event).slice(1)}`) as JsonObject;
    expect(judge(own)).not.toBe('taken');
  });

  it.each([null, [], 'text', 1, true])('is no %j', (json) => expect(parseSubmission(json).ok).toBe(false));

  it.each(['yesterday', '2026-09-03', '2026-02-30T09:00:00Z', '2026-09-03T09:00:00'])('was not stated at %s', (time) =>
    expect(judge({ ...event, time })).toEqual(['TIME_INVALID /time']),
  );

  it('holds no number of a person where it would stand in the clear', () => {
    expect(
      judge({ ...event, id: 'enrol-9434765870', correlationid: '9434765870', causationid: 'X876200118001' }),
    ).toEqual(['ID_LOOKS_PERSONAL /id', 'ID_LOOKS_PERSONAL /correlationid', 'ID_LOOKS_PERSONAL /causationid']);
  });

  it.each([
    ['any.fact-corrected.v1', 'corrects'],
    ['any.fact-withdrawn.v1', 'withdraws'],
  ])('%s names no fact by a number of a person', (type, member) => {
    const about = (id: string) =>
      judge({ ...event, type, data: { subject: { localId: 'x' }, fact: { [member]: id } } });
    expect(about('enrol-943-476-5870')).toEqual([`ID_LOOKS_PERSONAL /data/fact/${member}`]);
    expect(about('enrol-oak-2201')).toBe('taken');
  });
});
