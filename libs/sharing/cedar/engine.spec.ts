import { describe, expect, it } from '@jest/globals';
import { isAuthorized, statefulIsAuthorized, validate, type EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import { POLICY_RELEASE } from '../src/model.ts';
import { matrixCases } from '../matrix/matrix.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cedarEngine, cedarOracle, publishedPolicies } from './index.ts';
import { requestsOf } from './requests.ts';

const published = publishedPolicies();
const cases = matrixCases();
const find = (start: string) => {
  const found = cases.find(({ title }) => title.startsWith(start));
  if (found === undefined) throw new Error(`no case ${start}`);
  const [request] = requestsOf(found.question, found.slice);
  if (request === undefined) throw new Error('no request');
  return request;
};
const request = find('A SENCo sees what the health trust agreed to');
const action = { type: 'Action', id: 'read' };

describe('the published text', () => {
  it('bears the policy release that decisions and looks cite', () => {
    expect(readFileSync(join(import.meta.dirname, 'policies.cedar'), 'utf8')).toContain(
      `POLICY RELEASE ${POLICY_RELEASE}`,
    );
  });

  it('is valid against its schema, without an error or a warning', () => {
    const answer = validate({ schema: published.schema, policies: { staticPolicies: { ...published.policies } } });
    expect(answer).toMatchObject({ type: 'success', validationErrors: [], validationWarnings: [] });
  });

  it('has every rule decide some case of the matrix', () => {
    const oracle = cedarOracle();
    const decided = new Set(cases.flatMap(({ question, slice }) => oracle(question, slice).policies));
    expect([...decided].sort()).toEqual(Object.keys(published.policies).sort());
  });

  it('loses a permission or a refusal of the matrix with any rule taken out', () => {
    const count = (policies: typeof published.policies, hash: string) => {
      const oracle = cedarOracle(cedarEngine({ ...published, policies, hash }));
      return cases.map(({ question, slice }) => oracle(question, slice).policies.join()).join('|');
    };
    const whole = count(published.policies, published.hash);
    for (const id of Object.keys(published.policies)) {
      const fewer = Object.fromEntries(Object.entries(published.policies).filter(([each]) => each !== id));
      expect(count(fewer, `${published.hash}-without-${id}`)).not.toBe(whole);
    }
  });
});

describe('the traps of Cedar (trust §1.2), each closed by the engine', () => {
  const engine = cedarEngine(published);

  it('permits the request that the traps are made from', () => {
    expect(engine(request)).toEqual({ effect: 'permit', policies: ['agreement'], alarm: false });
  });

  it('skips a forbid that errs and so allows: with the child missing, Cedar itself says allow, the engine refuses with an alarm', () => {
    // A text whose permit doesn't touch the child, so that only the forbid errs.
    const policies = {
      open: 'permit (principal, action, resource);',
      'consent-refused': published.policies['consent-refused']?.replace('resource.reliesOnConsent &&', '') ?? '',
    };
    const entities = request.entities.filter(({ uid }) => !('type' in uid && uid.type === 'Child'));
    const raw = isAuthorized({
      principal: request.principal,
      action,
      resource: request.resource,
      context: request.context,
      schema: published.schema,
      validateRequest: true,
      policies: { staticPolicies: policies },
      entities,
    });
    expect(raw).toMatchObject({
      type: 'success',
      response: { decision: 'allow', diagnostics: { errors: [{ policyId: 'consent-refused' }] } },
    });
    const careful = cedarEngine({ policies, schema: published.schema, hash: 'trap-1' });
    expect(careful({ ...request, entities })).toEqual({ effect: 'deny', policies: [], alarm: true });
  });

  it('refuses with an alarm where a policy errs though every entity is there', () => {
    const policies = {
      open: 'permit (principal, action, resource);',
      overflow: 'forbid (principal, action, resource) when { context.day + 9223372036854775807 > 0 };',
    };
    const careful = cedarEngine({ policies, schema: published.schema, hash: 'trap-overflow' });
    expect(careful(request)).toEqual({ effect: 'deny', policies: [], alarm: true });
  });

  it('refuses with an alarm where an attribute is missing', () => {
    const entities = request.entities.map((each): EntityJson =>
      'type' in each.uid && each.uid.type === 'Child' ? { ...each, attrs: {} } : each,
    );
    expect(engine({ ...request, entities })).toEqual({ effect: 'deny', policies: [], alarm: true });
  });

  it('refuses with an alarm what makes Cedar throw or fail: an unknown policy set, too deep a context, an entity with two stories', () => {
    const call = { ...request, action, entities: [...request.entities], preparsedPolicySetId: 'never-parsed' };
    expect(statefulIsAuthorized(call).type).toBe('failure');
    let deep: Record<string, never> | { in: unknown } = {};
    for (let n = 0; n < 500; n++) deep = { in: deep };
    expect(engine({ ...request, context: { ...request.context, deep: deep as never } }).effect).toBe('deny');
    const twice = request.entities.map((each) => ({ ...each, attrs: { ...each.attrs, registered: false } }));
    expect(engine({ ...request, entities: [...request.entities, ...twice] })).toMatchObject({ alarm: true });
    expect(engine(request).effect).toBe('permit');
  });

  it('gives every policy its published id, not policy0', () => {
    expect(Object.keys(published.policies).sort()).toEqual([
      'agreement',
      'consent-refused',
      'no-consent',
      'no-relationship',
      'organisation-unknown',
      'own-organisation',
      'restricted',
      'role-lacks-purpose',
      'sealed',
    ]);
  });

  it('does not start on a text that does not parse or has a rule without an id', () => {
    expect(() => cedarEngine({ policies: { x: 'permit (' }, schema: published.schema, hash: 'broken' })).toThrow();
    expect(() => cedarEngine({ policies: published.policies, schema: 'entity', hash: 'broken' })).toThrow();
  });
});
