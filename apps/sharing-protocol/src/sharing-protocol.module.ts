import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { AppParts, Composition } from '#nest-platform';
import { ErasuresController } from './admin/erasures.controller.ts';
import { ProjectionsController } from './admin/projections.controller.ts';
import { ChildMatchesController } from './children/child-matches.controller.ts';
import { ConsentsController } from './children/consents.controller.ts';
import { DETECTIONS_STATE } from './detections/open-detections.ts';
import { ProofController } from './proof/proof.controller.ts';
import { RegistryController } from './registry/registry.controller.ts';
import { DetectionsController } from './reviews/detections.controller.ts';
import { QuestionsController } from './reviews/questions.controller.ts';
import { ReviewsController } from './reviews/reviews.controller.ts';
import { SamplingController } from './reviews/sampling.controller.ts';
import { TimelineController } from './views/timeline/timeline.controller.ts';
import { REVIEWS, TIMELINE, USAGE } from './views/tokens.ts';
import { UsageController } from './views/usage/usage.controller.ts';
import { openViews, VIEWS, type Views } from './views/views.ts';

/** Who may see what for which purpose, and the proof of every look. */
@Module({})
export class SharingProtocolModule {
  static of(views: Views): DynamicModule {
    return {
      module: SharingProtocolModule,
      controllers: [
        ChildMatchesController,
        ConsentsController,
        DetectionsController,
        ErasuresController,
        ProjectionsController,
        ProofController,
        // Before the cases, whose route would take `questions` for an id.
        QuestionsController,
        RegistryController,
        ReviewsController,
        SamplingController,
        TimelineController,
        UsageController,
      ],
      providers: [
        { provide: VIEWS, useValue: views },
        { provide: TIMELINE, useValue: views.timeline },
        { provide: USAGE, useValue: views.usage },
        { provide: REVIEWS, useValue: views.reviews },
        { provide: DETECTIONS_STATE, useValue: views.detections },
      ],
    };
  }
}

/** What the sharing protocol opens before its module can be made; whoever composes it closes it. */
export async function sharingProtocolParts(
  ...[opened, config, logger]: Parameters<Composition['parts']>
): Promise<{ readonly views: Views; readonly resources: AppParts['resources'] }> {
  const alarm = (what: string, error: unknown): void => logger.error({ event: 'alarm', what, err: error }, 'alarm');
  const views = await openViews(opened.core, config.varDir, alarm, () => performance.now());
  return { views, resources: [{ name: 'views', close: () => views.close() }] };
}

export { VIEWS, type Views };
