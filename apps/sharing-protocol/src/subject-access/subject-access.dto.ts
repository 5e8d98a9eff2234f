import { IsIn, IsOptional, IsString, IsUUID, Matches, MaxLength, ValidateIf } from 'class-validator';
import {
  IDENTITY_CHECKS,
  SOURCE_ANSWERS,
  SUBJECT_ACCESS_REFUSALS,
  WITHHOLDING_REASONS,
  type IdentityCheck,
  type SourceAnswer,
  type SubjectAccessRefusal,
  type WithholdingReason,
} from '#sharing';
import { PAUSE_REASONS, type PauseReason } from '#statutory';

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Who asks for what is held of a child. */
export class AccessRequestDto {
  @IsUUID()
  childId!: string;

  /** For an officer who enters it: who asked. A family member asks for themselves. */
  @IsOptional()
  @IsIn(['parent', 'young-person', 'representative'])
  from?: 'parent' | 'young-person' | 'representative';

  /** For an officer: the pseudonymous sign-in of whoever asked, who may then fetch the release. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9-]{1,64}$/)
  person?: string;

  /** For an officer: the day it came, where it is not today. */
  @IsOptional()
  @Matches(DAY)
  receivedOn?: string;

  /** What they ask for, in their words; sealed. */
  @IsOptional()
  @IsString()
  @MaxLength(4000)
  words?: string;
}

/** How somebody made sure who asks. */
export class AccessIdentityDto {
  @IsIn(IDENTITY_CHECKS)
  how!: IdentityCheck;
}

/** The clock stands: we asked them something. */
export class AccessPauseDto {
  @IsIn(PAUSE_REASONS)
  reason!: PauseReason;

  /** The day we asked; today where it is left out. */
  @IsOptional()
  @Matches(DAY)
  from?: string;
}

/** They answered. */
export class AccessResumptionDto {
  /** The day they answered; today where it is left out. */
  @IsOptional()
  @Matches(DAY)
  until?: string;
}

/** Two months more. */
export class AccessExtensionDto {
  @IsIn(['complex', 'many-requests'])
  reason!: 'complex' | 'many-requests';
}

/** What one organisation's own system holds: one of three answers. */
export class AccessAnswerDto {
  @IsIn(SOURCE_ANSWERS)
  answer!: SourceAnswer;

  /** With `content` only: what is held, as it may be handed over; sealed. */
  @ValidateIf(({ answer }: AccessAnswerDto) => answer === 'content')
  @IsString()
  @MaxLength(200_000)
  content?: string;
}

/** One item looked at. Words are never rewritten: an item goes out whole, or it is kept back. */
export class AccessRedactionDto {
  /** A fact's id, or `answer-<organisation>`. */
  @Matches(/^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|answer-[a-z][a-z0-9]*(-[a-z0-9]+)*)$/)
  @MaxLength(80)
  item!: string;

  @IsIn(['release', 'withhold'])
  outcome!: 'release' | 'withhold';

  @ValidateIf(({ outcome }: AccessRedactionDto) => outcome === 'withhold')
  @IsIn(Object.keys(WITHHOLDING_REASONS))
  reason?: WithholdingReason;
}

/** It is not answered. */
export class AccessRefusalDto {
  @IsIn(SUBJECT_ACCESS_REFUSALS)
  reason!: SubjectAccessRefusal;

  @IsOptional()
  @IsString()
  @MaxLength(4000)
  words?: string;
}

/** Said on purpose: what follows can't be taken back. */
export class AccessConfirmationDto {
  @IsIn(['yes'])
  confirm!: 'yes';
}

/** In which form the release is handed over. */
export class AccessPackDto {
  @IsOptional()
  @IsIn(['html', 'json'])
  format?: 'html' | 'json';
}
