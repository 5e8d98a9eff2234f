import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { BREAK_GLASS_REASONS } from '#contracts';
import { BREAK_GLASS_LIMITS, REVIEW_OUTCOMES, type ReviewOutcome } from '#sharing';
import { wholeNumber } from '#nest-platform';

const { minutesAtMost, wordsAtLeast, wordsAtMost } = BREAK_GLASS_LIMITS;

/** Which child, and why it can't wait. The child by our id, or by a number with surname and birth date as organisations know it. */
export class BreakGlassDto {
  @IsOptional()
  @IsUUID()
  childId?: string;

  @IsOptional()
  @IsString()
  @MaxLength(20)
  nhsNumber?: string;

  @IsOptional()
  @IsString()
  @MaxLength(20)
  upn?: string;

  @IsOptional()
  @IsString()
  @MaxLength(100)
  surname?: string;

  @IsOptional()
  @IsString()
  @MaxLength(100)
  givenName?: string;

  @IsOptional()
  @Matches(/^\d{4}-\d{2}-\d{2}$/)
  birthDate?: string;

  @IsIn(BREAK_GLASS_REASONS)
  reason!: (typeof BREAK_GLASS_REASONS)[number];

  /** What happened, in the user's words; sealed. */
  @IsString()
  @MinLength(wordsAtLeast.value)
  @MaxLength(wordsAtMost.value)
  words!: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(minutesAtMost.value)
  minutes?: number;
}

/** What the user says afterwards. */
export class ExplanationDto {
  @IsString()
  @MinLength(wordsAtLeast.value)
  @MaxLength(wordsAtMost.value)
  words!: string;
}

/** What a reviewer found. */
export class BreakGlassReviewDto {
  @IsIn(REVIEW_OUTCOMES)
  outcome!: ReviewOutcome;
}

/** Which page of reviews. */
export class BreakGlassReviewsQueryDto {
  /** `open`: to be reviewed, which is what is asked for unless said; `closed`: reviewed. */
  @IsOptional()
  @IsIn(['open', 'closed'])
  state?: 'open' | 'closed';

  @IsOptional()
  @IsString()
  @MaxLength(300)
  cursor?: string;

  @IsOptional()
  @Transform(wholeNumber)
  @IsInt()
  @Min(1)
  @Max(50)
  limit?: number;
}
