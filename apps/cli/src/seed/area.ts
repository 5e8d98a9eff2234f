import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { JsonObject } from '#kernel';
import type { AgreementTerms, SharingBasis, SubjectIdentity } from '#contracts';

/** The demonstration area as `infra/seed/area.yaml` writes it. */
export interface Area {
  readonly organisations: readonly {
    readonly id: string;
    readonly name: string;
    readonly sector: string;
    readonly codes: Readonly<Record<string, string>>;
  }[];
  readonly bases: Readonly<Record<string, SharingBasis>>;
  readonly agreements: readonly {
    readonly id: string;
    readonly title: string;
    readonly sources: readonly string[];
    readonly recipients: readonly string[];
    readonly categories: readonly string[];
    readonly purposes: readonly string[];
    readonly roles: readonly string[];
    /** Name of one of the area's terms. */
    readonly terms: string;
  }[];
  readonly terms: Readonly<Record<string, AgreementTerms>>;
  readonly people: readonly DemonstrationPerson[];
}

/** Somebody who exists only with TELLONCE_DEMO=1. */
export interface DemonstrationPerson {
  readonly key: string;
  readonly sub: string;
  readonly organisation: string;
  readonly role: string;
  readonly team?: string;
}

/** One story of `infra/seed/stories`: a child as each organisation knows it, and what they tell, in order. */
export interface Story {
  readonly name: string;
  readonly tells: string;
  readonly subjects: Readonly<Record<string, SubjectIdentity>>;
  readonly steps: readonly StoryStep[];
}

/** A step: a signed fact of an organisation, or the family's consent. */
export type StoryStep =
  | {
      readonly fact: string;
      readonly id: string;
      readonly by: string;
      readonly category: string;
      /** Name of one of the area's bases. */
      readonly basis: string;
      readonly stated: string;
      readonly data: JsonObject;
    }
  | {
      readonly consent: string;
      readonly categories: readonly string[];
      readonly purposes: readonly string[];
      readonly authority: string;
    };

/** Reads the area and its stories. */
export function readSeed(folder: string): { readonly area: Area; readonly stories: readonly Story[] } {
  const area = parse(readFileSync(join(folder, 'area.yaml'), 'utf8')) as Area;
  const stories = readdirSync(join(folder, 'stories'))
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => parse(readFileSync(join(folder, 'stories', name), 'utf8'), { merge: true }) as Story);
  return { area, stories };
}
