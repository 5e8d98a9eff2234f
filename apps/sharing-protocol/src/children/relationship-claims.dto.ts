import { IsIn, IsInt, IsOptional, IsString, IsUUID, Max, MaxLength, Min, MinLength } from 'class-validator';
import { CLAIM_REASONS } from '#contracts';

/** A professional's own word that they work with the child. */
export class RelationshipClaimDto {
  /** The same again is the same claim. */
  @IsOptional()
  @IsUUID()
  id?: string;

  @IsIn(CLAIM_REASONS)
  reason!: (typeof CLAIM_REASONS)[number];

  /** Days it holds, today included; 14 where it is left out, which is also the most. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(14)
  days?: number;

  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(2000)
  words?: string;
}

/** Why a claim ends early. */
export class ClaimEndDto {
  @IsIn(['no-longer-needed', 'unfounded', 'confirmed-by-fact'])
  because!: 'no-longer-needed' | 'unfounded' | 'confirmed-by-fact';
}
