'use strict';

const $ = (id) => document.getElementById(id);
const seconds = (text) => { // [d.]hh:mm:ss.fffffff, as .NET writes it
  const m = /^(-)?(?:(\d+)\.)?(\d+):(\d+):([\d.]+)$/.exec(text ?? '');
  return m ? (m[1] ? -1 : 1) * (((+(m[2] ?? 0) * 24 + +m[3]) * 60 + +m[4]) * 60 + +m[5]) : null;
};
const span = (s) => s === null ? '' : s < 1 ? `${Math.round(s * 1000)} ms` : s < 120 ? `${s.toFixed(1)} s` : s < 7200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;
const ago = (time) => time ? `${span(Math.max(0, (Date.now() - Date.parse(time)) / 1000))} ago` : '';
const ahead = (time) => { const s = (Date.parse(time) - Date.now()) / 1000; return s > 0 ? `in ${span(s)}` : `${span(-s)} ago`; };

// Names and texts come from content and servers: they are text, and never markup.
function cell(row, text, kind) {
  const td = row.insertCell();
  if (text instanceof Node) td.append(text); else td.textContent = text ?? '';
  if (kind) td.className = kind;
  return td;
}

function fill(table, rows, each) {
  const body = document.createElement('tbody');
  for (const row of rows) each(body.insertRow(), row);
  $(table).tBodies[0].replaceWith(body);
}

function link(name) {
  const a = document.createElement('a');
  a.href = `/streams/${encodeURIComponent(name)}`;
  a.textContent = name;
  return a;
}

async function ask(address) {
  const token = sessionStorage.getItem('token');
  const answer = await fetch(address, { headers: token ? { Authorization: `Bearer ${token}` } : {} });
  if (answer.status === 401) {
    const given = prompt('Token');
    if (given) { sessionStorage.setItem('token', given); return ask(address); }
  }
  if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.problem ?? `the fleet answered ${answer.status}`);
  return answer.json();
}

function head(overview) {
  const counts = overview.counts;
  $('counts').replaceChildren(...[['', `${counts.streams} streams`], ['ok', `${counts.ok} ok`], ['warning', `${counts.warning} warning`], ['critical', `${counts.critical} critical`], ['unknown', `${counts.unknown} unknown`]]
    .map(([kind, text]) => { const s = document.createElement('span'); s.className = kind; s.textContent = `${text}  `; return s; }));
  $('silos').textContent = Object.entries(counts.silos).map(([name, count]) => `${name}: ${count}`).join(', ');
  $('problem').hidden = overview.mistakes.length === 0;
  $('problem').textContent = overview.mistakes.join('; ');
}

async function fleet() {
  $('fleet').hidden = false;
  const query = new URLSearchParams({ text: $('text').value, failing: $('failing').checked, take: 300 });
  const [overview, page] = await Promise.all([ask('/api/overview'), ask(`/api/streams?${query}`)]);
  head(overview);
  $('no-alerts').hidden = overview.alerts.length > 0;
  $('alerts').hidden = overview.alerts.length === 0;
  fill('alerts', overview.alerts, (row, alert) => {
    cell(row, ago(alert.since), 'when');
    cell(row, alert.severity, alert.severity.toLowerCase());
    const what = cell(row, '');
    what.append(`${alert.subject} `, alert.subject === 'stream' ? link(alert.name) : alert.name);
    if (alert.streams > 1) what.append(` (${alert.streams}: `, ...alert.examples.flatMap((name, i) => i ? [', ', link(name)] : [link(name)]), alert.streams > alert.examples.length ? ', …)' : ')');
    cell(row, alert.check);
    cell(row, alert.text + (alert.isFlapping ? ' (again and again)' : ''));
  });
  $('shown').textContent = page.rows.length < page.count ? `${page.rows.length} of ${page.count}` : `${page.count}`;
  fill('streams', page.rows, (row, stream) => {
    cell(row, link(stream.name));
    const state = stream.worst ? stream.worst.toLowerCase() : stream.seenAt ? 'ok' : 'unknown';
    cell(row, state, state);
    cell(row, stream.failing.join(', '));
    cell(row, stream.kind);
    cell(row, stream.keySystem);
    cell(row, stream.licenses || '', 'number');
    cell(row, stream.origin);
    cell(row, stream.provider);
    cell(row, ago(stream.seenAt), 'when');
    cell(row, stream.silo);
  });
}

async function story(name) {
  $('story').hidden = false;
  const [overview, report] = await Promise.all([ask('/api/overview'), ask(`/api/streams/${encodeURIComponent(name)}`)]);
  head(overview);
  document.title = `${name} - Keyway fleet`;
  $('name').textContent = name;
  const s = report.summary;
  $('about').textContent = `${s.address} · ${s.kind || 'not read yet'} · every ${report.periodSeconds} s · last look ${ago(s.seenAt)} by ${s.silo}${report.manifestTook ? `, in ${span(seconds(report.manifestTook))}` : ''}${report.segmentSpeed ? ` · segments ${report.segmentSpeed.toFixed(1)} times as fast as they are played` : ''} · ${report.offer}`;
  fill('checks', report.checks, (row, check) => {
    cell(row, check.name);
    const kind = check.state === 'Failing' ? check.severity.toLowerCase() : check.state.toLowerCase();
    cell(row, check.state === 'Unknown' ? '–' : check.state.toLowerCase(), kind);
    cell(row, check.state === 'Unknown' ? '' : ago(check.since), 'when');
    cell(row, check.text);
  });
  fill('keys', report.keys, (row, key) => {
    cell(row, key.keyIds.length ? key.keyIds.join(' ') : 'those that the content names');
    cell(row, key.isCurrent ? 'now' : key.neededAt ? ahead(key.neededAt) : 'announced', 'when');
    const license = key.license;
    cell(row, license ? `${license.state.toLowerCase()}${license.failure ? `: ${license.failure}` : ''}` : 'not asked for', license?.state === 'Held' ? 'ok' : license ? 'critical' : '');
    cell(row, license?.roundTrip ? span(seconds(license.roundTrip)) : '', 'when');
    cell(row, license?.expires ? ahead(license.expires) : '', 'when');
    cell(row, license?.silo);
    cell(row, key.decrypt === 'None' ? '' : `${key.decryptText} (${ago(key.decryptedAt)})`, key.decrypt === 'Failed' ? 'critical' : key.decrypt === 'Clear' ? 'ok' : '');
  });
  $('headers').replaceChildren(...report.protection.map((text) => { const li = document.createElement('li'); li.textContent = text; return li; }));
  fill('events', [...report.story].reverse(), (row, event) => {
    cell(row, new Date(event.at).toLocaleTimeString(), 'when').title = event.at;
    cell(row, event.about);
    cell(row, event.text);
  });
}

async function again() {
  const name = /^\/streams\/([^/]+)$/.exec(location.pathname)?.[1];
  try {
    await (name ? story(decodeURIComponent(name)) : fleet());
  } catch (error) {
    $('problem').hidden = false;
    $('problem').textContent = error.message;
  }
  setTimeout(again, 2000);
}

$('filter').addEventListener('submit', (event) => event.preventDefault());
for (const id of ['text', 'failing']) $(id).addEventListener('input', () => fleet().catch(() => {}));
again();
