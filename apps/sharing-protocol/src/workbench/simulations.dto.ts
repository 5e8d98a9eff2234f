import { IsInt, IsOptional, IsUUID, Matches, Max, MaxLength, Min } from 'class-validator';
import { PageSizeDto } from '#nest-platform';

/** Which draft is tried, on how many of the last looks. */
export class SimulationDto {
  @Matches(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  @MaxLength(100)
  agreement!: string;

  @IsInt()
  @Min(1)
  version!: number;

  @IsInt()
  @Min(1)
  @Max(10_000)
  last!: number;
}

/** Which page of the looks that would change. */
export class SimulationQueryDto extends PageSizeDto {
  /** The decision that the page before ended with. */
  @IsOptional()
  @IsUUID()
  cursor?: string;
}
