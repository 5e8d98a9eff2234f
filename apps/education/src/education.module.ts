import { Inject, Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { ConnectorRegistry, SubmissionsModule } from '#nest-platform';
import { classListConnector } from './connectors/class-list/connector.ts';

/** What schools and other settings hand in. */
@Module({ imports: [SubmissionsModule] })
export class EducationModule implements OnModuleInit {
  readonly #registry: ConnectorRegistry;

  constructor(@Inject(ConnectorRegistry) registry: ConnectorRegistry) {
    this.#registry = registry;
  }

  onModuleInit(): void {
    this.#registry.register(classListConnector);
  }
}
