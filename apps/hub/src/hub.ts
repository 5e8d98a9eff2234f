import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { compose, demonstrationPeople, type CompositionExtras } from '#nest-platform';
import { buildInfo, projectRoot } from '#nest-platform/node';
import { appParts } from './hub.module.ts';

/** Everything in one process on the embedded log. A test hands in clock, chance and where to stop a request. */
export function hub(extras: CompositionExtras = {}): ReturnType<typeof compose> {
  const root = projectRoot(import.meta.dirname);
  return compose({ ...buildInfo(), demoPeople: () => demonstrationPeople(root), parts: appParts, ...extras });
}

/** Tells the demonstration's stories through the public API, as another process would, and then what to try. */
export function demonstrate(publicUrl: string, keysFile: string): void {
  const root = projectRoot(import.meta.dirname);
  const cli = join(root, 'dist', 'apps', 'cli', 'src', 'main.js');
  const child = spawn(process.execPath, [cli, 'seed', '--tour', '--url', publicUrl, '--keys', keysFile], {
    stdio: 'inherit',
  });
  child.on('exit', (code) => {
    if (code !== 0)
      process.stderr.write(
        'The demonstration could not be told; the hub goes on. "npm run tellonce -- seed" tries again.\n',
      );
  });
}
