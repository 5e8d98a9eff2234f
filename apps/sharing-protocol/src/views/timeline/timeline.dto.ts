import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const WHOLE = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : value;

/** Which part of the timeline; days are days in the area, both included. */
export class TimelineQueryDto {
  @IsOptional()
  @Matches(DAY)
  from?: string;

  @IsOptional()
  @Matches(DAY)
  to?: string;

  /** As known at the end of that day. */
  @IsOptional()
  @Matches(DAY)
  asOf?: string;

  @IsOptional()
  @IsIn(['happened', 'recorded'])
  orderBy?: 'happened' | 'recorded';

  /** Fact types, separated by commas. */
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  type?: string;

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
