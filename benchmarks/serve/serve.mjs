#!/usr/bin/env node
// How soon there is a picture: the page of keyway serve, and Shaka Player with Clear Key, each in a fresh Chromium with an empty profile, in turn in one
// run, on the same content; and how soon keyway serve has a clear segment. README.md says how to run it.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserArguments, chromium, limit, now, pause, players, removeProfile, Rounds } from '../rounds.mjs';

const keyway = process.argv[2], rounds = Number(process.argv[3] ?? 9);
if (!keyway || !(rounds > 0)) {
  console.error('serve.mjs KEYWAY [ROUNDS]: KEYWAY is the published program');
  process.exit(2);
}

const here = dirname(fileURLToPath(import.meta.url));

/** The same watch in both pages: the first picture is decoded with 'loadeddata' and shown with the frame callback, whichever the browser says first. */
const watch = `addEventListener('DOMContentLoaded', () => {
  const video = document.querySelector('video'), tell = () => { globalThis.firstPicture ??= performance.now(); };
  video.addEventListener('loadeddata', tell, { once: true });
  video.requestVideoFrameCallback(tell);
});`;

/** A program, whose first text that matches is waited for. */
async function start(program, args, pattern) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] }), began = now();
  const ended = new Promise((resolve) => { child.on('close', resolve); });
  let said = '';
  const found = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${program} ${args.join(' ')} said nothing of use\n${said}`)), limit);
    const hear = (piece) => {
      said += piece;
      const match = pattern.exec(said);
      if (!match) return;
      clearTimeout(timer);
      resolve(match[1]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    ended.then((code) => reject(new Error(`${program} ${args.join(' ')} ended: ${code}\n${said}`)));
  });
  return { found, began, async end() { child.kill('SIGINT'); await ended; } };
}

/** From the start of keyway's process until the first media segment is there clear, as any player would ask for it. */
async function firstSegment(args) {
  const serve = await start(keyway, ['serve', ...args], /(http:\/\/\S+?\/[0-9a-f]{32}\/)/);
  const told = now() - serve.began;
  try {
    const base = serve.found;
    const read = async (address) => {
      for (;;) {
        const response = await fetch(new URL(address, base));
        if (response.ok) return response;
        if (now() - serve.began > limit) throw new Error(`${address}: ${response.status}`);
        await pause(20);
      }
    };
    let map;
    do map = await (await read('map?ready')).json(); while (map.state === 'opening' && now() - serve.began < limit);
    if (map.state !== 'ready') throw new Error(`keyway serve: ${JSON.stringify(map)}`);
    const rendition = map.periods[0].renditions.filter(({ kind, served }) => kind === 'video' && served).sort((a, b) => a.bandwidth - b.bandwidth)[0];
    const { segments } = await (await read(rendition.segments)).json();
    const bytes = Buffer.from(await (await read(segments[0].u)).arrayBuffer());
    if (!bytes.includes('mdat')) throw new Error('no media came');
    return { told, first: now() - serve.began, base, end: serve.end };
  } catch (error) {
    await serve.end();
    throw error;
  }
}

/** A fresh browser that opens an address; milliseconds from the navigation, and from the start of the browser, to the first picture. */
async function firstPicture(url) {
  const profile = mkdtempSync(join(tmpdir(), 'keyway-serve-')), began = now();
  const browser = spawn(chromium, [
    ...browserArguments(profile), '--remote-debugging-pipe', 'about:blank',
  ], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => { browser.on('close', resolve); });
  const waiting = new Map();
  let rest = '', last = 0;
  browser.stdio[4].on('data', (piece) => {
    const parts = (rest + piece).split('\0');
    rest = parts.pop();
    for (const part of parts) {
      const { id, result, error } = JSON.parse(part);
      if (id !== undefined) waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
    }
  });
  const call = (method, params = {}, sessionId = undefined) => new Promise((resolve) => {
    waiting.set(++last, resolve);
    browser.stdio[3].write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
  });
  try {
    const { targetInfos } = await call('Target.getTargets');
    const { sessionId } = await call('Target.attachToTarget', { targetId: targetInfos.find(({ type }) => type === 'page').targetId, flatten: true });
    await call('Page.enable', {}, sessionId);
    await call('Page.addScriptToEvaluateOnNewDocument', { source: watch }, sessionId);
    const browserTook = now() - began;
    await call('Page.navigate', { url }, sessionId);
    for (;;) {
      const { result } = await call('Runtime.evaluate', { expression: 'globalThis.firstPicture ?? null', returnByValue: true }, sessionId);
      if (typeof result?.value === 'number') return { page: result.value, process: browserTook + result.value };
      if (now() - began > limit) throw new Error(`no picture: ${url.replace(/[0-9a-f]{32}/, 'TOKEN')}`);
      await pause(25);
    }
  } finally {
    browser.kill();
    await ended;
    await removeProfile(profile);
  }
}

/** A server for Shaka Player's page: the one of benchmarks/start. */
async function shakaServer() {
  const files = new Map([
    ['/', ['text/html', readFileSync(join(here, '../start/page.html'))]],
    ['/shaka.js', ['text/javascript', readFileSync(join(players, 'node_modules/shaka-player/dist/shaka-player.compiled.js'))]],
  ]);
  const server = createServer((request, response) => {
    const [type, body] = files.get(new URL(request.url, 'http://localhost').pathname) ?? [];
    response.writeHead(request.method === 'POST' ? 204 : body ? 200 : 404, type ? { 'Content-Type': type } : {}).end(request.method === 'POST' ? undefined : body);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return server;
}

const data = mkdtempSync(join(tmpdir(), 'keyway-serve-'));
const sandbox = await start(keyway, ['sandbox', '--port', '0', '--data', data, '--json'], /"url":\s*"([^"]+)"/);
const server = await shakaServer();
const measured = new Rounds();
try {
  const manifest = `${sandbox.found}vod/browser/cenc/manifest.mpd`, shakaPage = `http://localhost:${server.address().port}/?manifest=${encodeURIComponent(manifest)}`;
  const running = [manifest, '--license-url', `${sandbox.found}clearkey`, '--key-system', 'clearkey', '--allow-origin', new URL(sandbox.found).origin];
  for (let round = -1; round < rounds; round++) {   // the first is not counted
    const bundled = await firstSegment([]);
    await bundled.end();
    const served = await firstSegment(running);
    let page;
    try {
      page = await firstPicture(served.base);
    } finally {
      await served.end();
    }

    const shaka = await firstPicture(shakaPage);
    if (round < 0) continue;
    measured.note('the page of keyway serve: navigation to first picture', page.page);
    measured.note('Shaka Player, Clear Key: navigation to first picture', shaka.page);
    measured.note('keyway serve MANIFEST: process start to first clear segment', served.first);
    measured.note('keyway serve, with a sandbox of its own: process start to first clear segment', bundled.first);
    measured.note('keyway serve, with a sandbox of its own: process start to the address', bundled.told);
    measured.note('the page of keyway serve: browser start to first picture', page.process);
    measured.note('Shaka Player, Clear Key: browser start to first picture', shaka.process);
    measured.end();
  }
} finally {
  server.closeAllConnections();
  server.close();
  await sandbox.end();
  rmSync(data, { recursive: true, force: true });
}

console.log('# How soon `keyway serve` has a picture\n\n`benchmarks/serve/run.sh` wrote this; [its page](../serve/README.md) says what is measured.\n');
measured.print();
