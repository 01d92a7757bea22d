// @ts-check
/**
 * What the relay answers, and what the modules of the page hand each other. Times of the presentation are seconds on its one timeline.
 *
 * @typedef {object} Segment
 * @property {string} address relative to the page
 * @property {number} start
 * @property {number} duration
 * @property {string | null} key the key id it was protected with, 32 hexadecimal digits; null: none, or not known yet
 *
 * @typedef {object} Rendition as the relay tells it
 * @property {string} id
 * @property {string} kind video, audio, text, image or other
 * @property {string} mime
 * @property {string} [codecs]
 * @property {number} [width]
 * @property {number} [height]
 * @property {string} [frameRate]
 * @property {number} [bandwidth] bits a second
 * @property {string} [language]
 * @property {string} [label]
 * @property {string[]} [roles]
 * @property {boolean} [trickMode]
 * @property {number} set renditions of one set are one thing in several qualities
 * @property {boolean} [chosen]
 * @property {boolean} [protected]
 * @property {string[]} [keys]
 * @property {boolean} served
 * @property {{ reason?: string, text?: string, page?: string, code?: string }} [refused]
 * @property {string} [init]
 * @property {string} [segments]
 * @property {'mse' | 'file' | 'vtt' | 'other'} media
 * @property {string} [file]
 * @property {number} [offset] what is added to times of its media
 *
 * @typedef {object} MapAnswer
 * @property {number} version
 * @property {'opening' | 'ready' | 'failed'} state
 * @property {boolean} live
 * @property {boolean} [ended]
 * @property {number} now
 * @property {number} [availabilityStartAt]
 * @property {number} [duration]
 * @property {{ start: number, end: number }} [window]
 * @property {number} [delay]
 * @property {number} [reloadAfter]
 * @property {{ reason?: string, text?: string, page?: string, code?: string }} [problem] where its state is failed
 * @property {{ id: string, name?: string, start: number, duration?: number, renditions: Rendition[] }[]} periods
 *
 * @typedef {object} SegmentsAnswer
 * @property {number} version
 * @property {{ u: string, n: number, s: number, d: number, k?: number }[]} segments
 * @property {string[]} [keys]
 *
 * @typedef {object} TrackParts what the page has made of a rendition
 * @property {import('./timeline.js').SegmentList} segments
 * @property {string} codecs
 * @property {number} bandwidth
 * @property {string} language
 * @property {string} label
 * @property {string[]} roles
 * @property {string[]} keys
 * @property {number} offset
 * @property {Problem | null} refused
 *
 * @typedef {Omit<Rendition, keyof TrackParts> & TrackParts} Track
 *
 * @typedef {object} Period
 * @property {string} id
 * @property {number} start
 * @property {number | null} end
 * @property {Track[]} tracks
 *
 * @typedef {object} Problem why something is not there
 * @property {string} kind a word
 * @property {string} message
 * @property {string | null} code the vendor's
 * @property {string | null} page address of the page of docs/errors
 * @property {number} [status]
 *
 * @typedef {object} StoryItem
 * @property {number} id
 * @property {number} at unix seconds
 * @property {number} ms since the relay began
 * @property {string} kind
 * @property {'info' | 'warn' | 'error'} level
 * @property {string} text
 * @property {Record<string, any>} data
 *
 * @typedef {object} KeyFact
 * @property {string} id
 * @property {string} status
 * @property {number} [expiresAt] unix seconds
 * @property {boolean} [export]
 *
 * @typedef {object} SessionFact
 * @property {string} id
 * @property {string} keySystem
 * @property {string} [provider]
 * @property {string} state
 * @property {number} [exchanges]
 * @property {string} [host]
 * @property {number} [renewAt] unix seconds
 * @property {number} [expiresAt] unix seconds
 * @property {string} [keyFile]
 * @property {KeyFact[]} keys
 * @property {{ reason?: string, text?: string, advice?: string, page?: string, code?: string }} [failure]
 *
 * @typedef {object} HeaderFact
 * @property {string} system
 * @property {string} [systemId]
 * @property {string[]} [kids]
 * @property {boolean} [kidsInferred]
 * @property {number} [dataSize]
 * @property {string[]} [sources]
 * @property {{ contentId?: string, licenseUrl?: string, facts?: { name: string, value: string }[] }} [decoded]
 * @property {string} [problem]
 *
 * @typedef {object} Facts
 * @property {string} [source]
 * @property {string} [kind]
 * @property {boolean} [dynamic]
 * @property {HeaderFact[]} [headers]
 * @property {string[]} [licenseUrls]
 * @property {any[]} [conflicts]
 * @property {{ chosen?: string, reason?: string, others?: { name: string, reason?: string }[] }} [keySystem]
 * @property {string[]} [notes]
 * @property {string} [provider]
 * @property {boolean} [faults]
 * @property {string} [version]
 */
export {};
