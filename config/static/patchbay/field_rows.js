'use strict';
// The rows of fields of an event: added, moved and removed without leaving the page.
// Without this script the same buttons send the form, and the page comes back as they ask.
const fieldRowsForm = document.querySelector('[data-event-form]:has([data-event-fields])');

const startFieldRows = (form, rows) => {
    const blank = document.getElementById('new-field-row');
    const all = () => [...rows.children];
    const adding = form.querySelector('[name="action"][value="add"]');
    const fitAdding = () => {
        adding.disabled = rows.children.length >= Number(rows.dataset.eventFields);
    };

    const add = () => {
        const number = Math.max(-1, ...all().map((row) => Number(row.dataset.fieldRow) || 0)) + 1;
        rows.insertAdjacentHTML('beforeend', blank.innerHTML.replaceAll('__n__', String(number)));
        fitTargets(rows.lastElementChild);
        rows.lastElementChild.querySelector('[name$="-name"]').focus();
        fitAdding();
    };
    const move = (row, by) => {
        const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
        if (other) {
            other[by < 0 ? 'before' : 'after'](row);
        }
    };
    const remove = (row) => {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        row.remove();
        fitAdding();
        (next?.querySelector('[name$="-name"]') ?? adding).focus();
    };
    // Only targets that hold values of the row's type can be chosen; the server checks again.
    const fitTargets = (row) => {
        const type = row.querySelector('[name$="-type"]').value;
        for (const option of row.querySelectorAll('option[data-types]')) {
            option.disabled = !option.selected && !option.dataset.types.split(' ').includes(type);
        }
    };
    all().forEach(fitTargets);

    form.addEventListener('click', (event) => {
        const button = event.target.closest('button[name="action"]');
        const [verb] = (button?.value ?? '').split('-');
        const row = button?.closest('[data-field-row]');
        if (verb === 'add') {
            event.preventDefault();
            add();
        } else if (row && (verb === 'up' || verb === 'down')) {
            event.preventDefault();
            move(row, verb === 'up' ? -1 : 1);
            button.focus();
        } else if (row && verb === 'remove') {
            event.preventDefault();
            remove(row);
        }
    });
    rows.addEventListener('change', (event) => {
        if (event.target.matches('[name$="-type"], [name$="-target"]')) {
            fitTargets(event.target.closest('[data-field-row]'));
        }
    });
    rows.addEventListener('keydown', (event) => {
        const by = {ArrowUp: -1, ArrowDown: 1}[event.key];
        if (event.altKey && by) {
            event.preventDefault();
            move(event.target.closest('[data-field-row]'), by);
            event.target.focus();
        }
    });

    let dragged = null;
    rows.addEventListener('pointerdown', (event) => {
        // A row is draggable by its handle alone: elsewhere a drag selects text.
        const row = event.target.closest('[data-field-row]');
        if (row) {
            row.draggable = Boolean(event.target.closest('[data-drag-handle]'));
        }
    });
    rows.addEventListener('dragstart', (event) => {
        dragged = event.target.closest?.('[data-field-row]') ?? null;
        dragged?.classList.add('is-dragged');
    });
    rows.addEventListener('dragover', (event) => {
        const over = event.target.closest('[data-field-row]');
        if (dragged && over) {
            event.preventDefault();
            const box = over.getBoundingClientRect();
            if (over !== dragged) {
                over[event.clientY < box.top + box.height / 2 ? 'before' : 'after'](dragged);
            }
        }
    });
    rows.addEventListener('dragend', () => {
        dragged?.classList.remove('is-dragged');
        dragged = null;
    });
};

if (fieldRowsForm) {
    startFieldRows(fieldRowsForm, fieldRowsForm.querySelector('[data-event-fields]'));
}
