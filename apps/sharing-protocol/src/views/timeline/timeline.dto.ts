import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { PageDto } from '#nest-platform';

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Which part of the timeline; days are days in the area, both included. */
export class TimelineQueryDto extends PageDto {
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
}
