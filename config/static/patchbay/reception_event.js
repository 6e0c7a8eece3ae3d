'use strict';
// The editor of a reception event: the alias, and the mapping tester without leaving the page.
// Without this script the same buttons send the form, and the page comes back as they ask.
const form = document.querySelector('[data-event-form]');
const rows = form?.querySelector('[data-event-fields]');

// The alias of a new event follows its name until somebody types an alias.
const startAlias = () => {
    const name = form.elements.namedItem('name');
    const alias = form.elements.namedItem('alias');
    const slug = (text) => text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase()
        .replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 80);
    let follows = alias.value === slug(name.value);
    alias.addEventListener('input', () => {
        follows = alias.value === '';
    });
    name.addEventListener('input', () => {
        if (follows) {
            alias.value = slug(name.value);
        }
    });
};

const startPicking = () => {
    const choose = (row) => {
        rows.querySelector('.is-chosen')?.classList.remove('is-chosen');
        row?.classList.add('is-chosen');
    };
    rows.addEventListener('focusin', (event) => choose(event.target.closest('[data-field-row]')));
    form.addEventListener('click', (event) => {
        const value = event.target.closest('[data-pointer]');
        if (!value) {
            return;
        }
        const empty = [...rows.querySelectorAll('[data-pointer-input]')].find((each) => !each.value);
        const input = rows.querySelector('.is-chosen [data-pointer-input]') ?? empty;
        const help = form.querySelector('[data-pick-help]');
        if (!input) {
            help.textContent = 'Click into a field above first, then click the value again.';
            return;
        }
        input.value = value.dataset.pointer;
        const row = input.closest('[data-field-row]');
        choose(row);
        const name = row.querySelector('[name$="-name"]').value || 'the field';
        help.textContent = `${value.dataset.pointer || 'The whole body'} is now the pointer of ${name}.`;
        form.querySelector('button[value="test"]').click();
    });
};

const startTester = () => {
    const result = document.getElementById('tester-result');
    const pick = form.elements.namedItem('tester-pick');
    form.elements.namedItem('tester-body').addEventListener('input', () => {
        if (pick) {
            pick.value = '';
        }
    });
    const run = async () => {
        const data = new FormData(form);
        data.set('action', 'test');
        data.set('fragment', '1');
        const help = form.querySelector('[data-pick-help]')?.textContent;
        result.setAttribute('aria-busy', 'true');
        try {
            const answer = await fetch(window.location.href, {method: 'POST', body: data});
            if (answer.redirected) {
                // Logged out meanwhile.
                window.location.reload();
            }
            if (!answer.ok) {
                throw new Error(`The server answered ${answer.status}.`);
            }
            const place = result.querySelector('.body-tree')?.scrollTop ?? 0;
            result.innerHTML = await answer.text();
            const tree = result.querySelector('.body-tree');
            const newHelp = form.querySelector('[data-pick-help]');
            if (tree && newHelp && help) {
                tree.scrollTop = place;
                newHelp.textContent = help;
            }
        } catch (error) {
            result.textContent = `The test did not come back. ${error.message} Reload the page and try again.`;
        }
        result.removeAttribute('aria-busy');
    };
    form.addEventListener('submit', (event) => {
        if (event.submitter?.value === 'test') {
            event.preventDefault();
            run();
        }
    });
    pick?.addEventListener('change', () => {
        if (pick.value) {
            run();
        }
    });
};

if (form) {
    startTester();
    if (rows) {
        startPicking();
    }
    if ('isNew' in form.dataset) {
        startAlias();
    }
}
