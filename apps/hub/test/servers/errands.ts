import { setTimeout as wait } from 'node:timers/promises';
import { demonstrationPerson, type Answer, type HubClient } from '#nest-platform/client';
import { STEP_UP_ACR } from '#nest-platform';
import { isAborted } from './killable.ts';
import { childNumber } from './telling.ts';

/** What people did meanwhile, as far as it was acknowledged. */
export interface Errands {
  readonly emergencies: number;
  readonly explained: number;
  readonly requests: number;
}

/** Between two errands, in milliseconds. */
const PAUSE = 1_000;

/**
 * People at work while everything else goes on: emergency accesses, what they were for, and requests for what is kept of a child, one after
 * another until it is stopped. What is not answered is not asked again: nobody may be told of it, or it is there all the same.
 */
export function errands(url: string, children: number): { stop(): Promise<Errands> } {
  const done = { emergencies: 0, explained: 0, requests: 0 };
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = (async () => {
    for (let child = 1; !isAborted(signal); child = 1 + (child % children)) {
      await oneErrand(url, child, done).catch(() => undefined);
      await wait(PAUSE, undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      return done;
    },
  };
}

async function oneErrand(url: string, child: number, done: { -readonly [Of in keyof Errands]: number }): Promise<void> {
  const worker = demonstrationPerson(url, 'social-worker', { acr: STEP_UP_ACR });
  const safeguarding = { 'hub-purpose': 'safeguarding' };
  const { nhsNumber, surname, birthDate } = childNumber(child, 'trust');
  const asked = {
    reason: 'risk-of-serious-harm',
    words: 'Found alone at night near the river, needs to be placed now.',
  };
  const json = { ...asked, nhsNumber, surname, birthDate };
  const access = await worker.ask('/v1/break-glass-grants', { json, headers: safeguarding });
  if (access.status !== 201) return;
  done.emergencies += 1;
  const { grant, childId } = access.json as { readonly grant: string; readonly childId: string };
  const headers = { ...safeguarding, 'hub-break-glass': grant };
  await worker.ask(`/v1/children/${childId}/timeline`, { headers });
  const words = 'The child was placed with a carer; the reason was confirmed by the police.';
  const told = await worker.ask(`/v1/break-glass-grants/${grant}/explanations`, {
    json: { words },
    headers: safeguarding,
  });
  if (isDone(told)) done.explained += 1;
  const officer: HubClient = demonstrationPerson(url, 'dpo');
  const request = await officer.ask('/v1/subject-access-requests', {
    json: { childId },
    headers: { 'hub-purpose': 'subject-access' },
  });
  if (isDone(request)) done.requests += 1;
}

const isDone = ({ status }: Answer): boolean => status >= 200 && status < 300;
