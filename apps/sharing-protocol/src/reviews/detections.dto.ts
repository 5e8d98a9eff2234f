import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const ORGANISATION = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Pseudonymous subject of a sign-in. */
const PERSON = /^[A-Za-z0-9._:|-]{1,100}$/;
export const WHOLE = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : value;

/** Which findings. */
export class FindingsQueryDto {
  @IsOptional()
  @IsIn(['open', 'suppressed', 'in-review', 'closed'])
  state?: 'open' | 'suppressed' | 'in-review' | 'closed';

  @IsOptional()
  @IsString()
  @MaxLength(60)
  rule?: string;

  @IsOptional()
  @IsString()
  @MaxLength(300)
  cursor?: string;

  @IsOptional()
  @Transform(WHOLE)
  @IsInt()
  @Min(1)
  @Max(200)
  limit?: number;
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
