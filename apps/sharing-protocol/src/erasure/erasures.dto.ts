import { IsIn, IsOptional, IsUUID, Matches, MaxLength } from 'class-validator';

/** Whose records are erased, and on which ground; for article 17 under which granted request. */
export class ErasureDto {
  @IsUUID()
  childId!: string;

  /** Only this organisation's record; all of the child's where it is left out. */
  @IsOptional()
  @Matches(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
  @MaxLength(64)
  organisation?: string;

  @IsIn(['article-17', 'retention-ended', 'court-order'])
  ground!: 'article-17' | 'retention-ended' | 'court-order';

  @IsOptional()
  @IsUUID()
  request?: string;
}
