// The page: figures of /live once a second, sums and records of /usage when they are needed.
// Names and messages come from callers and providers, so they are only ever set as text.

const $ = id => document.getElementById(id);
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', minimumFractionDigits: 2, maximumFractionDigits: 6 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const time = new Intl.DateTimeFormat('en', { dateStyle: 'short', timeStyle: 'medium' });
const pageSize = 100;

const cost = value => value === null || value === undefined ? '–' : money.format(value);
const sum = usage => usage.inputTokens + usage.cacheReadInputTokens + usage.cacheCreationInputTokens;

function element(name, text, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  if (text !== undefined) made.textContent = text;
  return made;
}

function row(...cells) {
  const made = element('tr');
  for (const cell of cells) {
    const td = element('td');
    td.append(cell instanceof Node ? cell : String(cell ?? '–'));
    if (typeof cell === 'string' && cell.length > 24) td.title = cell;
    made.append(td);
  }
  return made;
}

async function fetchJson(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.split('?')[0]} answered ${response.status}`);
  return response.json();
}

// Live figures

const history = [];   // the last five minutes: time and totals
let knownResponses = -1;

function show(snapshot) {
  const totals = snapshot.totals;
  if (history.length && totals.responses < history.at(-1).totals.responses) history.length = 0;   // the gateway has started anew
  history.push({ at: Date.parse(snapshot.time), totals });
  if (history.length > 301) history.shift();

  const before = history[Math.max(0, history.length - 11)];
  const rate = name => {
    const seconds = (history.at(-1).at - before.at) / 1000;
    return seconds > 0 ? (totals[name] - before.totals[name]) / seconds : 0;
  };
  $('open-count').textContent = number.format(snapshot.openCount);
  $('responses-rate').textContent = number.format(rate('responses'));
  $('input-rate').textContent = whole.format(rate('inputTokens'));
  $('output-rate').textContent = whole.format(rate('outputTokens'));
  $('cost-rate').textContent = cost(rate('cost'));
  const { p50, p95 } = snapshot.timeToFirstToken;
  $('first-token').textContent = p50 === null ? '–' : `${whole.format(p50)} / ${whole.format(p95)} ms`;
  $('undelivered').textContent = number.format(snapshot.undelivered);
  $('undelivered').classList.toggle('bad', snapshot.undelivered > 0);
  drawHistory();

  $('open').hidden = snapshot.open.length === 0;
  $('open-empty').hidden = snapshot.open.length !== 0;
  $('open').tBodies[0].replaceChildren(...snapshot.open.map(one => row(
    one.apiKeyId, one.now.model, `${number.format((Date.parse(snapshot.time) - Date.parse(one.requestStartedAt)) / 1000)} s`,
    number.format(one.now.eventCount), number.format(sum(one.now.usage)),
    (one.now.outputSource === 'Estimated' ? '~' : '') + number.format(one.now.usage.outputTokens), cost(one.now.cost?.total))));

  const outcomes = Object.entries(snapshot.outcomes);
  $('outcomes-empty').hidden = outcomes.length !== 0;
  $('outcomes').replaceChildren(...outcomes.map(([name, count]) => element('li', `${name}: ${number.format(count)}`)));
  $('budgets').replaceChildren(...snapshot.budgets.map(budget));
  $('sinks').replaceChildren(...snapshot.sinks.map(sink => sink.failingSince
    ? element('li', `${sink.sink}: failing since ${time.format(new Date(sink.failingSince))}: ${sink.lastError}; ${sink.queueLength} records wait`, { className: 'bad' })
    : element('li', `${sink.sink}: ${sink.queueLength === 0 ? 'nothing waits' : `${number.format(sink.queueLength)} records wait`}`)));

  if (totals.responses !== knownResponses) {
    knownResponses = totals.responses;
    refresh();
  }
}

function budget(one) {
  const item = element('li', one.limit === null
    ? `${one.apiKeyId} (${one.userId}): ${cost(one.spent)} spent, no limit`
    : `${one.apiKeyId} (${one.userId}): ${cost(one.spent)} spent and ${cost(one.reserved)} reserved of ${cost(one.limit)}`);
  if (one.limit !== null) {
    const bar = element('progress', undefined, { max: one.limit, value: Math.min(one.limit, one.spent + one.reserved) });
    bar.setAttribute('aria-label', `Budget of ${one.apiKeyId}`);
    item.append(bar);
    if (one.spent >= one.limit) item.classList.add('bad');
  }
  return item;
}

function drawHistory() {
  const rates = history.slice(1).map((one, i) =>
    Math.max(0, (one.totals.outputTokens - history[i].totals.outputTokens) * 1000 / Math.max(1, one.at - history[i].at)));
  const most = Math.max(1, ...rates);
  $('history').firstElementChild.setAttribute('points', rates.map((rate, i) => `${300 - rates.length + i + 1},${58 - rate / most * 54}`).join(' '));
  $('history-max').textContent = whole.format(rates.length ? Math.max(...rates) : 0);
}

// Sums and failures

let group = 'User', shown = pageSize, waiting, again = false;
const filters = { User: 'userId', ApiKey: 'apiKeyId', Model: 'model' };

function nameOf(one) {
  return group === 'Hour' ? time.format(new Date(one.period)) : one[filters[group]] || '(none)';
}

function filterOf(one) {
  if (group !== 'Hour') return { [filters[group]]: one[filters[group]] ?? '' };
  return { from: one.period, to: new Date(Date.parse(one.period) + 3_600_000).toISOString() };
}

// At most every two seconds, however many records come.
async function refresh() {
  if (waiting) { again = true; return; }
  waiting = setTimeout(() => { waiting = undefined; if (again) { again = false; refresh(); } }, 2000);
  try {
    const [usage, failures] = await Promise.all([
      fetchJson(`usage?groupBy=${group}&limit=${shown}`), fetchJson('usage/records?status=Failed&limit=20')]);
    const focused = document.activeElement?.dataset.drill;
    $('totals-error').hidden = true;
    $('totals').hidden = usage.sums.length === 0;
    $('totals-empty').hidden = usage.sums.length !== 0;
    $('totals-by').textContent = document.querySelector(`[data-group=${group}]`).textContent;
    $('totals').tBodies[0].replaceChildren(...usage.sums.map(one => {
      const link = element('a', nameOf(one), { href: '#records?' + new URLSearchParams(filterOf(one)) });
      link.dataset.drill = nameOf(one);
      return sumRow(link, one);
    }));
    $('totals').tFoot.replaceChildren(...usage.total ? [sumRow('All', usage.total)] : []);
    $('totals-more').hidden = usage.next === null;
    if (focused) [...document.querySelectorAll('[data-drill]')].find(link => link.dataset.drill === focused)?.focus();

    $('failures-empty').hidden = failures.records.length !== 0;
    const focusedFailure = document.activeElement?.dataset.record;
    $('failures').replaceChildren(...failures.records.map(record => {
      const item = element('li');
      item.append(recordButton(record, time.format(new Date(record.startedAt))),
        ` ${record.context.apiKeyId ?? ''} · ${record.responseModel ?? record.context.model ?? ''} · ${record.outcome} ${record.statusCode}`
        + ` · ${[record.errorType, record.errorMessage].filter(Boolean).join(': ')}`);
      return item;
    }));
    if (focusedFailure) document.querySelector(`#failures [data-record="${focusedFailure}"]`)?.focus();
  } catch (error) {
    $('totals-error').hidden = false;
    $('totals-error').textContent = `The totals could not be read: ${error.message}. They are read again with the next response.`;
    knownResponses = -1;
  }
}

function sumRow(name, one) {
  const made = row(name, number.format(one.records), number.format(one.failedRecords), number.format(one.estimatedRecords),
    number.format(sum(one.billedUsage)), number.format(one.billedUsage.cacheReadInputTokens), number.format(one.billedUsage.outputTokens),
    cost(one.cost) + (one.unpricedRecords ? ` + ${one.unpricedRecords} unpriced` : ''));
  made.lastElementChild.title = `${one.cost} US dollars`;
  return made;
}

for (const button of document.querySelectorAll('[data-group]')) {
  button.addEventListener('click', () => {
    document.querySelector('[data-group][aria-pressed=true]').setAttribute('aria-pressed', 'false');
    button.setAttribute('aria-pressed', 'true');
    group = button.dataset.group;
    shown = pageSize;
    clearTimeout(waiting);
    waiting = undefined;
    refresh();
  });
}

$('totals-more').addEventListener('click', () => {
  shown += pageSize;
  clearTimeout(waiting);
  waiting = undefined;
  refresh();
});

// Records

let query = '', next = null;

function recordButton(record, text) {
  const button = element('button', text, { type: 'button', className: 'link' });
  button.dataset.record = record.id;
  button.addEventListener('click', () => openRecord(record.id));
  return button;
}

async function openRecord(id) {
  const text = $('record').querySelector('pre');
  text.textContent = 'Reading…';
  $('record').showModal();
  try {
    text.textContent = JSON.stringify(JSON.parse(await (await fetch(`usage/records/${id}`)).text(), exact), undefined, 2);
  } catch (error) {
    text.textContent = `The record could not be read: ${error.message}`;
  }
}

// Numbers keep all their digits where the browser can show them.
function exact(key, value, context) {
  return typeof value === 'number' && context?.source && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

async function readRecords() {
  try {
    const page = await fetchJson(`usage/records?${query}&limit=${pageSize}${next ? `&after=${next}` : ''}`);
    $('records-error').hidden = true;
    $('records').tBodies[0].append(...page.records.map(record => {
      const usage = record.billedUsage;
      const made = row(recordButton(record, time.format(new Date(record.startedAt))), record.context.apiKeyId,
        record.responseModel ?? record.context.model, record.outcome, number.format(sum(usage)),
        (record.outputSource === 'Estimated' ? '~' : '') + number.format(usage.outputTokens), cost(record.cost?.total));
      if (record.status !== 'Completed') made.classList.add('bad');
      return made;
    }));
    next = page.next;
  } catch (error) {
    $('records-error').hidden = false;
    $('records-error').textContent = `The records could not be read: ${error.message}.`;
  }
  $('records-more').hidden = next === null;
  $('records-empty').hidden = $('records').tBodies[0].rows.length !== 0 || !$('records-error').hidden;
}

$('records-more').addEventListener('click', readRecords);

let from;
function navigate() {
  const isDrill = location.hash.startsWith('#records?');
  $('overview').hidden = isDrill;
  $('drill').hidden = !isDrill;
  if (isDrill) {
    from = document.activeElement?.dataset.drill ?? from;
    query = location.hash.slice('#records?'.length);
    next = null;
    $('records').tBodies[0].replaceChildren();
    $('drill-title').textContent = 'Records of ' + [...new URLSearchParams(query).values()].map(value => value || '(none)').join(' to ');
    $('drill-title').focus();
    readRecords();
  } else if (from) {
    [...document.querySelectorAll('[data-drill]')].find(link => link.dataset.drill === from)?.focus();
    from = undefined;
  }
}

addEventListener('hashchange', navigate);
navigate();

const source = new EventSource('live');
source.addEventListener('snapshot', event => {
  $('state').textContent = 'Live';
  $('state').classList.remove('bad');
  show(JSON.parse(event.data));
});
source.addEventListener('error', () => {
  $('state').textContent = 'The gateway does not answer. Trying again…';
  $('state').classList.add('bad');
});
