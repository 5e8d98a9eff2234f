import { looksPersonal } from '#contracts';
import { invalidInput } from '#nest-platform';

/** Throws where a text that stands in the log as it is holds a number of a person. */
export function noPersonIn(texts: Readonly<Record<string, string>>): void {
  const personal = Object.keys(texts).filter((name) => looksPersonal(texts[name] ?? ''));
  if (personal.length > 0)
    throw invalidInput(personal.map((name) => ({ code: 'TEXT_LOOKS_PERSONAL', pointer: `/${name}` })));
}
