#!/usr/bin/env node
// How long until the first clear sample: keyway from the start of its process, Shaka Player in a fresh page of a fresh browser, in turn in one run, on
// the bundled sample that one sandbox serves, with its Clear Key licence by HTTP. README.md says how to run it.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir, homedir, cpus } from 'node:os';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const keyway = process.argv[2];
const rounds = Number(process.argv[3] ?? 7);
if (!keyway || !(rounds > 0)) {
  console.error('start.mjs KEYWAY [ROUNDS]: KEYWAY is the published program');
  process.exit(2);
}

const here = dirname(fileURLToPath(import.meta.url));
const players = process.env.KEYWAY_PLAYERS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'keyway-players');
const chromium = process.env.KEYWAY_CHROMIUM ?? '/usr/bin/chromium';
const limit = 120_000;
const now = () => performance.now();

/** Runs a program until it ends, with what it writes given away in pieces. */
function run(program, args, onPiece) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const watch = setTimeout(() => child.kill('SIGKILL'), limit);
    child.stdout.on('data', onPiece);
    child.stderr.on('data', (piece) => { said += piece; });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(watch);
      if (code === 0) resolve();
      else reject(new Error(`${program} ${args.join(' ')}: ${code}\n${said}`));
    });
  });
}

/** From the start of keyway's process until bytes of the first sample can be read. */
async function playFirstSample(args) {
  let seen = Buffer.alloc(0), first = null;
  const begun = now();
  await run(keyway, ['play', ...args, '--to', '-'], (piece) => {
    if (first !== null) return;
    seen = Buffer.concat([seen, piece]);
    const data = seen.indexOf('mdat');
    if (data >= 0 && seen.length > data + 4) first = now() - begun;
  });
  if (first === null) throw new Error('no sample came');
  return { first, whole: now() - begun };
}

/** Shaka Player in a new browser with an empty profile: from load() to the first frame, from the navigation, from the start of the browser. */
async function shakaFirstFrame(manifest) {
  const profile = mkdtempSync(join(tmpdir(), 'keyway-start-'));
  const files = new Map([
    ['/', ['text/html', readFileSync(join(here, 'page.html'))]],
    ['/shaka.js', ['text/javascript', readFileSync(join(players, 'node_modules/shaka-player/dist/shaka-player.compiled.js'))]],
  ]);
  let tell;
  const told = new Promise((resolve) => { tell = resolve; });
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    if (request.method === 'POST' && path === '/result') {
      let text = '';
      request.on('data', (piece) => { text += piece; });
      request.on('end', () => { tell(JSON.parse(text)); response.end(); });
      return;
    }

    const [type, body] = files.get(path) ?? [];
    response.writeHead(body ? 200 : 404, type ? { 'Content-Type': type } : {}).end(body);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const begun = now();
  const browser = spawn(chromium, [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required', `--user-data-dir=${profile}`,
    '--remote-debugging-port=0',   // without it, headless Chromium ends when the page has loaded
    `http://localhost:${server.address().port}/?manifest=${encodeURIComponent(manifest)}`,
  ], { stdio: 'ignore' });
  const ended = new Promise((resolve) => { browser.on('close', resolve); });
  const watch = setTimeout(() => tell({ error: 'nothing came' }), limit);
  try {
    const result = await told;
    if (result.error) throw new Error(`Shaka Player: ${result.error}`);
    return { ...result, process: now() - begun };
  } finally {
    clearTimeout(watch);
    browser.kill();
    await ended;
    server.closeAllConnections();
    server.close();
    // Children of the browser end a little later, and write until then.
    for (let tries = 0; ; tries++) {
      try {
        rmSync(profile, { recursive: true, force: true });
        break;
      } catch (error) {
        if (tries === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}

/** The sandbox, until it is told to end. */
async function startSandbox() {
  const data = mkdtempSync(join(tmpdir(), 'keyway-start-'));
  const child = spawn(keyway, ['sandbox', '--port', '0', '--data', data, '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => { child.on('close', resolve); });
  const url = await new Promise((resolve, reject) => {
    let text = '';
    child.on('close', () => reject(new Error('the sandbox ended')));
    child.stdout.on('data', (piece) => {
      text += piece;
      const match = /"url":\s*"([^"]+)"/.exec(text);
      if (match) resolve(match[1]);
    });
  });
  return { url, async end() { child.kill('SIGINT'); await ended; rmSync(data, { recursive: true, force: true }); } };
}

const median = (values) => { const sorted = [...values].sort((a, b) => a - b); return sorted[Math.floor(sorted.length / 2)]; };
const seconds = (value) => (value / 1000).toFixed(2);

const sandbox = await startSandbox();
const loads = [loadavg()[0]];
const rows = new Map();
const note = (row, value) => { if (!rows.has(row)) rows.set(row, []); rows.get(row).push(value); };
try {
  const manifest = `${sandbox.url}vod/browser/cenc/manifest.mpd`;
  const origin = new URL(sandbox.url).origin;
  const running = [manifest, '--license-url', `${sandbox.url}clearkey`, '--key-system', 'clearkey', '--allow-origin', origin];
  for (let round = -1; round < rounds; round++) {   // the first is not counted
    const served = await playFirstSample(running);
    const bundled = await playFirstSample([]);
    const shaka = await shakaFirstFrame(manifest);
    if (round < 0) continue;
    note('keyway play MANIFEST: process start to first clear sample', served.first);
    note('keyway play MANIFEST: whole run', served.whole);
    note('keyway play, with a sandbox of its own: process start to first clear sample', bundled.first);
    note('keyway play, with a sandbox of its own: whole run', bundled.whole);
    note('Shaka Player: load() to first frame', shaka.load);
    note('Shaka Player: navigation to first frame', shaka.page);
    note('Shaka Player: browser start to first frame', shaka.process);
    loads.push(loadavg()[0]);
  }
} finally {
  await sandbox.end();
}

console.log(`${cpus().length} processors (${cpus()[0].model}), ${rounds} rounds in turn, load ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}, ${new Date().toISOString().slice(0, 10)}\n`);
console.log('| What, in seconds | min | median | max |\n|---|---|---|---|');
for (const [row, values] of rows) console.log(`| ${row} | ${seconds(Math.min(...values))} | ${seconds(median(values))} | ${seconds(Math.max(...values))} |`);
