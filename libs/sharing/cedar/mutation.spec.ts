import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import { matrixCases } from '../matrix/matrix.ts';
import { asked } from './asked.spec-help.ts';
import { cedarEngine, publishedPolicies, type CedarRequest } from './index.ts';
import { requestsOf } from './requests.ts';

/**
 * Every rule of the published text, broken in every small way, must change some answer below: what no request notices, no test of ours
 * would notice either.
 */
const published = publishedPolicies();

const OTHER_CHILD = { __entity: { type: 'Child', id: 'other' } };
const ELSEWHERE = { __entity: { type: 'Organisation', id: 'elsewhere' } };

/** Everything that each voice can have said together. */
const YES_NO = [false, true];
const SAID = YES_NO.flatMap((courtRefuses) =>
  YES_NO.flatMap((courtGives) =>
    YES_NO.flatMap((ownRefuses) =>
      YES_NO.flatMap((ownGives) =>
        YES_NO.flatMap((ownTookBack) =>
          [[], ['p']].flatMap((carersGiving) =>
            [[], ['p'], ['q']].map((carersRefusing) => ({
              ...{ courtRefuses, courtGives, ownRefuses, ownGives, ownTookBack },
              ...{ carersGiving, carersRefusing },
            })),
          ),
        ),
      ),
    ),
  ),
);

/** A request as the requests of one question are, but with one entity that belongs to another child or organisation. */
function variants(request: CedarRequest): readonly CedarRequest[] {
  const more: EntityJson[] = [
    { ...ofChild(request), uid: OTHER_CHILD.__entity },
    { uid: ELSEWHERE.__entity, attrs: { registered: true }, parents: [] },
  ];
  const changed = (at: EntityJson, attrs: EntityJson['attrs']): CedarRequest => ({
    ...request,
    entities: [...more, ...request.entities.map((each) => (each === at ? { ...each, attrs } : each))],
  });
  return request.entities.flatMap((each) => {
    const type = typeOf(each);
    const { attrs } = each;
    if (type === 'Slice' || type === 'Child') return [];
    return Object.keys(attrs).flatMap((name) => {
      if (name === 'child') return [changed(each, { ...attrs, child: OTHER_CHILD })];
      if (type !== 'Reader' && ['organisation', 'source', 'recipient'].includes(name))
        return [changed(each, { ...attrs, [name]: ELSEWHERE })];
      return [];
    });
  });
}

/** The same request with everything else that can have been said. */
function otherwiseSaid(request: CedarRequest): readonly CedarRequest[] {
  return SAID.map((said) => ({
    ...request,
    entities: request.entities.map((each) =>
      typeOf(each) === 'Slice' ? { ...each, attrs: { ...each.attrs, said } } : each,
    ),
  }));
}

const ofChild = ({ entities }: CedarRequest): EntityJson => entityOf(entities, 'Child');

function entityOf(entities: readonly EntityJson[], type: string): EntityJson {
  const found = entities.find((each) => typeOf(each) === type);
  if (found === undefined) throw new Error(`no ${type}`);
  return found;
}

const typeOf = ({ uid }: EntityJson) => ('__entity' in uid ? uid.__entity : uid).type;

function corpus(): readonly CedarRequest[] {
  const requests: CedarRequest[] = [];
  const sampled = fc.sample(asked, { numRuns: 300, seed: 7 });
  for (const { question, slice } of [...matrixCases(), ...sampled]) {
    try {
      requests.push(...requestsOf(question, slice));
    } catch {
      // What can't be put to Cedar has nothing to say about its rules.
    }
  }
  const resting = requests.filter(({ entities }) => entityOf(entities, 'Slice').attrs['reliesOnConsent'] === true);
  const others = [...requests.slice(0, 500).flatMap(variants), ...resting.slice(0, 4).flatMap(otherwiseSaid)];
  const all = [...requests, ...others];
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
}

interface Mutant {
  readonly name: string;
  readonly policies: Readonly<Record<string, string>>;
}

/** Each place of each rule where the pattern is found, with something else in its stead. */
function replaced(pattern: RegExp, by: (found: string) => string): readonly Mutant[] {
  return Object.entries(published.policies).flatMap(([id, policy]) =>
    [...policy.matchAll(pattern)].map((match) => ({
      name: `${id}: ${match[0]} at ${String(match.index)}`,
      policies: {
        ...published.policies,
        [id]: policy.slice(0, match.index) + by(match[0]) + policy.slice(match.index + match[0].length),
      },
    })),
  );
}

const MUTANTS: Readonly<Record<string, readonly Mutant[]>> = {
  'a rule taken out': Object.keys(published.policies).map((id) => ({
    name: id,
    policies: Object.fromEntries(Object.entries(published.policies).filter(([each]) => each !== id)),
  })),
  '&& for ||': replaced(/\|\|/g, () => '&&'),
  '|| for &&': replaced(/&&/g, () => '||'),
  'a set emptied': replaced(/\[[^\]]+\]/g, () => '[]'),
  'equal and unequal': replaced(/==|!=/g, (found) => (found === '==' ? '!=' : '==')),
  'a bound moved': replaced(/<=|<(?!=)/g, (found) => (found === '<=' ? '<' : '<=')),
  'a negation taken away': replaced(/!(?=context|resource)/g, () => ''),
  'true for false': replaced(/else true/g, () => 'else false'),
};

describe('any rule of the published text broken', () => {
  const requests = corpus();
  const whole = cedarEngine(published);
  const answers = requests.map((each) => JSON.stringify(whole(each)));

  it('is looked for with enough: thousands of requests, some permitted, most not, none with an alarm', () => {
    expect(requests.length).toBeGreaterThan(2_000);
    expect(answers.filter((each) => each.includes('permit')).length).toBeGreaterThan(200);
    expect(answers.filter((each) => each.includes('"alarm":true'))).toEqual([]);
  });

  it.each(Object.keys(MUTANTS))(
    '%s: some answer changes',
    (kind) => {
      const mutants = MUTANTS[kind] ?? [];
      expect(mutants.length).toBeGreaterThan(0);
      const unnoticed = mutants.filter(({ name, policies }) => {
        let engine: ReturnType<typeof cedarEngine>;
        try {
          engine = cedarEngine({ ...published, policies, hash: `mutant ${kind} ${name}` });
        } catch {
          // It does not parse: it could not be published.
          return false;
        }
        return requests.every((each, n) => JSON.stringify(engine(each)) === answers[n]);
      });
      expect(unnoticed.map(({ name }) => name)).toEqual([]);
    },
    240_000,
  );
});
