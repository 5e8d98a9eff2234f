import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';

/** Who is meant: identifiers in a body, never in a URL. */
export class ChildMatchDto {
  @IsOptional()
  @IsString()
  @MaxLength(20)
  nhsNumber?: string;

  @IsOptional()
  @IsString()
  @MaxLength(20)
  upn?: string;

  @IsString()
  @MaxLength(100)
  surname!: string;

  @IsOptional()
  @IsString()
  @MaxLength(100)
  givenName?: string;

  @Matches(/^\d{4}-\d{2}-\d{2}$/)
  birthDate!: string;
}
