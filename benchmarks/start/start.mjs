#!/usr/bin/env node
// How long until the first clear sample: keyway from the start of its process, Shaka Player in a fresh page of a fresh browser, in turn in one run, on
// the bundled sample that one sandbox serves, with its Clear Key licence by HTTP. README.md says how to run it.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserArguments, chromium, limit, now, players, removeProfile, Rounds } from '../rounds.mjs';

const keyway = process.argv[2];
const rounds = Number(process.argv[3] ?? 7);
if (!keyway || !(rounds > 0)) {
  console.error('start.mjs KEYWAY [ROUNDS]: KEYWAY is the published program');
  process.exit(2);
}

const here = dirname(fileURLToPath(import.meta.url));

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
    ...browserArguments(profile),
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
    await removeProfile(profile);
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

const sandbox = await startSandbox();
const measured = new Rounds();
try {
  const manifest = `${sandbox.url}vod/browser/cenc/manifest.mpd`;
  const origin = new URL(sandbox.url).origin;
  const running = [manifest, '--license-url', `${sandbox.url}clearkey`, '--key-system', 'clearkey', '--allow-origin', origin];
  for (let round = -1; round < rounds; round++) {   // the first is not counted
    const served = await playFirstSample(running);
    const bundled = await playFirstSample([]);
    const shaka = await shakaFirstFrame(manifest);
    if (round < 0) continue;
    measured.note('keyway play MANIFEST: process start to first clear sample', served.first);
    measured.note('keyway play MANIFEST: whole run', served.whole);
    measured.note('keyway play, with a sandbox of its own: process start to first clear sample', bundled.first);
    measured.note('keyway play, with a sandbox of its own: whole run', bundled.whole);
    measured.note('Shaka Player: load() to first frame', shaka.load);
    measured.note('Shaka Player: navigation to first frame', shaka.page);
    measured.note('Shaka Player: browser start to first frame', shaka.process);
    measured.end();
  }
} finally {
  await sandbox.end();
}

measured.print();
