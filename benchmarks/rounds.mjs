// What the scripts that compare Keyway with players in a browser have in common: where the others are, a browser with an empty profile, rounds and their table.
import { rmSync } from 'node:fs';
import { cpus, homedir, loadavg } from 'node:os';
import { join } from 'node:path';

export const players = process.env.KEYWAY_PLAYERS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'keyway-players');
export const chromium = process.env.KEYWAY_CHROMIUM ?? '/usr/bin/chromium';

/** Milliseconds that anything is waited for. */
export const limit = 120_000;
export const now = () => performance.now();
export const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/** The arguments of a browser that asks nobody for anything. */
export const browserArguments = (profile) => [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
  '--autoplay-policy=no-user-gesture-required', `--user-data-dir=${profile}`,
];

/** Removes a profile. Children of the browser end a little later than it, and write until then. */
export async function removeProfile(profile) {
  for (let tries = 0; ; tries++) {
    try {
      rmSync(profile, { recursive: true, force: true });
      return;
    } catch (error) {
      if (tries === 50) throw error;
      await pause(100);
    }
  }
}

/** Values by row, in milliseconds, and the load that they were taken under. */
export class Rounds {
  #rows = new Map();
  #loads = [loadavg()[0]];

  note(row, value) {
    if (!this.#rows.has(row)) this.#rows.set(row, []);
    this.#rows.get(row).push(value);
  }

  /** A round is over. */
  end() {
    this.#loads.push(loadavg()[0]);
  }

  /** Prints the table, in seconds. */
  print() {
    const median = (values) => { const sorted = [...values].sort((a, b) => a - b); return sorted[Math.floor(sorted.length / 2)]; };
    const seconds = (value) => (value / 1000).toFixed(2);
    const loads = [Math.min(...this.#loads), Math.max(...this.#loads)].map((load) => load.toFixed(1));
    console.log(`${cpus().length} processors (${cpus()[0].model}), ${this.#loads.length - 1} rounds in turn, load ${loads.join(' to ')}, ${new Date().toISOString().slice(0, 10)}\n`);
    console.log('| What, in seconds | min | median | max |\n|---|---|---|---|');
    for (const [row, values] of this.#rows) console.log(`| ${row} | ${seconds(Math.min(...values))} | ${seconds(median(values))} | ${seconds(Math.max(...values))} |`);
  }
}
