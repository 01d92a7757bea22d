// @ts-check
/** The player's controls, and what is said of its state. */

import { announce, get, make, safeLink, setText } from './dom.js';
import { clock, duration, rate, spaced } from './format.js';
import { nameOf } from './player.js';

/** @typedef {import('./player.js').Player} Player */

const Words = /** @type {Record<string, string>} */ ({ starting: 'Starting', playing: 'Playing', paused: 'Paused', waiting: 'Waiting', ended: 'Ended', failed: 'Not playing' });
const Waits = /** @type {Record<string, string>} */ ({ key: 'Waiting for a key', due: 'Waiting for the next segment', network: 'The source does not answer; trying again' });
const Shapes = /** @type {const} */ ({ play: 'M7 4l13 8-13 8z', pause: 'M6 4h4v16H6zm8 0h4v16h-4z', sound: 'M15 8.5a5 5 0 0 1 0 7M17.5 6a8.500 8.500 0 0 1 0 12', muted: 'M16 9l6 6M22 9l-6 6' });

/**
 * @param {Player} player
 * @param {ReturnType<typeof import('./captions.js').startCaptions>} captions
 */
export function startControls(player, captions) {
  const { video } = player;
  const seek = /** @type {HTMLInputElement} */ (get('seek')), volume = /** @type {HTMLInputElement} */ (get('volume'));
  const quality = /** @type {HTMLSelectElement} */ (get('quality')), audio = /** @type {HTMLSelectElement} */ (get('audio')), speed = /** @type {HTMLSelectElement} */ (get('speed'));
  let isDragging = false, saidState = '';

  const toggle = () => { if (video.paused || video.ended) void player.play(); else player.pause(); };
  const toggleMute = () => { video.muted = !video.muted; };
  const toggleFullscreen = () => { if (document.fullscreenElement) void document.exitFullscreen(); else void get('stage').requestFullscreen?.().catch(() => {}); };
  const togglePicture = () => { if (document.pictureInPictureElement) void document.exitPictureInPicture(); else void video.requestPictureInPicture?.().catch(() => {}); };

  get('play').addEventListener('click', toggle);
  video.addEventListener('click', toggle);
  get('mute').addEventListener('click', toggleMute);
  get('sound').addEventListener('click', () => { video.muted = false; });
  get('fullscreen').addEventListener('click', toggleFullscreen);
  get('picture').addEventListener('click', togglePicture);
  get('picture').hidden = !document.pictureInPictureEnabled;
  get('live').addEventListener('click', () => player.toLive());
  volume.addEventListener('input', () => { video.volume = Number(volume.value); video.muted = false; });
  seek.addEventListener('input', () => { isDragging = true; player.seek(Number(seek.value)); show(); });
  seek.addEventListener('change', () => { isDragging = false; });
  speed.addEventListener('change', () => { video.playbackRate = Number(speed.value); });
  quality.addEventListener('change', () => player.chooseVideo(quality.value === '' ? null : { bandwidth: Number(quality.value) }));
  audio.addEventListener('change', () => player.chooseAudio(audio.value));

  let due = false;
  const soon = () => {
    if (due) return;
    due = true;
    // Not by frames of the picture: those stop where the page is not seen, and what is said of the state would be old.
    setTimeout(() => { due = false; show(); }, 60);
  };
  player.addEventListener('change', soon);
  video.addEventListener('timeupdate', soon);
  setInterval(soon, 500);
  show();

  function show() {
    const { timeline, position, state, waitingFor } = player;
    document.documentElement.dataset.state = state;
    if (player.firstFrame !== null) document.documentElement.dataset.firstFrame = String(Math.round(player.firstFrame));
    const isPlaying = !video.paused && !video.ended;
    get('play').setAttribute('aria-label', isPlaying ? 'Pause' : 'Play');
    get('play-shape').setAttribute('d', isPlaying ? Shapes.pause : Shapes.play);
    get('mute').setAttribute('aria-pressed', String(video.muted));
    get('mute-shape').setAttribute('d', video.muted ? Shapes.muted : Shapes.sound);
    get('sound').hidden = !(player.isForcedMute && video.muted && isPlaying);
    if (document.activeElement !== volume) volume.value = String(video.muted ? 0 : video.volume);

    seek.min = String(timeline.start);
    seek.max = String(Math.max(player.end, timeline.start + 0.1));
    if (!isDragging) seek.value = String(position);
    const behind = player.latency;
    const spoken = behind === null ? `${clock(position)} of ${clock(player.end)}` : player.isAtEdge ? 'live' : `${clock(behind)} behind live`;
    if (seek.getAttribute('aria-valuetext') !== spoken) seek.setAttribute('aria-valuetext', spoken);
    setText(get('time'), behind === null ? `${clock(position)} / ${clock(player.end)}` : timeline.zeroAt === null ? `−${clock(behind)}` : new Date((timeline.zeroAt + position) * 1000).toLocaleTimeString([], { hour12: false }));
    get('live').hidden = !timeline.isLive;
    get('live').classList.toggle('at-edge', player.isAtEdge);
    get('live').setAttribute('aria-label', player.isAtEdge ? 'Live' : 'Go to live');

    const overlay = get('overlay'), isStuck = state === 'waiting' || state === 'starting';
    overlay.hidden = !isStuck || player.problem !== null;
    if (isStuck) setText(overlay, waitingFor ? Waits[waitingFor] : state === 'starting' ? 'Opening …' : 'Buffering …');
    if (player.problem) showProblem(player.problem);
    else get('problem').hidden = true;
    showChoices();
    showNumbers();

    if (saidState !== state) {
      if (state === 'playing' && saidState === 'starting') announce('Playing');
      if (state === 'ended') announce('The end');
      saidState = state;
    }

    const badge = document.querySelector('.badges .state');
    if (badge instanceof HTMLElement) setText(badge, behind !== null && state === 'playing' ? `Live −${behind.toFixed(1)} s` : Words[state]);
  }

  /** @param {import('./types.js').Problem} problem */
  function showProblem(problem) {
    get('problem').hidden = false;
    setText(get('problem-title'), ['Not playing', problem.kind === 'unknown' ? '' : `: ${spaced(problem.kind)}`, problem.code ? ` (${problem.code})` : ''].join(''));
    setText(get('problem-text'), problem.message);
    const link = /** @type {HTMLAnchorElement} */ (get('problem-page')), address = safeLink(problem.page);
    link.hidden = address === null;
    if (address !== null) link.href = address;
  }

  function showChoices() {
    const period = player.timeline.periodAt(player.position);
    if (!period) return;
    const videos = [...player.playable('video', period)].sort((a, b) => b.bandwidth - a.bandwidth);
    const now = player.feeders.find(({ kind }) => kind === 'video')?.track;
    fill(quality, [['', now && !player.chosen.video ? `Auto (${now.height ?? rate(now.bandwidth)}${now.height ? 'p' : ''})` : 'Auto'], ...videos.map((track) => [String(track.bandwidth), track.height ? `${track.height}p · ${rate(track.bandwidth)}` : rate(track.bandwidth)])], player.chosen.video ? String(nearest(videos, player.chosen.video.bandwidth)) : '');
    const sounds = [...new Map(player.playable('audio', period).map((track) => [nameOf(track), track])).keys()];
    const playing = player.feeders.find(({ kind }) => kind === 'audio')?.track;
    fill(audio, sounds.length > 0 ? sounds.map((name) => [name, name]) : [['', 'None']], player.chosen.audio ?? (playing ? nameOf(playing) : sounds[0] ?? ''));
    audio.disabled = sounds.length < 2;
    captions.show();
  }

  function showNumbers() {
    const { feeders, timeline } = player, track = feeders.find(({ kind }) => kind === 'video')?.track ?? feeders[0]?.track;
    const quality = video.getVideoPlaybackQuality?.();
    const level = feeders.length > 0 ? Math.min(...feeders.map((feeder) => feeder.done ? Infinity : feeder.level)) : 0;
    const all = /** @type {[string, string][]} */ ([
      ['Rendition', track ? `${track.height ? `${track.width}×${track.height}` : rate(track.bandwidth)}` : '–'],
      ['Buffer', level === Infinity ? 'to the end' : `${level.toFixed(1)} s`],
      ['Throughput', player.throughput.bytes > 0 ? rate(player.throughput.estimate) : '–'],
      ['First picture', player.firstFrame === null ? '–' : duration(player.firstFrame)],
      ['Frames', quality ? `${quality.totalVideoFrames}, ${quality.droppedVideoFrames} late` : '–'],
      ['Stalls', `${player.stalls}${player.stalledFor > 0 ? ` (${(player.stalledFor / 1000).toFixed(1)} s)` : ''}`],
    ]);
    if (timeline.isLive) all.splice(2, 0, ['Behind live', player.latency === null ? '–' : `${player.latency.toFixed(1)} s`]);
    const list = get('numbers');
    if (list.children.length !== all.length) list.replaceChildren(...all.map(([name]) => make('div', {}, make('dt', { text: name }), make('dd'))));
    all.forEach(([, value], i) => setText(/** @type {HTMLElement} */ (list.children[i].lastElementChild), value));
  }

  return { player, toggle, toggleMute, toggleFullscreen, togglePicture, toggleCaptions: captions.toggle };
}

/**
 * @param {HTMLSelectElement} select
 * @param {string[][]} options value and text
 * @param {string} chosen
 */
export function fill(select, options, chosen) {
  const same = select.options.length === options.length && options.every(([value, text], i) => select.options[i].value === value && select.options[i].text === text);
  if (!same) select.replaceChildren(...options.map(([value, text]) => make('option', { value, text })));
  if (select.value !== chosen) select.value = chosen;
}

/** @param {import('./types.js').Track[]} tracks @param {number} bandwidth */
function nearest(tracks, bandwidth) {
  return tracks.reduce((best, { bandwidth: other }) => (Math.abs(other - bandwidth) < Math.abs(best - bandwidth) ? other : best), tracks[0]?.bandwidth ?? 0);
}
