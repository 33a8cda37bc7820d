// An occurrence in a debugger, in words for a terminal and for VS Code.

/** The port that both name; any free one would do. */
const PORT = 4711;

/** What waits for a debugger. */
export const listening = (eventId: string): string => `reenact debug ${eventId} --port ${PORT}`;

/** A prompt like that of pdb. */
export const prompting = (eventId: string): string => `reenact debug ${eventId} --pdb`;

/**
 * `launch.json` of VS Code, whose Python debugger speaks to that port. Nothing captured may stand in it: VS Code replaces
 * `${…}` everywhere in a configuration, and `${command:…}` runs something.
 */
export function launchFile(eventId: string): string {
  const id = eventId.replace(/[^0-9a-f]/g, "");
  const configuration = { name: `Reenact ${id.slice(0, 8)}`, type: "debugpy", request: "attach", debugServer: PORT, event: id };
  return `${JSON.stringify({ version: "0.2.0", configurations: [configuration] }, null, 2)}\n`;
}
