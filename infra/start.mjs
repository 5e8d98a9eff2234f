/** `npm start`: the built hub, as a demonstration unless TELLONCE_DEMO says otherwise. */
process.env.TELLONCE_DEMO ??= '1';
process.env.TELLONCE_LOG_LEVEL ??= 'warn';
await import('../dist/apps/hub/src/main.js');
