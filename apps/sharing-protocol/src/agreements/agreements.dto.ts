import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';

const ORGANISATION = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A version of an agreement as one party puts it before both. */
export class AgreementVersionDto {
  @IsInt()
  @Min(1)
  version!: number;

  @IsString()
  @MinLength(1)
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

  /** See AgreementTerms of the stored formats; every member of it, read strictly. */
  @IsObject()
  terms!: Record<string, unknown>;
}

/** A party's approval: a compact JWS over {agreement, approver, digest, party, version}. */
export class ApprovalDto {
  @IsString()
  @MaxLength(4096)
  jws!: string;
}

/** Why a party withdraws, suspends or ends. */
export class ReasonDto {
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason!: string;
}

/** Which version's coming into force is undone, and why. */
export class UndoingDto extends ReasonDto {
  @IsInt()
  @Min(1)
  version!: number;
}

/** Which agreements are listed. */
export class AgreementsQueryDto {
  /** Only those to be reviewed by this day. */
  @IsOptional()
  @Matches(DAY)
  reviewBy?: string;
}
