import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';

/** What a signed-in family member can claim; a court order is not theirs to state. */
const AUTHORITIES = ['parental-responsibility', 'gillick-competent-child', 'young-person-16'] as const;

/** What somebody with authority lets happen, or refuses. */
export class ConsentDto {
  /** The giver's own name for this consent; the same again is the same consent. */
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  consent!: string;

  @IsIn(['give', 'refuse'])
  decision!: 'give' | 'refuse';

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(40)
  @IsString({ each: true })
  @MaxLength(60, { each: true })
  categories!: string[];

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @MaxLength(60, { each: true })
  purposes!: string[];

  @IsIn(AUTHORITIES)
  authority!: (typeof AUTHORITIES)[number];

  @IsOptional()
  @Matches(/^\d{4}-\d{2}-\d{2}$/)
  until?: string;
}

/** The only change a consent knows. */
export class ConsentChangeDto {
  @IsIn(['withdraw'])
  decision!: 'withdraw';
}
