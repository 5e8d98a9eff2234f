import { IsIn, IsOptional, IsString, IsUUID, Matches, MaxLength, MinLength } from 'class-validator';
import { PageDto } from '#nest-platform';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const ORGANISATION = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Pseudonymous subject of a sign-in. */
const PERSON = /^[A-Za-z0-9._:|-]{1,100}$/;

/** Which findings. */
export class FindingsQueryDto extends PageDto {
  @IsOptional()
  @IsIn(['open', 'suppressed', 'in-review', 'closed'])
  state?: 'open' | 'suppressed' | 'in-review' | 'closed';

  @IsOptional()
  @IsString()
  @MaxLength(60)
  rule?: string;
}

/** Findings of which rule are no concern, until when, and why. */
export class SuppressionDto {
  @IsString()
  @MaxLength(60)
  rule!: string;

  @IsOptional()
  @Matches(ORGANISATION)
  @MaxLength(64)
  organisation?: string;

  @IsOptional()
  @Matches(PERSON)
  person?: string;

  @IsOptional()
  @IsUUID()
  childId?: string;

  /** The last day, included. */
  @Matches(DAY)
  until!: string;

  @IsString()
  @MinLength(10)
  @MaxLength(2000)
  reason!: string;
}

/** Which child is to be watched, until when, and why. */
export class WatchDto {
  @IsUUID()
  childId!: string;

  @Matches(DAY)
  until!: string;

  @IsString()
  @MinLength(10)
  @MaxLength(2000)
  reason!: string;
}
