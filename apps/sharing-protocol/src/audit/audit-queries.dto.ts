import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsObject, IsOptional, IsString, Matches, MaxLength, ValidateNested } from 'class-validator';
import { CATEGORIES, EXPORT_FORMATS, PURPOSES, ROLE_PURPOSES, type ExportFormat } from '#contracts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ORGANISATION = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Which decisions; each filter that is given must hold. */
export class AuditFiltersDto {
  /** The hub's id of a child; identifiers of children are in bodies only. */
  @IsOptional()
  @Matches(UUID)
  child?: string;

  /** Pseudonymous subject of the sign-in. */
  @IsOptional()
  @Matches(/^[\x21-\x7e]{1,200}$/)
  user?: string;

  @IsOptional()
  @Matches(ORGANISATION)
  @MaxLength(64)
  organisation?: string;

  @IsOptional()
  @IsIn(Object.keys(ROLE_PURPOSES))
  role?: string;

  @IsOptional()
  @IsIn(PURPOSES)
  purpose?: string;

  @IsOptional()
  @IsIn(['permit', 'deny', 'aborted'])
  effect?: 'permit' | 'deny' | 'aborted';

  /** A day of the area, or an instant (RFC 3339). */
  @IsOptional()
  @IsString()
  @MaxLength(40)
  from?: string;

  @IsOptional()
  @IsString()
  @MaxLength(40)
  to?: string;

  @IsOptional()
  @IsIn(['none', 'some', 'self-claimed'])
  relationship?: 'none' | 'some' | 'self-claimed';

  @IsOptional()
  @IsBoolean()
  breakGlass?: boolean;

  @IsOptional()
  @IsIn(Object.keys(CATEGORIES))
  category?: string;

  @IsOptional()
  @Matches(ORGANISATION)
  @MaxLength(64)
  source?: string;

  /** `GET /v1/children/:childId/timeline` */
  @IsOptional()
  @Matches(/^(GET|POST|PUT|PATCH|DELETE) \/[A-Za-z0-9/:_-]{0,150}$/)
  route?: string;
}

/** A question about decisions. */
export class AuditQueryDto {
  @IsObject()
  @ValidateNested()
  @Type(() => AuditFiltersDto)
  filters!: AuditFiltersDto;
}

/** As which file. */
export class ExportDto {
  @IsIn(EXPORT_FORMATS)
  format!: ExportFormat;
}

/** The proof of which file: the newest of a format unless the decision is named that it was exported under. */
export class ManifestDto extends ExportDto {
  @IsOptional()
  @Matches(UUID)
  decision?: string;
}
