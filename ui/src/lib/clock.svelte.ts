// One clock for all relative times, so that they change together.
let time = $state(Date.now());
setInterval(() => { time = Date.now(); }, 20_000);

export const clock = { get now() { return time; } };
