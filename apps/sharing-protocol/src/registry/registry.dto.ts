import { ArrayMaxSize, IsArray, IsIn, IsObject, IsString, Matches, MaxLength } from 'class-validator';
import { SECTORS } from '#contracts';

const ORGANISATION = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

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
