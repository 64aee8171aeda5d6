"use strict";
// Moves this process's clock, so that the storyboards' dates lie ahead of it. Preloaded with
// `node --require`; ADCP_SCAFFOLD_CLOCK is the instant at which the seller was started,
// ADCP_SCAFFOLD_CLOCK_ELAPSED the milliseconds since. The clock runs on from there. Timers are
// left alone: they measure time that passes.

const instant = Date.parse(process.env.ADCP_SCAFFOLD_CLOCK);
if (Number.isNaN(instant)) {
  throw new Error("ADCP_SCAFFOLD_CLOCK must be an RFC 3339 instant");
}
const system = Date;
const shift = instant + Number(process.env.ADCP_SCAFFOLD_CLOCK_ELAPSED || 0) - system.now();
const now = () => system.now() + shift;

globalThis.Date = new Proxy(system, {
  construct(target, given, as) {
    return Reflect.construct(target, given.length === 0 ? [now()] : given, as);
  },
  apply() {
    return new system(now()).toString();
  },
  get(target, name) {
    return name === "now" ? now : Reflect.get(target, name);
  },
});
