import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { HOLD_REASONS, type HoldReason } from '#sharing';

/** What must not be destroyed, and why. */
export class LegalHoldDto {
  /** Only this organisation's record; all of the child's where it is left out. */
  @IsOptional()
  @Matches(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
  @MaxLength(64)
  organisation?: string;

  @IsIn(HOLD_REASONS)
  reason!: HoldReason;

  @Matches(/^\d{4}-\d{2}-\d{2}$/)
  reviewOn!: string;

  /** Sealed. */
  @IsOptional()
  @IsString()
  @MaxLength(4000)
  words?: string;
}

/** It must stay, and is to be asked about again; or it is lifted. */
export class LegalHoldChangeDto {
  @IsIn(['review', 'lift'])
  change!: 'review' | 'lift';

  @IsOptional()
  @Matches(/^\d{4}-\d{2}-\d{2}$/)
  reviewOn?: string;
}
