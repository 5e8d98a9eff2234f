import { IsIn, IsOptional, IsString, IsUUID, Matches, MaxLength, MinLength } from 'class-validator';
import { OVERRIDING_GROUNDS } from '#contracts';
import { WordedScopeDto } from './scope.dto.ts';

/** What the family objects to. */
export class ObjectionDto extends WordedScopeDto {
  @Matches(/^[a-z][a-z0-9-]{0,63}$/)
  organisation!: string;
}

/** What the organisation answers. */
export class ObjectionAnswerDto {
  @IsIn(['upheld', 'overridden'])
  outcome!: 'upheld' | 'overridden';

  /** Only of `overridden`. */
  @IsOptional()
  @IsIn(OVERRIDING_GROUNDS)
  ground?: (typeof OVERRIDING_GROUNDS)[number];

  /** The id of the decision not to share that carries out `upheld`; a new one where it is left out. */
  @IsOptional()
  @IsUUID()
  decision?: string;

  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(2000)
  words?: string;
}
