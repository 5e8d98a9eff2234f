import type { JsonObject } from '#kernel';
import type { MessageBundle } from './bundle.ts';
import { dayAt } from './header.ts';
import { required } from './refusal.ts';
import { all, at, codingOf, valueAt } from './tree.ts';
import type { XmlElement } from './xml.ts';

const SNOMED = 'http://snomed.info/sct';
/** SNOMED CT service codes as the hub's closed list names them; another one waits in quarantine until it is added here. */
const SERVICES: ReadonlyMap<string, string> = new Map([['1078501000000104', 'health-visiting']]);

/** Who of which service is in contact with the child, and since when. Throws `Refusal`. */
export function professionalContactFact(bundle: MessageBundle, episode: XmlElement): JsonObject {
  const start = at(episode, 'period', 'start');
  const code = codingOf(at(episode, 'type'), SNOMED)?.code;
  const team = bundle.resolve(valueAt(episode, 'team', 'reference'));
  const summary = [valueAt(team, 'name'), ...members(bundle, team)].filter((part) => part !== undefined).join(', ');
  return {
    contactOn: required(dayAt(start), 'CONTACT_DATE_INVALID', `${episode.pointer}/period/start`),
    service: required(SERVICES.get(code ?? ''), 'SERVICE_UNKNOWN', `${episode.pointer}/type`),
    ...(summary === '' ? {} : { summary }),
  };
}

function members(bundle: MessageBundle, team: XmlElement | undefined): string[] {
  return all(team, 'participant').flatMap((participant) => {
    const person = bundle.resolve(valueAt(participant, 'member', 'reference'));
    const name = at(person, 'name');
    const words = [valueAt(name, 'prefix'), valueAt(name, 'given'), valueAt(name, 'family')].filter(
      (word) => word !== undefined,
    );
    return words.length === 0 ? [] : [words.join(' ')];
  });
}
