// Sends events of a page to Patchbay; docs/send-from-web-and-apps.md is the manual.
// It is served without indentation and without comments, which have lines of their own for that.
(() => {
    'use strict';
    const BATCH = 20;
    // Browsers take 64 KiB from a page that is being left.
    const MOST_BYTES = 60000;

    // A page that cannot wait for this script puts a stub in its place, which collects `calls`.
    const patchbay = window.patchbay ||= {};
    const stub = patchbay.managed;
    const script = document.currentScript;
    if (stub?.isLoaded || !script) return;

    const { site, key, doNotTrack } = script.dataset;
    const address = script.src.replace(/\/sdk\/.*/, `/app/${site}/events?key=${key}`);
    const prefix = `patchbay.${site}.`;
    const error = (code, detail) => ({ error: { code, detail } });
    const randomId = () => [...crypto.getRandomValues(new Uint8Array(16))]
        .map((byte) => byte.toString(16).padStart(2, 0)).join('');
    const safely = (step) => {
        try {
            return step();
        } catch {
            return '';
        }
    };

    // Where the visitor denies storage, even asking for it throws; then this page's memory serves.
    const store = safely(() => localStorage) || {};
    const save = (name, value) => safely(() => { store[name] = value; });
    const forget = (name) => delete store[name];
    const namesOf = (kind) => Object.keys(store).filter((name) => name.startsWith(prefix + kind)).sort();

    const refusal = () => {
        if (!site || !key) return error('NOT_SET_UP', 'No data-site or data-key.');
        const isAsked = navigator.doNotTrack === '1' || navigator.globalPrivacyControl;
        return isAsked && doNotTrack !== 'ignore' && error('DO_NOT_TRACK', 'The visitor declines.');
    };

    let tracker;
    const trackerId = () => {
        const name = `${prefix}tracker`;
        const known = tracker || store[name] || safely(() => document.cookie.split(`${name}=`)[1].split(';')[0]);
        tracker = /^[\w-]{1,128}$/.test(known) ? known : randomId();
        save(name, tracker);
        safely(() => localStorage[name])
            || safely(() => { document.cookie = `${name}=${tracker};path=/;max-age=31536000;SameSite=Lax`; });
        return tracker;
    };

    // The oldest stand in front, and `flying` of them are under way. An answer removes them.
    const queue = [];
    let flying = 0;
    let failures = 0;
    let timer = 0;
    // What Retry-After asks for holds on the next page too.
    const hold = `${prefix}hold`;
    const held = () => store[hold] - Date.now() || 0;

    const plan = (wait) => {
        if (flying || !queue.length || (timer && (wait || failures))) return;
        clearTimeout(timer);
        timer = setTimeout(send, Math.max(wait, held()));
    };

    const add = (name, head, text, done) => {
        queue.push({ name, head, text, done });
        plan(queue.length < BATCH ? 250 : 0);
    };

    // One request speaks of one visitor on one page.
    const batchOf = (items) => {
        let bytes = 0;
        const end = items.slice(0, BATCH).findIndex(({ head, text }, place) => {
            bytes += new Blob([head, text]).size;
            return place && (bytes > MOST_BYTES || head !== items[0].head);
        });
        return items.slice(0, end < 0 ? BATCH : end);
    };
    // JSON under this type needs no preflight.
    const bodyOf = (items) => new Blob(
        [items[0].head, ',"events":[', items.map(({ text }) => text).join(), ']}'], { type: 'text/plain' }
    );

    const send = async () => {
        const items = batchOf(queue);
        const body = bodyOf(items);
        let wait = 0;
        timer = 0;
        flying = items.length;
        try {
            const answer = await fetch(address, {
                method: 'POST',
                body,
                keepalive: body.size < MOST_BYTES,
                signal: AbortSignal.timeout?.(30000),
            });
            const { status } = answer;
            if (status === 429 || status > 499) {
                const seconds = Math.min(answer.headers.get('Retry-After'), 3600);
                save(hold, Date.now() + seconds * (1000 + 200 * Math.random()));
                throw status;
            }
            const { events = [], code, detail } = await answer.json().catch(() => ({}));
            queue.splice(0, flying).forEach(({ name, done }, place) => {
                // Kept for the next page: until then the key may be mended.
                status === 403 || forget(name);
                done(events[place] || error(code || `HTTP_${status}`, detail));
            });
            failures = 0;
        } catch {
            failures += 1;
            wait = Math.min(500 * 2 ** failures, 60000) * (1 - Math.random() / 2);
            if (failures > 4) {
                queue.forEach(({ done }) => done(error('NOT_SENT', 'No answer; tried again.')));
            }
        }
        flying = 0;
        plan(wait);
    };

    // Nobody learns what became of a beacon: its events stay, and their ids mark them as repeats.
    const leave = () => {
        const rest = queue.slice(flying).filter((item) => !item.isLeft);
        while (rest[0] && held() <= 0) {
            const items = rest.splice(0, batchOf(rest).length);
            const isLeft = safely(() => navigator.sendBeacon(address, bodyOf(items)));
            items.forEach((item) => { item.isLeft = isLeft; });
        }
    };
    addEventListener('pagehide', leave);
    document.addEventListener('visibilitychange', () => document.hidden && leave());

    const take = async (event, entityInfo) => {
        const refused = refusal() || (queue.length > 199 && error('QUEUE_FULL', 'Too many wait.'));
        if (refused) return refused;
        const head = JSON.stringify({
            entityInfo: { trackerId: trackerId(), ...entityInfo },
            // What follows the # may be a token.
            pageInfo: {
                url: location.href.split('#')[0],
                title: document.title,
                referrer: document.referrer,
            },
        }).slice(0, -1);
        const text = JSON.stringify({ id: randomId(), occurredAt: new Date(), ...event });
        // Each has a name of its own, so that tabs do not overwrite each other's; 50 at most.
        const name = `${prefix}event.${Date.now()}.${1000 + queue.length}.${randomId()}`;
        if (head.length + text.length < 10000) {
            namesOf('event').slice(0, -49).forEach(forget);
            save(name, `${head}\n${text}`);
        }
        return new Promise((done) => add(name, head, text, done));
    };

    const sendEvents = (events, options) => Promise.all([].concat(events || []).map(
        (event) => take(event, options?.entityInfo).catch(() => error('BAD_EVENT', 'No JSON.'))
    ));

    if (refusal()) namesOf('').forEach(forget);
    namesOf('event').forEach((name) => {
        const [head, text] = (store[name] || '').split('\n');
        if (text && name.split('.')[3] > Date.now() - 7 * 864e5) {
            add(name, head, text, () => {});
        } else {
            forget(name);
        }
    });
    patchbay.managed = { isLoaded: true, sendEvents };
    stub?.calls?.forEach(([given, done]) => done(sendEvents(...given)));
})();
