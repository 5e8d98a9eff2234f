import { IsBoolean, IsIn, IsOptional, IsString, IsUUID, Matches, MaxLength } from 'class-validator';
import { CATEGORIES, PURPOSES, ROLE_PURPOSES, type Category, type Purpose, type Role } from '#contracts';

const ORGANISATION = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

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

  /** The organisation that stated the facts asked about; with `category`, or neither: what may X see. */
  @IsOptional()
  @Matches(ORGANISATION)
  @MaxLength(64)
  source?: string;

  @IsOptional()
  @IsIn(Object.keys(CATEGORIES))
  category?: Category;

  /** About the facts that rest on consent; false where absent. */
  @IsOptional()
  @IsBoolean()
  restsOnConsent?: boolean;
}
