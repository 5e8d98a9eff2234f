import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsNumber,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { PURPOSES, REVIEW_CAUSES, REVIEW_OUTCOMES, SAMPLED } from '#contracts';
import { PageDto, PageSizeDto } from '#nest-platform';

/** Which cases of the queue. */
export class ReviewsQueryDto extends PageDto {
  @IsOptional()
  @IsIn(['open', 'asked', 'escalated', 'closed'])
  status?: 'open' | 'asked' | 'escalated' | 'closed';

  @IsOptional()
  @IsIn(REVIEW_CAUSES)
  cause?: (typeof REVIEW_CAUSES)[number];

  @IsOptional()
  @Matches(/^[A-Za-z0-9._:|-]{1,100}$/)
  assignee?: string;
}

/** What a case is opened from. */
export class OpenReviewDto {
  @IsIn(REVIEW_CAUSES)
  cause!: (typeof REVIEW_CAUSES)[number];

  /** Id of the finding, grant or claim; for a sample and by hand, the decision. */
  @IsUUID()
  reference!: string;

  /** For a grant or claim: a look that was made under it. */
  @IsOptional()
  @IsUUID()
  decision?: string;
}

/** Who works on a case. */
export class AssignmentDto {
  /** Pseudonymous subject of an officer. */
  @Matches(/^[A-Za-z0-9._:|-]{1,100}$/)
  to!: string;
}

/** What an officer decides; for `ask-user` the reason is the question. */
export class OutcomeDto {
  @IsIn(REVIEW_OUTCOMES)
  outcome!: (typeof REVIEW_OUTCOMES)[number];

  @IsString()
  @MinLength(10)
  @MaxLength(4000)
  reason!: string;
}

/** The answer to a question. */
export class AnswerDto {
  @IsUUID()
  question!: string;

  @IsString()
  @MinLength(1)
  @MaxLength(4000)
  answer!: string;
}

/** Why a closed case is looked at again. */
export class ReopeningDto {
  @IsString()
  @MinLength(10)
  @MaxLength(4000)
  reason!: string;
}

/** One line of the sampling plan. */
export class SamplingLineDto {
  @IsIn(SAMPLED)
  of!: (typeof SAMPLED)[number];

  @IsNumber()
  percent!: number;

  @IsOptional()
  @IsIn(PURPOSES)
  purpose?: (typeof PURPOSES)[number];

  @IsOptional()
  @Matches(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
  @MaxLength(64)
  organisation?: string;
}

/** The sampling plan as a whole. */
export class SamplingPlanDto {
  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => SamplingLineDto)
  lines!: SamplingLineDto[];
}

/** Which week's sample. */
export class SamplesQueryDto extends PageSizeDto {
  /** ISO 8601 week, `2026-W47`. */
  @Matches(/^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$/)
  week!: string;

  @IsOptional()
  @IsString()
  @MaxLength(100)
  cursor?: string;
}
