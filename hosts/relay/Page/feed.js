// @ts-check
/**
 * The story as it is told. A browser opens six connections to one host, and a stream of events holds one for as long as a page is open: so one page
 * of a browser, whichever has the lock, listens for all of them and passes on what it hears. When it is closed, another takes its place.
 */

/** @typedef {import('./types.js').StoryItem} StoryItem */

/** Items that are kept for pages that come later, and for the report. */
const Kept = 10_000;

export class StoryFeed extends EventTarget {
  constructor() {
    super();
    /** @type {Map<number, StoryItem>} */
    this.items = new Map();
    this.isLeader = false;
    this.isConnected = false;
    /** @type {EventSource | null} */
    this.source = null;
    /** Gives the lock back. */
    this.leave = () => {};
    // The address holds the token of a run: pages of an older run are not of this story.
    const name = `keyway-story ${location.pathname}`;
    this.name = name;
    this.channel = new BroadcastChannel(name);
  }

  start() {
    this.channel.addEventListener('message', ({ data }) => this.#hear(data));
    this.#listen();
    // A browser may keep a page that was left, lock and all, for whoever comes back: then another is to listen in the meantime.
    addEventListener('pagehide', () => this.leave());
    addEventListener('pageshow', ({ persisted }) => { if (persisted) this.#listen(); });
  }

  #listen() {
    if (!navigator.locks) {
      this.#lead();
      return;
    }

    void navigator.locks.request(this.name, () => {
      this.#lead();
      return new Promise((resolve) => {   // held until the page is left
        this.leave = () => {
          this.source?.close();
          this.isLeader = false;
          resolve(undefined);
        };
      });
    });
    this.channel.postMessage({ ask: true });
  }

  /** @param {{ ask?: boolean, items?: StoryItem[], connected?: boolean }} message */
  #hear({ ask, items, connected }) {
    if (ask && this.isLeader) this.channel.postMessage({ items: [...this.items.values()], connected: this.isConnected });
    for (const item of items ?? []) this.#take(item);
    if (connected !== undefined) this.#connect(connected);
  }

  #lead() {
    this.isLeader = true;
    const last = [...this.items.keys()].reduce((most, id) => Math.max(most, id), 0);
    const source = this.source = new EventSource(last > 0 ? `story?after=${last}` : 'story');
    source.addEventListener('item', ({ data }) => {
      /** @type {StoryItem} */
      let item;
      try {
        item = JSON.parse(data);
      } catch {
        return;   // a line of another version of the relay
      }

      if (!this.#take(item)) return;
      this.channel.postMessage({ items: [item] });
      if (item.kind === 'end') source.close();
    });
    const connect = (/** @type {boolean} */ is) => {
      this.#connect(is);
      this.channel.postMessage({ connected: is });
    };
    source.addEventListener('open', () => connect(true));
    source.addEventListener('error', () => connect(false));
  }

  /** @param {StoryItem} item @returns {boolean} whether it is new */
  #take(item) {
    if (this.items.has(item.id)) return false;
    this.items.set(item.id, item);
    if (this.items.size > Kept) this.items.delete(/** @type {number} */ (this.items.keys().next().value));
    this.dispatchEvent(new CustomEvent('item', { detail: item }));
    return true;
  }

  /** @param {boolean} is */
  #connect(is) {
    this.isConnected = is;
    this.dispatchEvent(new Event('connection'));
  }
}
