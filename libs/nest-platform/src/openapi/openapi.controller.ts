import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Access } from '../guard/access.ts';
import { notFound } from '../problem/problem.ts';

/** The API's description of itself. */
@ApiExcludeController()
@Controller('openapi.json')
@Access({ roles: 'anyone', purpose: 'none' })
export class OpenApiController {
  /** Set once, after all routes are known. */
  document: OpenAPIObject | undefined;

  @Get()
  read(): OpenAPIObject {
    if (this.document === undefined) throw notFound();
    return this.document;
  }
}
