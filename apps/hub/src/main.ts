import { ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { runApp, loadConfig } = await import('#nest-platform');
const { demonstrate, hub } = await import('./hub.ts');

const config = loadConfig(process.env);
await runApp(
  hub({
    announce: (url, opened) => {
      const known = opened.tails.known().organisations.size;
      const where = config.ok ? config.value.varDir : 'var';
      console.log(`\nTellonce is running: ${url}  (API description: ${url}/openapi.json)`);
      console.log(
        known === 0
          ? `New data in ${where}.`
          : `Found its data in ${where}: ${String(known)} organisations are registered.`,
      );
      if (config.ok && config.value.demo) demonstrate(url, `${config.value.keyFile}.demonstration.json`);
    },
  }),
);
