import { readDestination, type Destination, type DestinationProblem } from '#delivery';
import { fail, ok, type Outcome } from '#kernel';
import { parseWitnessKey } from '#transparency';

/** A witness as the operator names it: its key (C2SP vkey, type 4), and where its `add-checkpoint` is. */
export interface WitnessSetting extends Destination {
  readonly name: string;
  readonly vkey: string;
}

const WANTED: Readonly<Record<DestinationProblem, string>> = {
  'not-a-url': 'a URL after the key',
  scheme: 'an https URL (http only with the word "private" after it)',
  'more-than-a-place': 'a URL without user, query or fragment',
  'host-spelling': 'a host name or an address in its usual form',
  address: 'an address that may be reached: others only with the word "private" after it, link-local ones never',
};

/**
 * Reads TELLONCE_WITNESSES: one witness an entry, `vkey url [private]`, parted by commas or lines; `@path` reads the list from a file, in
 * which lines that begin with # are not read. The first thing that is wrong is answered.
 */
export function readWitnesses(
  text: string,
  readFile: (path: string) => string,
): Outcome<readonly WitnessSetting[], { readonly given: string; readonly wanted: string }> {
  let list = text.trim();
  if (list.startsWith('@')) {
    try {
      list = readFile(list.slice(1));
    } catch {
      return fail({ given: text, wanted: 'a file that can be read' });
    }
  }
  const witnesses: WitnessSetting[] = [];
  for (const entry of list.split(/[,\n]/).map((line) => line.trim())) {
    if (entry === '' || entry.startsWith('#')) continue;
    const [vkey = '', url = '', word, ...more] = entry.split(/\s+/);
    if ((word !== undefined && word !== 'private') || more.length > 0)
      return fail({ given: entry, wanted: 'vkey, URL, and at most the word "private"' });
    const name = nameOf(vkey);
    if (name === undefined) return fail({ given: entry, wanted: 'the key of a witness first (vkey of type 4)' });
    const destination = readDestination(url, word === 'private');
    if (!destination.ok) return fail({ given: entry, wanted: WANTED[destination.error] });
    witnesses.push({ name, vkey, ...destination.value });
  }
  return ok(witnesses);
}

function nameOf(vkey: string): string | undefined {
  try {
    return parseWitnessKey(vkey).name;
  } catch {
    return undefined;
  }
}
