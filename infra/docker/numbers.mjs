import { readFileSync } from 'node:fs';

/** `node numbers.mjs tellonce_projection`: what this container's own process shows at /metrics, lines that begin so. Images have no curl. */
const [prefix = 'tellonce_'] = process.argv.slice(2);
const { TELLONCE_PORT: port = '8080', TELLONCE_METRICS_TOKEN_FILE: file, TELLONCE_METRICS_TOKEN: given } = process.env;
const token = file === undefined ? given : readFileSync(file, 'utf8').trim();
const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
try {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers, signal: AbortSignal.timeout(10_000) });
  const lines = (await answer.text()).split('\n').filter((line) => line.startsWith(prefix));
  console.log(answer.status === 200 ? lines.join('\n') : `answered ${answer.status}`);
  process.exitCode = answer.status === 200 ? 0 : 1;
} catch {
  console.log('no answer');
  process.exitCode = 1;
}
