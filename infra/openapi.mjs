import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, loadConfig } from '#nest-platform';
import { hub } from '../dist/apps/hub/src/hub.js';

/** Writes the API's description, as a built hub with all its parts gives it, to docs/openapi.json. */
const folder = mkdtempSync(join(tmpdir(), 'tellonce-openapi-'));
const config = loadConfig({ TELLONCE_VAR: join(folder, 'var') });
const { app, resources } = await hub()(config.value, createLogger('silent'));
const { body } = await app.inject({ method: 'GET', url: '/openapi.json' });
writeFileSync(join(import.meta.dirname, '../docs/openapi.json'), `${JSON.stringify(JSON.parse(body), null, 2)}\n`);
await app.close();
for (const resource of resources) await resource.close();
rmSync(folder, { recursive: true });
