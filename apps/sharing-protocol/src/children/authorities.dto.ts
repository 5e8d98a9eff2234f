import { IsBoolean, IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import { AUTHORITY_EVIDENCE, type AuthorityEvidence, type AuthorityKind } from '#contracts';
import { ScopeDto } from './scope.dto.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const KINDS = Object.keys(AUTHORITY_EVIDENCE) as AuthorityKind[];
const EVIDENCE = KINDS.flatMap((kind): readonly AuthorityEvidence[] => AUTHORITY_EVIDENCE[kind]);

/** Somebody may decide for the child, and the organisation saw what shows it. */
export class AuthorityDto {
  /** The same again is the same record. */
  @IsOptional()
  @IsUUID()
  id?: string;

  @IsIn(KINDS)
  kind!: AuthorityKind;

  @IsIn(EVIDENCE)
  evidence!: AuthorityEvidence;

  /** The subject of the sign-in; left out for a care order, whose holder is the caller's own organisation. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/)
  person?: string;

  /** The recorded authority without a sign-in that this person holds. */
  @IsOptional()
  @IsUUID()
  ties?: string;

  @Matches(DAY)
  from!: string;

  @IsOptional()
  @Matches(DAY)
  until?: string;
}

/** An authority ended: from this day it does not hold; today where it is left out. */
export class AuthorityEndDto {
  @IsOptional()
  @Matches(DAY)
  endedOn?: string;
}

/** Whether the child may decide on these categories and purposes: five criteria, as the NHS asks them. */
export class AssessmentDto extends ScopeDto {
  @IsOptional()
  @IsUUID()
  id?: string;

  @IsIn(['gillick', 'mental-capacity'])
  test!: 'gillick' | 'mental-capacity';

  /** The child or young person: the subject of the sign-in. */
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/)
  person!: string;

  @IsBoolean()
  understands!: boolean;

  @IsBoolean()
  retains!: boolean;

  @IsBoolean()
  weighs!: boolean;

  @IsBoolean()
  communicates!: boolean;

  @IsBoolean()
  voluntary!: boolean;

  @Matches(DAY)
  on!: string;

  @Matches(DAY)
  until!: string;
}

/** What a court, or a local authority under a care order, says of sharing. */
export class DirectionDto extends ScopeDto {
  @IsOptional()
  @IsUUID()
  id?: string;

  @IsIn(['give', 'refuse'])
  decision!: 'give' | 'refuse';

  @IsIn(['court-order', 'care-order'])
  authority!: 'court-order' | 'care-order';

  @IsOptional()
  @Matches(DAY)
  until?: string;
}
