import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString, IsUUID, Matches, MaxLength, ValidateNested } from 'class-validator';
import { CATEGORIES, PURPOSES, ROLE_PURPOSES, type Category, type Purpose, type Role } from '#contracts';

const ORGANISATION = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Facts of one source and category. */
export class SliceDto {
  @Matches(ORGANISATION)
  @MaxLength(64)
  source!: string;

  @IsIn(Object.keys(CATEGORIES))
  category!: Category;

  /** Those that rest on consent; false where absent. */
  @IsOptional()
  @IsBoolean()
  restsOnConsent?: boolean;
}

/** May X see Y, and without a slice: what may X see. */
export class AccessQuestionDto {
  /** Absent: whoever the child is. */
  @IsOptional()
  @IsUUID()
  childId?: string;

  @Matches(ORGANISATION)
  @MaxLength(64)
  organisation!: string;

  @IsIn(Object.keys(ROLE_PURPOSES))
  role!: Role;

  /** Pseudonymous subject of the sign-in; anybody in that role where absent. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  person?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  team?: string;

  @IsIn(PURPOSES)
  purpose!: Purpose;

  @IsOptional()
  @ValidateNested()
  @Type(() => SliceDto)
  slice?: SliceDto;
}
