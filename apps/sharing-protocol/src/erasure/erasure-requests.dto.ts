import { IsIn, IsOptional, IsString, IsUUID, Matches, MaxLength, ValidateIf } from 'class-validator';
import {
  ARTICLE_17_GROUNDS,
  ERASURE_EXEMPTIONS,
  IDENTITY_CHECKS,
  type Article17Ground,
  type ErasureExemption,
  type IdentityCheck,
} from '#sharing';
import { PageSizeDto } from '#nest-platform';

/** Who asks that what be erased, and how somebody made sure who they are. */
export class ErasureRequestDto {
  @IsUUID()
  childId!: string;

  /** Only this organisation's record; all of the child's where it is left out. */
  @IsOptional()
  @Matches(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
  @MaxLength(64)
  organisation?: string;

  @IsIn(['parent', 'young-person', 'representative', 'organisation', 'court'])
  from!: 'parent' | 'young-person' | 'representative' | 'organisation' | 'court';

  @IsIn(IDENTITY_CHECKS)
  identity!: IdentityCheck;

  /** What they wrote; sealed. */
  @IsOptional()
  @IsString()
  @MaxLength(4000)
  words?: string;
}

/** Granted with its ground, or refused with its exemption. */
export class ErasureDecisionDto {
  @IsIn(['grant', 'refuse'])
  outcome!: 'grant' | 'refuse';

  /** The letter of UK GDPR art. 17(1); for a grant. */
  @ValidateIf(({ outcome }: ErasureDecisionDto) => outcome === 'grant')
  @IsIn(Object.keys(ARTICLE_17_GROUNDS))
  ground?: Article17Ground;

  /** For a refusal. */
  @ValidateIf(({ outcome }: ErasureDecisionDto) => outcome === 'refuse')
  @IsIn(Object.keys(ERASURE_EXEMPTIONS))
  exemption?: ErasureExemption;

  /** Why, in words; sealed. */
  @IsOptional()
  @IsString()
  @MaxLength(4000)
  words?: string;
}

/** Which page of a list. */
export class RequestPageDto extends PageSizeDto {
  @IsOptional()
  @IsUUID()
  after?: string;
}

/** Which page of a list, of what is open or of all. */
export class RequestListDto extends RequestPageDto {
  @IsOptional()
  @IsIn(['open', 'all'])
  status?: 'open' | 'all';
}
