import { randomUUID } from 'node:crypto';
import { Inject, Logger, Module } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '#kernel';
import type { Publisher } from '#sharing';
import { BATCH_MEDIA_TYPE } from './batch.ts';
import { ConnectorRegistry } from './connector-registry.ts';
import { Intake } from './intake.ts';
import { QuarantineController } from './quarantine.controller.ts';
import type { Receipts } from './receipt.ts';
import { SubmissionsController } from './submissions.controller.ts';
import { CLOCK, PUBLISHER, RECEIPTS } from './tokens.ts';

/** Bodies that are left unread until the caller is known and the format's limit is: no body of these is ever parsed by the server. */
const STREAMED = [BATCH_MEDIA_TYPE, 'text/csv', 'application/fhir+xml', 'application/xml', 'text/xml'];

/**
 * The submission API, shared by the sectors: each imports this module and registers its connectors. PUBLISHER, RECEIPTS, QUARANTINE_DESK and
 * CLOCK come from a global module of whoever composes the process.
 */
@Module({
  controllers: [SubmissionsController, QuarantineController],
  providers: [
    ConnectorRegistry,
    {
      provide: Intake,
      inject: [PUBLISHER, RECEIPTS, CLOCK],
      useFactory: (publisher: Publisher, receipts: Receipts, clock: Clock): Intake => {
        const logger = new Logger('submissions');
        const fault = (error: unknown): void => {
          logger.error(`submission interrupted: ${error instanceof Error ? error.name : 'fault'}`);
        };
        return new Intake({ publisher, receipts, clock, newId: randomUUID, fault });
      },
    },
  ],
  exports: [ConnectorRegistry],
})
export class SubmissionsModule implements OnModuleInit, BeforeApplicationShutdown {
  readonly #host: HttpAdapterHost;
  readonly #intake: Intake;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost, @Inject(Intake) intake: Intake) {
    this.#host = host;
    this.#intake = intake;
  }

  onModuleInit(): void {
    const server = this.#host.httpAdapter.getInstance<FastifyInstance>();
    server.addContentTypeParser(STREAMED, (_request, payload, done) => done(null, payload));
  }

  /** What was acknowledged with `respond-async` is finished before the log closes. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#intake.drain();
  }
}
