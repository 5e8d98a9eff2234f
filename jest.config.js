import { availableParallelism } from 'node:os';

/** Native ESM under swc; one table of aliases, the package.json "imports", read through the `source` condition. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/infra'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/var'],
  globalSetup: '<rootDir>/libs/testing/servers/setup.mjs',
  globalTeardown: '<rootDir>/libs/testing/servers/teardown.mjs',
  testMatch: ['**/*.spec.ts'],
  // Nothing here is a measurement: what is slow on a busy machine is not wrong. Speed is held by the benchmarks.
  testTimeout: 120_000,
  // Modules of a finished file are never collected where ESM is native: in one process the whole suite outgrows its heap. A worker that grew is
  // replaced, and there are two at least, for with one Jest works in its own process.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  workerIdleMemoryLimit: '1GB',
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '\\.soak\\.spec\\.ts$'],
};
