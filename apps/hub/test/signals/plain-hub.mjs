/** The built hub as it is started, without the stories that a demonstration tells: a receiver on this machine is for demonstrations only. */
const { runApp } = await import('#nest-platform');
const { hub } = await import('../../../../dist/apps/hub/src/hub.js');
await runApp(hub());
