import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../guard/access.ts';
import { PLATFORM } from '../http/platform.ts';
import type { Platform } from '../http/platform.ts';

/** Probes of whoever runs the hub; the answers name our checks and nothing else. */
@ApiTags('operation')
@Controller('health')
@Access({ roles: 'anyone', purpose: 'none' })
export class HealthController {
  readonly #platform: Platform;

  constructor(@Inject(PLATFORM) platform: Platform) {
    this.#platform = platform;
  }

  /** Asks nothing of anything: a slow store must not get the process killed. */
  @Get('live')
  @ApiOperation({ summary: 'The process answers' })
  live(): { readonly status: 'up' } {
    return { status: 'up' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Requests will be answered; 503 otherwise, and while shutting down' })
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const { ready, checks } = await this.#platform.readiness.read();
    void reply.code(ready ? 200 : 503).send({ status: ready ? 'up' : 'down', checks });
  }

  @Get('startup')
  @ApiOperation({ summary: 'The start is over; 503 before' })
  startup(@Res() reply: FastifyReply): void {
    const { started } = this.#platform.readiness;
    void reply.code(started ? 200 : 503).send({ status: started ? 'up' : 'starting' });
  }
}
