import type { JsonObject } from '#kernel';
import { isHidden, type Category, type ClearCategory } from '../vocabulary/categories.ts';
import type { FactDefinition } from './definition.ts';

/** The type that a fact of a restricted or sealed category shows (design §3.4). */
export const RESTRICTED_TYPE = 'restricted.fact.v1';

/** The members of a fact's data that stand in the clear (field class `index`); none of a restricted or sealed category. */
export function indexOf(definition: FactDefinition, data: JsonObject): JsonObject {
  const index: Record<string, JsonObject[string]> = {};
  if (isHidden(definition.category)) return index;
  for (const [name, { fieldClass }] of Object.entries(definition.data.properties)) {
    const value = data[name];
    if (fieldClass === 'index' && Object.hasOwn(data, name) && value !== undefined) index[name] = value;
  }
  return index;
}

/** The type that stands in the clear for a fact. */
export function clearType(definition: FactDefinition): string {
  return isHidden(definition.category) ? RESTRICTED_TYPE : definition.type;
}

/** The category that stands in the clear for a fact. */
export function clearCategory(category: Category): ClearCategory {
  return isHidden(category) ? 'restricted' : category;
}
