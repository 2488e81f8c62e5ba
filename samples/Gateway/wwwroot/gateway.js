// The page of the gateway. Everything that comes from a server is shown as text, never as HTML: models, users and error
// messages are other people's words. The address after # says what is shown, so that Back and links work.

const $ = id => document.getElementById(id);
const secondsShown = 180;
const rowsShown = 20;

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumSignificantDigits: 3 });
const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const money = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', minimumFractionDigits: 2, maximumFractionDigits: 6 });
const alignedMoney = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', minimumFractionDigits: 6, maximumFractionDigits: 6 });
const exactMoney = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', maximumSignificantDigits: 15 });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const dayAndClock = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' });
const dayAndMinute = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' });

const number = value => whole.format(value);
const cost = value => value == null ? { text: 'unpriced', kind: 'none' }
  : { text: value > 0 && value < 1e-6 ? '< ' + money.format(1e-6) : alignedMoney.format(value), title: exactMoney.format(value) };
// For narrow columns; the exact number is the title.
const tokens = value => value < 100_000 ? number(value) : { text: short.format(value), title: number(value) };
const name = value => value ? { text: value.length > 100 ? value.slice(0, 100) + '…' : value, title: value } : { text: '(none)', kind: 'none' };
const plural = (count, one, many = one + 's') => `${number(count)} ${count === 1 ? one : many}`;
const duration = ms => ms < 1000 ? `${whole.format(ms)} ms` : ms < 60_000 ? `${tenths.format(ms / 1000)} s`
  : `${Math.floor(ms / 60_000)} min ${Math.floor(ms / 1000) % 60} s`;

function time(iso) {
  const at = new Date(iso);
  return { text: (at.toDateString() === new Date().toDateString() ? clock : dayAndClock).format(at), title: iso };
}

// A TimeSpan as .NET writes it, in milliseconds: [days.]hours:minutes:seconds[.fraction].
function milliseconds(span) {
  const [, days = 0, hours, minutes, seconds] = /^(?:(\d+)\.)?(\d+):(\d+):([\d.]+)$/.exec(span);
  return (((+days * 24 + +hours) * 60 + +minutes) * 60 + +seconds) * 1000;
}

// ---- The address: #view=records&userId=alice&period=week&record=GUID

const address = () => new URLSearchParams(location.hash.slice(1));
const filters = ['userId', 'apiKeyId', 'model', 'provider', 'status'];

/** A link to this address with some parts changed; null takes a part out. */
function linkTo(changes, from = address()) {
  for (const [key, value] of Object.entries(changes)) {
    value === null ? from.delete(key) : from.set(key, value);
  }
  return '#' + from;
}

const overviewLink = () => linkTo({ period: address().get('period') }, new URLSearchParams());
const recordsLink = filter => linkTo({ view: 'records', period: address().get('period'), ...filter }, new URLSearchParams());

function periodStart() {
  const period = address().get('period') ?? 'today';
  const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  return period === 'all' ? null : new Date(period === 'week' ? today - 6 * 86_400_000 : today).toISOString();
}

/** What the endpoints are asked: the period, the filters of the address and more. */
function query(more = {}) {
  const asked = new URLSearchParams(more);
  const from = periodStart();
  if (from) asked.set('from', from);
  if (address().get('view') === 'records') {
    for (const filter of filters) {
      if (address().has(filter)) asked.set(filter, address().get(filter));
    }
  }
  return asked;
}

async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(15_000) });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
  return response;
}

// ---- Elements

function element(kind, attributes = {}, ...children) {
  const made = document.createElement(kind);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function shape(kind, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', kind);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function setText(at, text) {
  if (at.textContent !== text) at.textContent = text;
}

/** Shows a message, or hides its place. */
function say(place, message) {
  place.hidden = !message;
  setText(place, message ?? '');
}

/** Shows items as rows. A row with the same key stays the same element, so that focus and selection outlive an update. */
function fill(body, items, keyOf, cellsOf, nothing) {
  const heads = body.parentElement.tHead.rows[0].cells;
  const focused = document.activeElement;
  const old = new Map([...body.rows].map(row => [row.dataset.key, row]));
  const rows = items.map(item => {
    const key = 'key ' + keyOf(item);
    const row = old.get(key) ?? newRow(key, heads);
    old.delete(key);
    cellsOf(item).forEach((cell, i) => updateCell(row.cells[i], heads[i].className, cell));
    return row;
  });
  if (!rows.length && nothing) rows.push(element('tr', { class: 'nothing' }, element('td', { colspan: heads.length }, nothing)));
  const kept = new Set(rows);
  [...body.rows].forEach(row => kept.has(row) || row.remove());
  rows.forEach((row, i) => {
    if (body.rows[i] !== row) body.insertBefore(row, body.rows[i] ?? null);
  });
  if (focused !== document.activeElement && body.contains(focused)) focused.focus({ preventScroll: true });
}

function newRow(key, heads) {
  const row = element('tr', { 'data-key': key });
  for (let i = 0; i < heads.length; i++) {
    row.append(i === 0 ? element('th', { scope: 'row' }) : element('td'));
  }
  return row;
}

// A cell is a text, or { text, title, href, note, kind }.
function updateCell(at, headClass, cell) {
  const { text, title = '', href, note, kind = '' } = typeof cell === 'string' ? { text: cell } : cell;
  if (!at.firstChild) at.append(element(href ? 'a' : 'span'));
  setText(at.firstChild, text);
  if (href && at.firstChild.getAttribute('href') !== href) at.firstChild.setAttribute('href', href);
  if (note && at.children.length === 1) at.append(element('small'));
  if (at.children.length === 2) setText(at.lastChild, note ?? '');
  if (at.title !== title) at.title = title;
  const classes = `${headClass} ${kind}`.trim();
  if (at.className !== classes) at.className = classes;
}

// ---- Live figures

let samples = [];
let latest = null;

function connect() {
  const stream = new EventSource('live');
  stream.addEventListener('snapshot', event => {
    latest = JSON.parse(event.data);
    setConnection('live', 'Live');
    showLive();
  });
  stream.addEventListener('error', () => {
    const since = latest ? ` The figures are from ${time(latest.time).text}.` : '';
    setConnection('lost', 'Connection lost', `The connection to the gateway is lost.${since} Trying again…`);
    // The browser connects again by itself, unless it was given another answer than a stream.
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  });
}

function setConnection(state, text, problem) {
  $('connection').dataset.state = state;
  setText($('connection'), text);
  say($('problem'), problem);
}

/** Adds a snapshot to the samples, with what was used a second over the last ten. */
function remember({ time, startedAt, openCount, totals }) {
  const now = { at: Date.parse(time), startedAt, openCount, input: totals.totalInputTokens, output: totals.outputTokens, cost: totals.cost };
  if (samples.length && samples[0].startedAt !== startedAt) samples = [];
  samples = [...samples.filter(one => now.at - one.at <= secondsShown * 1000), now];
  const before = samples.find(one => now.at - one.at <= 10_500);
  const seconds = (now.at - before.at) / 1000;
  const rate = of => seconds ? (now[of] - before[of]) / seconds : 0;
  return Object.assign(now, { inputRate: rate('input'), outputRate: rate('output'), costRate: rate('cost') });
}

function draw(chart, label, valueOf, format) {
  const end = samples.at(-1).at;
  const highest = Math.max(...samples.map(valueOf));
  const points = samples.map(one => [120 * (1 - (end - one.at) / (secondsShown * 1000)), 31 - 29 * (highest && valueOf(one) / highest)]);
  const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  if (!chart.firstChild) chart.append(shape('polygon', {}), shape('polyline', {}));
  chart.firstChild.setAttribute('points', `${points[0][0].toFixed(1)},32 ${line} 120,32`);
  chart.lastChild.setAttribute('points', line);
  chart.setAttribute('aria-label', `${label} over the last three minutes: at most ${format(highest)}`);
}

function showLive() {
  const now = remember(latest);
  setText($('live-streams'), number(latest.openCount));
  setText($('tokens-rate'), number(now.inputRate + now.outputRate));
  setText($('tokens-split'), `${number(now.inputRate)} in, ${number(now.outputRate)} out`);
  setText($('cost-rate'), alignedMoney.format(now.costRate));
  draw($('live-streams-chart'), 'Live streams', one => one.openCount, number);
  draw($('tokens-rate-chart'), 'Tokens a second', one => one.inputRate + one.outputRate, number);
  draw($('cost-rate-chart'), 'Cost a second', one => one.costRate, money.format);

  const { p50, p95 } = latest.timeToFirstToken;
  setText($('first-token'), p50 == null ? '–' : duration(p50));
  setText($('first-token-slow'), p95 == null ? '' : `One in twenty takes longer than ${duration(p95)}`);
  setText($('undelivered'), number(latest.undelivered));
  $('undelivered').className = latest.undelivered ? 'figure bad' : 'figure';
  setText($('since'), `${plural(latest.totals.responses, 'response')} since ${time(latest.startedAt).text}`);

  showOpen();
  showBudgets();
  showOutcomes();
  fill($('sinks'), latest.sinks, sink => sink.sink, sink => [
    name(sink.sink),
    { text: number(sink.queueLength), note: sink.queueLength ? `up to ${duration(milliseconds(sink.oldestRecordAge))} old` : '' },
    sink.failingSince
      ? { text: `Failing since ${time(sink.failingSince).text}: ${sink.lastError ?? 'no reason given'}`, kind: 'bad prose' }
      : { text: 'Delivering', kind: 'prose' },
  ], 'No sinks.');
  followRecords();
  showEmpty();
}

function showOpen() {
  const more = latest.openCount - latest.open.length;
  setText($('open-note'), more > 0 ? `and ${number(more)} more` : '');
  const end = Date.parse(latest.time);
  fill($('open'), latest.open, one => `${one.requestStartedAt} ${one.apiKeyId} ${one.provider}`, one => [
    name(one.userId), name(one.apiKeyId), name(one.provider), name(one.now.model),
    duration(Math.max(0, end - Date.parse(one.requestStartedAt))),
    counted(one.now.usage.totalInputTokens, one.now.inputSource),
    counted(one.now.usage.outputTokens, one.now.outputSource),
    one.now.cost ? cost(one.now.cost.total) : '–',
  ], 'No stream is open.');
}

const counted = (count, source) => source === 'None' ? { text: '–', title: 'Not known' }
  : source === 'Estimated' ? { text: '≈ ' + number(count), title: 'Estimated' } : number(count);

/** A list of bars: { name, value, note, parts: [[class, share]], bad }. */
function showBars(list, bars, nothing) {
  list.replaceChildren(...bars.map(bar => {
    const chart = shape('svg', { viewBox: '0 0 100 1', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    let x = 0;
    for (const [kind, share] of bar.parts) {
      const width = Math.min(100 - x, 100 * share);
      chart.append(shape('rect', { class: kind, x, width, height: 1 }));
      x += width;
    }
    return element('li', bar.bad ? { class: 'bad' } : {},
      element('div', { class: 'row' }, element('span', { class: 'name' }, bar.name), element('span', { class: 'value' }, bar.value)),
      ...bar.parts.length ? [chart] : [], ...bar.note ? [element('span', { class: 'note' }, bar.note)] : []);
  }), ...bars.length ? [] : [element('li', { class: 'note' }, nothing)]);
}

function showBudgets() {
  showBars($('budgets'), latest.budgets.map(({ apiKeyId, userId, limit, spent, reserved, resetsAt }) => {
    const held = reserved ? `, ${money.format(reserved)} reserved` : '';
    if (limit == null) return { name: `${apiKeyId} (${userId})`, value: money.format(spent), note: `No limit${held}`, parts: [] };
    const left = limit - spent - reserved;
    return {
      name: `${apiKeyId} (${userId})`,
      value: `${money.format(spent)} of ${money.format(limit)}`,
      note: `${left > 0 ? money.format(left) + ' left' : 'Nothing left'}${held}; starts again ${dayAndMinute.format(new Date(resetsAt))}`,
      parts: [['full', limit ? spent / limit : 1], ['held', limit ? reserved / limit : 0]],
      bad: left <= 0,
    };
  }), 'No key has a budget.');
}

function showOutcomes() {
  const all = Object.entries(latest.outcomes).sort((a, b) => b[1] - a[1]);
  showBars($('outcomes'), all.map(([outcome, count]) => ({
    name: spaced(outcome),
    value: `${number(count)} (${tenths.format(100 * count / latest.totals.responses)} %)`,
    parts: [['full', count / latest.totals.responses]],
    bad: outcome !== 'Completed' && outcome !== 'ClientAborted' && outcome !== 'Pending',
  })), 'No response has ended.');
}

// ClientAborted as "Client aborted".
const spaced = outcome => outcome.replace(/(?!^)[A-Z]/g, letter => ' ' + letter.toLowerCase());

// ---- Totals and failures, asked for when records came

const groups = [['by-user', 'User', 'userId'], ['by-key', 'ApiKey', 'apiKeyId'], ['by-model', 'Model', 'model']];
const shown = Object.fromEntries(groups.map(([id]) => [id, rowsShown]));
let stored = null;      // The last answers: sums of each group, the total, failures.
let loading = false;
let loadedAt = -Infinity;
let pause = 2000;
let changedAt = 0;
let lastState = '';

// Loads at once after a change and again two seconds later, since a record may reach the store after the snapshot.
function followRecords() {
  const state = JSON.stringify([latest.startedAt, latest.totals.responses, latest.sinks.map(sink => sink.queueLength)]);
  if (state !== lastState) {
    lastState = state;
    changedAt = performance.now();
  }
  if (address().get('view') !== 'records' && loadedAt < changedAt + 2000) loadTotals();
}

async function loadTotals(atOnce = false) {
  if (loading || (!atOnce && performance.now() - loadedAt < pause)) return;
  loading = true;
  loadedAt = performance.now();
  const asked = String(query());
  try {
    const answers = await Promise.all([
      ...groups.map(([, group]) => ask(`usage?${query({ groupBy: group, limit: 10_000 })}`)),
      ask(`usage/records?${query({ status: 'Failed', limit: rowsShown })}`),
    ]);
    const [byUser, byKey, byModel, failures] = await Promise.all(answers.map(answer => answer.json()));
    if (asked !== String(query())) return;
    stored = { sums: { 'by-user': byUser, 'by-key': byKey, 'by-model': byModel }, total: byUser.total, failures: failures.records };
    say($('totals-problem'), null);
    showTotals();
    pause = Math.max(2000, 10 * (performance.now() - loadedAt));
  } catch (problem) {
    say($('totals-problem'), `The totals could not be read (${problem.message}). Trying again…`);
    changedAt = performance.now();
    pause = Math.min(30_000, 2 * pause);
  } finally {
    loading = false;
    if (asked !== String(query()) && address().get('view') !== 'records') loadTotals(true);
  }
}

function showTotals() {
  for (const [id, group, filter] of groups) {
    const { sums, next } = stored.sums[id];
    sums.sort((a, b) => b.cost - a.cost || b.records - a.records);
    fill($(id), sums.slice(0, shown[id]), sum => sum[filter] ?? '', sum => [
      { ...name(sum[filter]), href: recordsLink({ [filter]: sum[filter] ?? '' }) },
      { text: number(sum.records), note: doubts(sum) },
      tokens(sum.billedUsage.totalInputTokens),
      tokens(sum.billedUsage.outputTokens),
      { ...cost(sum.cost), note: sum.unpricedRecords ? `${number(sum.unpricedRecords)} unpriced` : '' },
    ], 'No responses in this period.');
    showMore(id, sums.length, next, group);
  }
  $('total').hidden = !stored.total;
  setText($('total'), stored.total ? sumUp(stored.total) : '');
  $('all-failures').hidden = !stored.failures.length;
  fill($('failures'), stored.failures, record => record.id, record => [
    { ...time(record.startedAt), href: linkTo({ record: record.id }) },
    name(record.context.userId), name(record.context.apiKeyId), name(modelOf(record)),
    { text: reason(record), kind: 'prose' },
  ], 'No failures in this period.');
  showEmpty();
}

const doubts = sum => [sum.failedRecords && `${number(sum.failedRecords)} failed`, sum.estimatedRecords && `${number(sum.estimatedRecords)} estimated`]
  .filter(Boolean).join(', ');
const sumUp = sum => `${plural(sum.records, 'response')}, ${plural(sum.billedUsage.totalInputTokens + sum.billedUsage.outputTokens, 'token')}, ${money.format(sum.cost)}`;
const modelOf = record => record.responseModel ?? record.context.model;

function reason(record) {
  const said = [record.errorType, record.errorMessage].filter(Boolean).join(': ').slice(0, 300);
  return `${spaced(record.outcome)}, ${record.statusCode}${said && ' – ' + said}`;
}

function showMore(id, count, next, group) {
  const place = $(id).parentElement.parentElement;
  let button = place.querySelector('button');
  if (count <= shown[id]) {
    button?.remove();
    return;
  }
  if (!button) {
    button = element('button', { type: 'button' });
    button.addEventListener('click', () => {
      const first = shown[id];
      shown[id] += 50;
      showTotals();
      if (!button.isConnected) $(id).rows[first].querySelector('a').focus();
    });
    place.append(button);
  }
  setText(button, `Show more (${number(count - shown[id])}${next == null ? '' : ' or more'})`);
}

function showEmpty() {
  // Known only when both have answered.
  $('empty').hidden = !(latest && stored && !stored.total && latest.totals.responses === 0 && latest.openCount === 0);
}

// ---- Records

let list = null;      // The open list: its query, records and the next page.

async function openList() {
  const current = list = { asked: String(query()), records: [], next: null };
  const filter = filters.find(one => one !== 'status' && address().has(one));
  const label = { userId: 'user', apiKeyId: 'key', model: 'model', provider: 'provider' }[filter];
  setText($('list-title'), filter ? `Records of ${label} ${address().get(filter) || '(none)'}` : 'Records');
  setText($('list-total'), 'Loading…');
  say($('list-problem'), null);
  fill($('records'), [], null, null, 'Loading…');
  $('more').hidden = true;
  $('back').href = overviewLink();
  const status = address().get('status');
  $('statuses').replaceChildren(...[null, 'Completed', 'Failed', 'Cancelled'].map(one =>
    element('a', { href: linkTo({ status: one, record: null }), ...one === status ? { 'aria-current': 'page' } : {} }, one ?? 'All')));
  await loadPage(current);
}

async function loadPage(current) {
  $('more').disabled = true;
  try {
    const after = current.next ? { after: current.next } : {};
    const [page, sums] = await Promise.all([`usage/records?${new URLSearchParams([...Object.entries({ limit: 100, ...after }), ...new URLSearchParams(current.asked)])}`,
      `usage?${current.asked}`].map(async path => (await ask(path)).json()));
    if (list !== current) return;
    current.records.push(...page.records);
    current.next = page.next;
    say($('list-problem'), null);
    fill($('records'), current.records, record => record.id, recordCells, 'No records.');
    const sum = sums.total ? `${sumUp(sums.total)}. ` : '';
    setText($('list-total'), `${sum}${plural(current.records.length, 'record')} shown.`);
    $('more').hidden = !current.next;
  } catch (problem) {
    if (list !== current) return;
    say($('list-problem'), `The records could not be read (${problem.message}).`);
    setText($('list-total'), '');
    if (!current.records.length) fill($('records'), [], null, null, 'Nothing to show. Refresh to try again.');
  } finally {
    $('more').disabled = false;
  }
}

const recordCells = record => [
  { ...time(record.startedAt), href: linkTo({ record: record.id }) },
  name(record.context.userId), name(record.context.apiKeyId), name(modelOf(record)),
  record.status === 'Failed' ? { text: spaced(record.outcome), title: reason(record), kind: 'bad' } : spaced(record.outcome),
  counted(total(record.billedUsage), record.inputSource),
  counted(record.billedUsage.outputTokens, record.outputSource),
  record.timeToFirstToken ? duration(milliseconds(record.timeToFirstToken)) : '–',
  duration(milliseconds(record.duration)),
  cost(record.cost?.total),
];

const total = usage => usage.inputTokens + usage.cacheReadInputTokens + usage.cacheCreationInputTokens;

// ---- One record

let opener = null;

async function openRecord(id) {
  const dialog = $('record');
  if (!dialog.open) {
    opener = document.activeElement;
    dialog.showModal();
  }
  dialog.dataset.id = id;
  setText($('record-title'), `Record ${id}`);
  setText($('record-summary'), 'Loading…');
  setText($('record-json'), '');
  try {
    const text = await (await ask(`usage/records/${encodeURIComponent(id)}`)).text();
    if (dialog.dataset.id !== id) return;
    const record = JSON.parse(text);
    setText($('record-summary'), [modelOf(record), record.status === 'Failed' ? reason(record) : spaced(record.outcome),
      record.cost ? exactMoney.format(record.cost.total) : record.unpricedReason ?? 'unpriced'].filter(Boolean).join(' · '));
    setText($('record-json'), indent(text));
  } catch (problem) {
    if (dialog.dataset.id === id) setText($('record-summary'), `The record could not be read (${problem.message}).`);
  }
}

// JSON on lines of its own. Numbers stay as they were written, to the last digit: JSON.parse would round them.
function indent(json) {
  let depth = 0;
  const line = () => '\n' + '  '.repeat(depth);
  return json.replace(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|[^\s{}[\],:"]+|\s+/g, token => {
    if (token[0] === '"') return JSON.stringify(JSON.parse(token));
    if (token === '{' || token === '[') return token + (depth++, line());
    if (token === '}' || token === ']') return (depth--, line()) + token;
    return token === ',' ? token + line() : token === ':' ? ': ' : token.replaceAll(/\s/g, '');
  });
}

$('record').addEventListener('close', () => {
  delete $('record').dataset.id;
  if (address().has('record')) {
    // Back to where the record was opened; a link that led here directly has nothing to go back to.
    const closed = linkTo({ record: null });
    previous === closed ? history.back() : location.replace(closed);
  }
  const back = opener?.isConnected && opener !== document.body ? opener : document.querySelector('main:not([hidden]) h1');
  back.focus();
});
$('close').addEventListener('click', () => $('record').close());
$('record').addEventListener('click', event => {
  // Outside of the dialog's box is the backdrop.
  if (event.target === $('record')) $('record').close();
});
$('copy').hidden = !navigator.clipboard;
$('copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText($('record-json').textContent);
    setText($('copy'), 'Copied');
  } catch {
    setText($('copy'), 'Not allowed');
  }
  setTimeout(() => setText($('copy'), 'Copy'), 2000);
});

// ---- What the address says

let previous = null;
let shownAddress = null;
let followed = null;      // The link that led from the overview to a list.

function route() {
  const asked = address();
  const isList = asked.get('view') === 'records';
  const wasList = !$('list').hidden;
  asked.delete('record');
  const isNew = shownAddress !== String(asked);
  shownAddress = String(asked);
  if (isNew) {
    if (isList && !wasList) followed = document.activeElement;
    $('list').hidden = !isList;
    $('overview').hidden = isList;
    $('period').value = asked.get('period') ?? 'today';
    $('csv').href = `usage.csv?${query({ groupBy: 'Hour,User,ApiKey,Model,Provider' })}`;
    $('focus').href = `usage/focus.csv?${query()}`;
    $('total').href = recordsLink({});
    $('all-failures').href = recordsLink({ status: 'Failed' });
    list = null;
    isList ? openList() : loadTotals(true);
    if (isList !== wasList) {
      scrollTo(0, 0);
      (!isList && followed?.isConnected && $('overview').contains(followed) ? followed : document.querySelector('main:not([hidden]) h1')).focus();
    }
  }
  const record = address().get('record');
  record ? openRecord(record) : $('record').close();
}

addEventListener('hashchange', event => {
  previous = new URL(event.oldURL).hash || '#';
  route();
});
$('period').addEventListener('change', () => location.hash = linkTo({ period: $('period').value }));
$('more').addEventListener('click', async () => {
  const first = list.records.length;
  await loadPage(list);
  // The button has gone with the last page: what is new takes its focus.
  if ($('more').hidden) ($('records').rows[first] ?? $('records').rows[first - 1]).querySelector('a').focus();
});
$('refresh').addEventListener('click', openList);

route();
connect();
