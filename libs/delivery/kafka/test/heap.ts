import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** MiB that are held, after what is not has been collected: heap and buffers. */
export function heldMiB(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}
