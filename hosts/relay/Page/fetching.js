// @ts-check
/** Segments from the relay, with its answers understood: not due yet, key on its way, gone, refused. */

/** @typedef {import('./types.js').Problem} Problem */

/** The relay says no, and asking again is of no use. */
export class Refused extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** The segment is not there, gone from the window, or not to be had from its source. */
export class Gone extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** How often an answer that may become another is asked for again. */
const Tries = 40;

/** How often an address that is not there, or fails, is asked for before it is a gap. */
const FailedTries = 3;

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', stop, { once: true });
    function done() {
      signal.removeEventListener('abort', stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}

/**
 * What an answer says of its failure (RFC 9457).
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
export async function problemOf(response) {
  /** @type {Record<string, any>} */
  let body = {};
  try {
    body = await response.json();
  } catch {
    // No JSON: the status has to do.
  }

  return {
    kind: String(body.reason ?? body.title ?? response.status),
    message: String(body.detail ?? body.title ?? `The relay answered ${response.status}.`),
    code: body.code === undefined || body.code === null ? null : String(body.code),
    page: typeof body.type === 'string' && body.type !== 'about:blank' ? body.type : null,
    status: response.status,
  };
}

/**
 * Durations of Server-Timing, by name.
 * @param {string} header
 * @returns {Record<string, number>}
 */
function timings(header) {
  return Object.fromEntries(header.split(',').map((part) => /^\s*([\w-]+)\s*;\s*dur=([\d.]+)/.exec(part)).filter((match) => match !== null).map((match) => [match[1], Number(match[2])]));
}

/**
 * @typedef {object} Fetched
 * @property {ArrayBuffer} bytes
 * @property {number} began by performance.now()
 * @property {number} milliseconds from the request that was answered to its last byte
 * @property {number} waited milliseconds that were spent waiting for a key, or until the segment was due
 * @property {number | null} source milliseconds that the relay waited for the source
 * @property {number | null} decrypt milliseconds that it took to decrypt
 * @property {string[]} keys key ids that it was protected with
 */

/**
 * Fetches a segment.
 * @param {string} address
 * @param {AbortSignal} signal
 * @param {(why: 'key' | 'due' | 'network' | null) => void} waiting told when the answer is to wait, and with null when that is over
 * @returns {Promise<Fetched>}
 */
export async function fetchSegment(address, signal, waiting) {
  const first = performance.now();
  let failures = 0, told = false;
  const wait = async (/** @type {'key' | 'due' | 'network'} */ why, /** @type {number} */ milliseconds) => {
    told = true;
    waiting(why);
    await pause(milliseconds, signal);
  };
  for (let tries = 0; ; tries++) {
    const began = performance.now();
    /** @type {Response} */
    let response;
    try {
      response = await fetch(address, { signal, cache: 'no-store' });
      if (response.ok) {
        const bytes = await response.arrayBuffer();
        if (told) waiting(null);
        const timing = timings(response.headers.get('Server-Timing') ?? ''), keys = (response.headers.get('X-Keyway-Keys') ?? '').split(',').map((key) => key.trim()).filter(Boolean);
        return { bytes, began, milliseconds: performance.now() - began, waited: began - first + (timing.wait ?? 0), source: timing.fetch ?? null, decrypt: timing.decrypt ?? null, keys };
      }
    } catch (error) {
      if (signal.aborted) throw error;
      // The relay is away, or the answer broke off: it may come back, so long as the page is open.
      await wait('network', Math.min(8_000, 500 * 2 ** Math.min(failures++, 4)));
      continue;
    }

    const after = Number(response.headers.get('Retry-After')) || 1, { status } = response;
    if (status === 503 && tries < Tries) await wait('key', after * 1000);
    else if (status === 425 && tries < Tries) await wait('due', Math.min(after, 2) * 1000);
    else if (status === 403 || status === 503) throw new Refused(await problemOf(response));
    else if (status === 404 || status === 410 || ++failures >= FailedTries) throw new Gone(await problemOf(response));
    else await wait('network', 1000 * failures);
  }
}
