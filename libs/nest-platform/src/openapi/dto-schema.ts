import type { Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { getMetadataStorage } from 'class-validator';
import type { DeclaredRoute } from '../guard/routes.ts';

const BODY: number = RouteParamtypes.BODY;
const QUERY: number = RouteParamtypes.QUERY;

/** A JSON Schema as far as DTOs need one. */
export type DtoSchema = Readonly<Record<string, unknown>>;

/** A DTO's members by the very rules that its input is checked with, so that the description cannot say anything else. */
export interface DescribedDto {
  readonly properties: Readonly<Record<string, DtoSchema>>;
  readonly required: readonly string[];
}

interface Rule {
  readonly type: string;
  readonly name?: string | undefined;
  readonly propertyName: string;
  readonly constraints?: readonly unknown[] | undefined;
  readonly each: boolean;
}

/** What each rule of class-validator means in JSON Schema 2020-12; a rule that is not here only makes the description say less. */
const MEANING: Readonly<Record<string, (argument: unknown) => DtoSchema>> = {
  isString: () => ({ type: 'string' }),
  isInt: () => ({ type: 'integer' }),
  isBoolean: () => ({ type: 'boolean' }),
  isObject: () => ({ type: 'object' }),
  isArray: () => ({ type: 'array' }),
  isUuid: () => ({ type: 'string', format: 'uuid' }),
  isIn: (values) => ({ enum: values }),
  matches: (pattern) => ({ type: 'string', pattern: pattern instanceof RegExp ? pattern.source : String(pattern) }),
  maxLength: (length) => ({ type: 'string', maxLength: length }),
  minLength: (length) => ({ type: 'string', minLength: length }),
  min: (number) => ({ minimum: number }),
  max: (number) => ({ maximum: number }),
  arrayMaxSize: (size) => ({ type: 'array', maxItems: size }),
  arrayMinSize: (size) => ({ type: 'array', minItems: size }),
};

/** Describes a DTO class. */
export function describeDto(dto: Type): DescribedDto {
  const rules: readonly Rule[] = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  const properties: Record<string, DtoSchema> = {};
  const optional = new Set<string>();
  for (const { type, name, propertyName, constraints, each } of rules) {
    const known = (properties[propertyName] ??= {});
    if (type === 'conditionalValidation' || name === 'isOptional') optional.add(propertyName);
    const meaning = MEANING[name ?? '']?.(constraints?.[0]) ?? {};
    properties[propertyName] = each
      ? { ...known, type: 'array', items: { ...(known['items'] as DtoSchema | undefined), ...meaning } }
      : { ...known, ...meaning };
  }
  return { properties, required: Object.keys(properties).filter((name) => !optional.has(name)) };
}

/** The DTO classes that a handler takes as its body and its query. */
export function dtosOf({ controller, name }: DeclaredRoute): { readonly body?: Type; readonly query?: Type } {
  const types = Reflect.getMetadata('design:paramtypes', controller.prototype as object, name) as readonly unknown[];
  const found: { body?: Type; query?: Type } = {};
  const taken = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
    string,
    { data?: unknown }
  >;
  for (const [key, { data }] of Object.entries(taken)) {
    const [kind, index] = key.split(':').map(Number);
    const type = types[index ?? -1];
    if (data !== undefined || typeof type !== 'function' || type === Object) continue;
    if (kind === BODY) found.body = type as Type;
    if (kind === QUERY) found.query = type as Type;
  }
  return found;
}
