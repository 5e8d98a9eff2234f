import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { CORE, type AppParts, type Composition, type Core } from '#nest-platform';
import { AccessDecisionsController } from './access/access-decisions.controller.ts';
import { ReadersController } from './access/readers.controller.ts';
import { ErasuresController } from './admin/erasures.controller.ts';
import { ProjectionsController } from './admin/projections.controller.ts';
import { AgreementsController } from './agreements/agreements.controller.ts';
import { AgreementVersionsController } from './agreements/versions.controller.ts';
import { ChildMatchesController } from './children/child-matches.controller.ts';
import { ConsentsController } from './children/consents.controller.ts';
import { CohortsController } from './cohorts/cohorts.controller.ts';
import { ProofController } from './proof/proof.controller.ts';
import { TilesController } from './proof/tiles.controller.ts';
import { RegistryController } from './registry/registry.controller.ts';
import { TimelineController } from './views/timeline/timeline.controller.ts';
import { TIMELINE, USAGE } from './views/tokens.ts';
import { UsageController } from './views/usage/usage.controller.ts';
import { MATRIX, caseMatrix } from './workbench/matrix.ts';
import { SimulationsController } from './workbench/simulations.controller.ts';
import { Simulations } from './workbench/simulations.ts';
import { UsageReceiptController } from './views/usage/usage-receipt.controller.ts';
import { openViews, VIEWS, type Views } from './views/views.ts';

/** Who may see what for which purpose, and the proof of every look. */
@Module({})
export class SharingProtocolModule {
  static of(views: Views): DynamicModule {
    return {
      module: SharingProtocolModule,
      controllers: [
        AgreementsController,
        AgreementVersionsController,
        AccessDecisionsController,
        ChildMatchesController,
        CohortsController,
        ConsentsController,
        ErasuresController,
        ProjectionsController,
        ProofController,
        ReadersController,
        RegistryController,
        SimulationsController,
        TilesController,
        TimelineController,
        UsageController,
        UsageReceiptController,
      ],
      providers: [
        { provide: VIEWS, useValue: views },
        { provide: TIMELINE, useValue: views.timeline },
        { provide: USAGE, useValue: views.usage },
        { provide: MATRIX, useFactory: caseMatrix },
        { provide: Simulations, useFactory: (core: Core) => new Simulations(core, views.usage), inject: [CORE] },
      ],
    };
  }
}

/** What the sharing protocol opens before its module can be made; whoever composes it closes it. */
export async function sharingProtocolParts(
  ...[opened, config, logger, metrics]: Parameters<Composition['parts']>
): Promise<{ readonly views: Views; readonly resources: AppParts['resources'] }> {
  const alarm = (what: string, error: unknown): void => logger.error({ event: 'alarm', what, err: error }, 'alarm');
  const views = await openViews(opened.core, config.varDir, alarm, () => performance.now());
  metrics.gauges(
    'tellonce_projection_lag_events',
    'Events of the log a view has not read yet',
    'projection',
    async () =>
      Object.fromEntries(
        (await views.status()).flatMap(({ name, behind }) => (behind === null ? [] : [[name, behind]])),
      ),
  );
  return { views, resources: [{ name: 'views', close: () => views.close() }] };
}

export { VIEWS, type Views };
