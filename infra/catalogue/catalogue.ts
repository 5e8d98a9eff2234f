import { writeFileSync } from 'node:fs';
import { renderCatalogue } from './render.ts';

writeFileSync(new URL('../../docs/event-catalogue.md', import.meta.url), renderCatalogue());
