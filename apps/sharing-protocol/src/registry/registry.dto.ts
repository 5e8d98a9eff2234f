import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Min,
} from 'class-validator';
import { SECTORS } from '#contracts';

const ORGANISATION = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A legal body as an administrator registers it. */
export class RegisterOrganisationDto {
  @Matches(ORGANISATION)
  @MaxLength(64)
  organisation!: string;

  @IsString()
  @MaxLength(200)
  name!: string;

  @IsIn(SECTORS)
  sector!: string;

  @IsObject()
  codes!: Record<string, string>;

  @IsArray()
  @ArrayMaxSize(10)
  @IsObject({ each: true })
  keys!: Record<string, unknown>[];

  @IsObject()
  profile!: Record<string, unknown>;
}

/** Why a key may no longer sign. */
export class RevokeKeyDto {
  @IsIn(['compromised', 'superseded', 'ceased'])
  reason!: 'compromised' | 'superseded' | 'ceased';
}

/** A version of an agreement that comes into force. */
export class AgreementDto {
  @Matches(ORGANISATION)
  @MaxLength(100)
  agreement!: string;

  @IsInt()
  @Min(1)
  version!: number;

  @IsString()
  @MaxLength(200)
  title!: string;

  @Matches(ORGANISATION)
  @MaxLength(64)
  source!: string;

  @Matches(ORGANISATION)
  @MaxLength(64)
  recipient!: string;

  @IsArray()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  categories!: string[];

  @IsArray()
  @ArrayMaxSize(20)
  @IsString({ each: true })
  purposes!: string[];

  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  roles!: string[];

  @Matches(DAY)
  from!: string;

  @IsOptional()
  @Matches(DAY)
  until?: string | null;
}

/** Why an agreement ends at once. */
export class EndAgreementDto {
  @IsString()
  @MaxLength(500)
  reason!: string;
}
