import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { Access, notFound, Problem } from '#nest-platform';
import { VIEWS, type Views } from '../views/views.ts';

/** What the operator sees and does of views. Numbers and codes only. */
@Controller('v1/admin/projections')
@Access({ roles: ['system-administrator'], purpose: 'required' })
export class ProjectionsController {
  readonly #views: Views;

  constructor(@Inject(VIEWS) views: Views) {
    this.#views = views;
  }

  @ApiOperation({ summary: 'Views and how far they have read' })
  @Get()
  async list(): Promise<{ readonly projections: Awaited<ReturnType<Views['status']>> }> {
    return { projections: await this.#views.status() };
  }

  /** Builds a new generation beside the live one and swaps it in; 409 while one is being built. */
  @ApiOperation({ summary: 'Build a view anew beside the live one' })
  @Post(':name/rebuilds')
  @HttpCode(202)
  async rebuild(@Param('name') name: string): Promise<{ readonly name: string }> {
    const started = await this.#views.startRebuild(name);
    if (started === 'unknown') throw notFound();
    if (started === 'running')
      throw new Problem({ status: 409, code: 'HUB_REBUILD_RUNNING', title: 'This view is being rebuilt already' });
    return { name };
  }
}
