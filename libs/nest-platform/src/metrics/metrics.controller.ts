import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../guard/access.ts';
import { PLATFORM } from '../http/platform.ts';
import type { Platform } from '../http/platform.ts';
import { Problem } from '../problem/problem.ts';

/** Numbers for Prometheus. */
@ApiExcludeController()
@Controller('metrics')
@Access({ roles: 'anyone', purpose: 'none' })
export class MetricsController {
  readonly #platform: Platform;

  constructor(@Inject(PLATFORM) platform: Platform) {
    this.#platform = platform;
  }

  @Get()
  async read(@Headers('authorization') authorization: string | undefined, @Res() reply: FastifyReply): Promise<void> {
    const wanted = this.#platform.config.metricsToken;
    if (wanted !== undefined && !same(authorization ?? '', `Bearer ${wanted}`)) {
      throw new Problem({
        status: 401,
        code: 'CALLER_NOT_SIGNED_IN',
        title: 'Sign in first',
        headers: { 'www-authenticate': 'Bearer realm="metrics"' },
      });
    }
    const { contentType, body } = await this.#platform.metrics.text();
    void reply.header('content-type', contentType).send(body);
  }
}

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
