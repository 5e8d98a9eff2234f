import type { FactBody, FactEvent } from '#contracts';

/** The published body an event has; undefined for a withdrawal and for what was set aside. */
export function bodyOf(event: FactEvent): FactBody | undefined {
  switch (event.type) {
    case 'fact.published.v1':
    case 'fact.corrected.v1':
      return event.data;
    case 'fact.regated.v1':
      return event.data.outcome === 'published' ? event.data.body : undefined;
    default:
      return undefined;
  }
}
