import { factDefinition, type Sealed, type SealingContext, type SubjectIdentity } from '#contracts';
import type { Json, JsonObject } from '#kernel';
import { grantErase, type SealingVault, type Vault } from '#vault';
import { signedEvent } from '../disclose/open-fact.ts';
import { erasureRequestStream } from './erasure-request.ts';

/** Of identifiers: as long as a search of gigabytes demands. */
const LEAST_IDENTIFIER = 8;
/** Of words: a phrase of three words, not the name of a team or a term that others use, which may stand in the clear elsewhere. */
const LEAST_WORDS = 16;
const PHRASE = /\S+\s+\S+\s+\S/;
/** Each is searched in a dozen writings, through every file. */
const MOST_IDENTIFIERS = 24;
const MOST_WORDS = 8;

/** One sealed statement about the child. */
export interface SealedStatement {
  readonly sealed: Sealed;
  readonly context: SealingContext;
}

/** What stands nowhere else than in this child's facts, gathered before its keys die so that it can be searched for afterwards. Never logged. */
export class Canaries {
  readonly #identifiers = new Set<string>();
  readonly #words = new Set<string>();
  readonly #vault: Pick<Vault, 'open'>;
  readonly #register: ReadonlySet<string>;

  /** `register`: names that the registry has in the clear, which a fact may repeat. */
  constructor(vault: Pick<Vault, 'open'>, register: ReadonlySet<string>) {
    this.#vault = vault;
    this.#register = register;
  }

  /** Opens one statement under the grant to erase; what does not open has nothing to give. */
  async gather({ sealed, context }: SealedStatement): Promise<void> {
    const opened = await this.#vault.open(grantErase(), sealed, context);
    const event = opened.ok ? signedEvent(Buffer.from(opened.value).toString('latin1')) : undefined;
    if (event === undefined) return;
    for (const identifier of identifiersOf(event.data.subject)) {
      if (identifier.length >= LEAST_IDENTIFIER) this.#identifiers.add(identifier);
    }
    for (const words of contentOf(event.type, event.data.fact)) {
      const own = words.length >= LEAST_WORDS && PHRASE.test(words) && !this.#register.has(words);
      if (own) this.#words.add(words);
    }
  }

  /** At most 24 identifiers and the 8 longest texts. */
  words(): readonly string[] {
    const longest = [...this.#words].toSorted((a, b) => b.length - a.length).slice(0, MOST_WORDS);
    return [...[...this.#identifiers].slice(0, MOST_IDENTIFIERS), ...longest.map((words) => words.slice(0, 60))];
  }
}

/** Whose key keeps the canaries of a request between its start and its end, and a restart in between. */
export const canariesOwner = (request: string): string => `erasure-request-${request}`;

/** Seals what was gathered under the request's own key; null where there is nothing. */
export async function sealCanaries(
  vault: SealingVault,
  request: string,
  words: readonly string[],
): Promise<Sealed | null> {
  if (words.length === 0) return null;
  const key = await vault.keyFor(canariesOwner(request), 'canaries');
  return vault.seal(key, canariesContext(request), Buffer.from(JSON.stringify(words), 'utf8'));
}

/** What to search for; undefined once the request's key was destroyed. */
export async function openCanaries(
  vault: Pick<Vault, 'open'>,
  request: string,
  sealed: Sealed,
): Promise<readonly string[] | undefined> {
  const opened = await vault.open(grantErase(), sealed, canariesContext(request));
  return opened.ok ? (JSON.parse(Buffer.from(opened.value).toString('utf8')) as readonly string[]) : undefined;
}

function canariesContext(request: string): SealingContext {
  const type = 'erasure-request.started.v1';
  return { stream: erasureRequestStream(request), revision: 0, type, schema: type, owner: canariesOwner(request) };
}

function identifiersOf({ localId, nhsNumber, upn, surname, givenName, postcode }: SubjectIdentity): readonly string[] {
  return [localId, nhsNumber, upn, surname, givenName, postcode].filter((each) => each !== undefined);
}

/** The texts of fields that are sealed; index fields stand in the clear and stay. */
function contentOf(type: string, fact: JsonObject): readonly string[] {
  const properties = factDefinition(type)?.data.properties;
  return Object.entries(fact).flatMap(([name, value]) => {
    const fieldClass = (properties?.[name] as { readonly fieldClass?: string } | undefined)?.fieldClass;
    // A correction's own words lie a level deeper, under the type it corrects.
    if (name === 'fact' && type === 'any.fact-corrected.v1' && typeof fact['type'] === 'string') {
      return contentOf(fact['type'], value as JsonObject);
    }
    return fieldClass === 'content' ? textsIn(value) : [];
  });
}

function textsIn(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value as Record<string, Json>).flatMap(textsIn);
}
