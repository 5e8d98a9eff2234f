import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const whole = (digits: RegExp) =>
  Transform(({ value }: { value: unknown }): unknown =>
    typeof value === 'string' && digits.test(value) ? Number(value) : value,
  );

/** Which looks, in the words of the Estonian protocol; days are days of the area, both included. */
export class FindUsageQueryDto {
  @IsOptional()
  @Matches(DAY)
  periodStart?: string;

  @IsOptional()
  @Matches(DAY)
  periodEnd?: string;

  @IsOptional()
  @whole(/^\d{1,6}$/)
  @IsInt()
  @Min(0)
  @Max(100_000)
  offset?: number;

  @IsOptional()
  @whole(/^\d{1,4}$/)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit?: number;
}
