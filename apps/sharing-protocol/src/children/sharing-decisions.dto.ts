import { IsIn, IsOptional, Matches } from 'class-validator';
import { SHARING_GROUNDS, type SharingGround } from '#contracts';
import { WordedScopeDto } from './scope.dto.ts';

const GROUNDS: readonly SharingGround[] = [...SHARING_GROUNDS['not-to-share'], ...SHARING_GROUNDS['without-consent']];
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A decision of the caller's organisation about its own facts of one child. */
export class SharingDecisionDto extends WordedScopeDto {
  @IsIn(['not-to-share', 'without-consent'])
  outcome!: 'not-to-share' | 'without-consent';

  /** The one organisation it is about; all where it is left out. */
  @IsOptional()
  @Matches(/^[a-z][a-z0-9-]{0,63}$/)
  recipient?: string;

  @IsIn(GROUNDS)
  ground!: SharingGround;

  /** First day; today where it is left out. */
  @IsOptional()
  @Matches(DAY)
  from?: string;

  /** Last day, included; until it is ended where it is left out. */
  @IsOptional()
  @Matches(DAY)
  until?: string;
}
