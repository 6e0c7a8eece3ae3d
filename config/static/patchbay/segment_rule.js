'use strict';
// The rule of a segment: its buttons change the part of the page that they are about.
// Without this script the same buttons send the form, and the page comes back as they ask.
const segmentForm = document.querySelector('[data-segment-form]');

const startRule = (form, rule) => {
    form.classList.add('has-script');
    let latest = 0;
    let asked = null;

    const ask = async (action) => {
        const turn = ++latest;
        const data = new FormData(form);
        data.set('action', action);
        data.set('fragment', '1');
        const answer = await fetch(window.location.href, {method: 'POST', body: data});
        if (answer.redirected) {
            // Logged out meanwhile.
            window.location.reload();
        }
        const text = await answer.text();
        return turn === latest && answer.ok ? text : null;
    };
    // To the button that was pressed while a thing moves, else to what the button was about.
    const lookAt = (action) => {
        const target = action === 'preview'
            ? rule.querySelector('.has-errors') ?? document.getElementById('rule-preview')
            : rule.querySelector('[data-look-here]');
        const again = /^(up|down|in|out)-/.test(action)
            && rule.querySelector(`button[value="${action}"]`);
        const first = target?.querySelector('select, input:not([type="hidden"])');
        (again || first || target)?.focus({preventScroll: true});
        target?.scrollIntoView({block: 'nearest'});
    };
    const show = async (button) => {
        rule.setAttribute('aria-busy', 'true');
        try {
            const text = await ask(button.value);
            if (text === null) {
                throw new Error('No answer that could be shown.');
            }
            rule.innerHTML = text;
            lookAt(button.value);
        } catch {
            // The whole page says what is wrong.
            button.dataset.plain = 'yes';
            form.requestSubmit(button);
        }
        rule.removeAttribute('aria-busy');
    };
    form.addEventListener('submit', (event) => {
        const button = event.submitter;
        if (button?.name === 'action' && button.value !== 'save' && !button.dataset.plain) {
            event.preventDefault();
            window.clearTimeout(asked);
            show(button);
        }
    });
    const summarise = async () => {
        try {
            const text = await ask('summary');
            const part = text && new DOMParser().parseFromString(text, 'text/html');
            const summary = part && part.getElementById('rule-summary');
            if (summary) {
                document.getElementById('rule-summary').innerHTML = summary.innerHTML;
            }
        } catch {
            // The words stay as they were; the next button says what is wrong.
        }
    };
    rule.addEventListener('change', (event) => {
        if (event.target.matches('[data-rule-subject]')) {
            event.target.parentElement.querySelector('.rule-change').click();
            return;
        }
        window.clearTimeout(asked);
        asked = window.setTimeout(summarise, 300);
    });
};

if (segmentForm) {
    startRule(segmentForm, document.getElementById('rule'));
}
