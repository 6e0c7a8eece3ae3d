'use strict';
// The section Generic: rows of options, the worked example and the try, without leaving the page.
// Without this script the same buttons send the form and the page comes back with the answer.
const form = document.querySelector('[data-generic-form]');

const ask = async (action) => {
    const data = new FormData(form);
    data.set('action', action);
    data.set('fragment', '1');
    // Not form.action, which is the buttons of that name.
    const answer = await fetch(form.getAttribute('action'), {method: 'POST', body: data});
    if (answer.redirected) {
        window.location.reload();
        throw new Error('You were logged out.');
    }
    if (!answer.ok) {
        throw new Error(`The server answered ${answer.status}.`);
    }
    return answer.text();
};

const startExample = () => {
    const place = document.getElementById('generic-example');
    let timer = 0;
    let latest = 0;
    const update = async () => {
        const number = ++latest;
        try {
            const html = await ask('example');
            if (number === latest) {
                place.innerHTML = html;
            }
        } catch {
            // The old example stays until the next change.
        }
    };
    form.addEventListener('input', (event) => {
        // No secret is part of the example, and a test contact changes nothing in it.
        if (event.target.type !== 'password' && !event.target.closest('#generic-trial')) {
            clearTimeout(timer);
            timer = setTimeout(update, 350);
        }
    });
};

const startTrial = () => {
    const result = document.getElementById('generic-trial-result');
    const buttons = form.querySelectorAll('button[value^="try-"]');
    const busy = (is) => {
        result.setAttribute('aria-busy', String(is));
        for (const button of buttons) {
            button.disabled = is;
        }
    };
    const run = async (button) => {
        const waiting = document.createElement('p');
        waiting.className = 'quiet';
        waiting.textContent = 'Calling the API…';
        result.replaceChildren(waiting);
        busy(true);
        try {
            result.innerHTML = await ask(button.value);
        } catch (error) {
            waiting.textContent = `The try did not come back. ${error.message} Reload the page and try again.`;
        }
        busy(false);
        // A disabled button has lost the keyboard.
        button.focus();
    };
    form.addEventListener('submit', (event) => {
        if (event.submitter?.value.startsWith('try-')) {
            event.preventDefault();
            run(event.submitter);
        }
    });
    // Enter in the test contact must not save the settings.
    form.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' && event.target.matches('[data-tries]')) {
            event.preventDefault();
            buttons[0].click();
        }
    });
};

const startOptions = () => {
    const rows = form.querySelector('[data-option-rows]');
    const blank = document.getElementById('generic-option-row');
    const add = form.querySelector('[data-add-option]');
    const showRemove = (row) => {
        row.querySelector('[data-remove-option]').hidden = false;
    };
    rows.querySelectorAll('.option-row').forEach(showRemove);
    add.hidden = false;
    add.addEventListener('click', () => {
        rows.append(blank.content.cloneNode(true));
        const row = rows.querySelector('.option-row:last-of-type');
        showRemove(row);
        row.querySelector('input').focus();
    });
    rows.addEventListener('click', (event) => {
        if (event.target.matches('[data-remove-option]')) {
            event.target.closest('.option-row').remove();
            add.focus();
            form.dispatchEvent(new Event('input', {bubbles: true}));
        }
    });
};

if (form) {
    startExample();
    startTrial();
    startOptions();
}
