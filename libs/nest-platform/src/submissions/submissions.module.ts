import { randomUUID } from 'node:crypto';
import { Inject, Logger, Module } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Clock } from '#kernel';
import { PLATFORM } from '../http/platform.ts';
import type { Platform } from '../http/platform.ts';
import { countedPublisher, unreadable } from '../metrics/connector-metrics.ts';
import type { Publisher } from '#sharing';
import { ConnectorRegistry } from './connector-registry.ts';
import { FactReceiptsController } from './fact-receipts.controller.ts';
import { Intake } from './intake.ts';
import { QuarantineController } from './quarantine.controller.ts';
import type { Receipts } from './receipt.ts';
import { SubmissionsController } from './submissions.controller.ts';
import { CLOCK, PUBLISHER, RECEIPTS } from './tokens.ts';

/**
 * The submission API, shared by the sectors: each imports this module and registers its connectors. PUBLISHER, RECEIPTS, QUARANTINE_DESK,
 * CLOCK and CORE come from a global module of whoever composes the process.
 */
@Module({
  controllers: [SubmissionsController, FactReceiptsController, QuarantineController],
  providers: [
    ConnectorRegistry,
    {
      provide: Intake,
      inject: [PUBLISHER, RECEIPTS, CLOCK, PLATFORM],
      useFactory: (publisher: Publisher, receipts: Receipts, clock: Clock, { metrics }: Platform): Intake => {
        const logger = new Logger('submissions');
        const fault = (error: unknown): void => {
          logger.error(`submission interrupted: ${error instanceof Error ? error.name : 'fault'}`);
        };
        const counted = countedPublisher(publisher, metrics, clock);
        return new Intake({
          publisher: counted,
          receipts,
          clock,
          newId: randomUUID,
          fault,
          unreadable: unreadable(metrics),
        });
      },
    },
  ],
  exports: [ConnectorRegistry],
})
export class SubmissionsModule implements BeforeApplicationShutdown {
  readonly #intake: Intake;

  constructor(@Inject(Intake) intake: Intake) {
    this.#intake = intake;
  }

  /** What was acknowledged with `respond-async` is finished before the log closes. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#intake.drain();
  }
}
