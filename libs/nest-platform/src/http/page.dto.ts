import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

/** Reads a number of up to three digits from a query; anything else is left as it came, for the validation to name. */
export function wholeNumber({ value }: { readonly value: unknown }): unknown {
  return typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : value;
}

/** How many entries a page of a list has at most, 1 to 200. For lists whose cursor is of a kind of its own; else {@link PageDto}. */
export class PageSizeDto {
  @IsOptional()
  @Transform(wholeNumber)
  @IsInt()
  @Min(1)
  @Max(200)
  limit?: number;
}

/** Which page of a list: after the cursor that the page before ended with. */
export class PageDto extends PageSizeDto {
  @IsOptional()
  @IsString()
  @MaxLength(300)
  cursor?: string;
}
