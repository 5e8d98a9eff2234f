import { describe, expect, it } from '@jest/globals';
import { isAuthorized, statefulIsAuthorized, validate, type EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import { POLICY_RELEASE } from '../src/model.ts';
import { matrixCases } from '../matrix/matrix.ts';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cedarEngine, publishedPolicies } from './index.ts';
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
});

describe('the four traps of Cedar (trust §1.2), each closed by the engine', () => {
  const engine = cedarEngine(published);

  it('permits the request that the traps are made from', () => {
    expect(engine(request)).toEqual({ effect: 'permit', policies: ['agreement'], alarm: false });
  });

  it('trap 1: skips a forbid that errs and so allows: with the child missing, Cedar itself says allow, the engine refuses with an alarm', () => {
    // A text whose permit doesn't touch the child, so that only the forbid errs.
    const policies = {
      open: 'permit (principal, action, resource);',
      'decided-not-to-share': published.policies['decided-not-to-share'] ?? '',
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
      response: { decision: 'allow', diagnostics: { errors: [{ policyId: 'decided-not-to-share' }] } },
    });
    const careful = cedarEngine({ policies, schema: published.schema, hash: 'trap-1' });
    expect(careful({ ...request, entities })).toEqual({ effect: 'deny', policies: [], alarm: true });
  });

  it('trap 1: refuses with an alarm where a policy errs though every entity is there', () => {
    const policies = {
      open: 'permit (principal, action, resource);',
      overflow: 'forbid (principal, action, resource) when { context.day + 9223372036854775807 > 0 };',
    };
    const careful = cedarEngine({ policies, schema: published.schema, hash: 'trap-overflow' });
    expect(careful(request)).toEqual({ effect: 'deny', policies: [], alarm: true });
  });

  it('trap 1: refuses with an alarm where an attribute is missing', () => {
    const entities = request.entities.map((each): EntityJson =>
      'type' in each.uid && each.uid.type === 'Child' ? { ...each, attrs: {} } : each,
    );
    expect(engine({ ...request, entities })).toEqual({ effect: 'deny', policies: [], alarm: true });
  });

  it('trap 2: input that throws inside Cedar refuses, and the instance still answers', () => {
    let deep: Record<string, never> | { in: unknown } = {};
    for (let n = 0; n < 500; n++) deep = { in: deep };
    expect(engine({ ...request, context: { ...request.context, deep: deep as never } }).effect).toBe('deny');
    const twice = request.entities.map((each) => ({ ...each, attrs: { ...each.attrs, registered: false } }));
    expect(engine({ ...request, entities: [...request.entities, ...twice] })).toMatchObject({ alarm: true });
    expect(engine(request).effect).toBe('permit');
  });

  it('trap 3: a policy set that was never parsed is a failure without a response, and no permission', () => {
    const unparsed = { ...request, action, entities: [...request.entities], preparsedPolicySetId: 'never-parsed' };
    const answer = statefulIsAuthorized(unparsed);
    expect([answer.type, 'response' in answer]).toEqual(['failure', false]);
  });

  it('trap 4: rules that differ have different hashes, and an engine keeps to the rules it was made from', () => {
    const folder = mkdtempSync(join(tmpdir(), 'policies-'));
    try {
      const text = readFileSync(join(import.meta.dirname, 'policies.cedar'), 'utf8');
      writeFileSync(join(folder, 'policies.cedar'), text.replace('"restricted"', '"standard"'));
      writeFileSync(join(folder, 'schema.cedarschema'), published.schema);
      const other = publishedPolicies(folder);
      expect(other.hash).not.toBe(published.hash);
      expect(publishedPolicies().hash).toBe(published.hash);
      // The cache of parsed policies is by thread and by name: named by hash, a later engine can't change an earlier one.
      const closed = cedarEngine({ ...other, policies: {}, hash: 'trap-4' });
      expect([closed(request).effect, engine(request).effect]).toEqual(['deny', 'permit']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('gives every policy its published id, not policy0', () => {
    expect(Object.keys(published.policies).sort()).toEqual([
      'agreement',
      'break-glass',
      'consent-conflicting',
      'consent-refused',
      'decided-not-to-share',
      'no-consent',
      'no-relationship',
      'organisation-unknown',
      'own-organisation',
      'purpose-without-facts',
      'restricted',
      'restricted-in-emergency',
      'role-lacks-purpose',
      'sealed',
    ]);
  });

  it('does not start on a text that does not parse or has a rule without an id', () => {
    expect(() => cedarEngine({ policies: { x: 'permit (' }, schema: published.schema, hash: 'broken' })).toThrow();
    expect(() => cedarEngine({ policies: published.policies, schema: 'entity', hash: 'broken' })).toThrow();
  });
});
