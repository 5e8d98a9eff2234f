/** `node health.mjs ready`: exit code 0 where this container's own process answers that probe with 200; says which checks hold. Images have no curl. */
const [probe = 'ready'] = process.argv.slice(2);
const port = process.env.TELLONCE_PORT ?? '8080';
try {
  const answer = await fetch(`http://127.0.0.1:${port}/health/${probe}`, { signal: AbortSignal.timeout(4_000) });
  console.log(await answer.text());
  process.exitCode = answer.status === 200 ? 0 : 1;
} catch {
  console.log('no answer');
  process.exitCode = 1;
}
