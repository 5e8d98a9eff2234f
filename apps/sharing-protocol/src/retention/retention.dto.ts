import { IsOptional, IsUUID } from 'class-validator';
import { PageSizeDto } from '#nest-platform';

/** Which page of what is due. */
export class RetentionDueDto extends PageSizeDto {
  @IsOptional()
  @IsUUID()
  after?: string;
}
