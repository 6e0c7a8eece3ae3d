'use strict';
// Small conveniences; every page works without them.

// <button data-copy="text"> copies that text; data-copy-from="id" copies what that element shows.
document.addEventListener('click', async (event) => {
    const button = event.target.closest('.copy-button');
    if (!button) {
        return;
    }
    const from = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    const text = from ? from.textContent : button.dataset.copy;
    const label = button.textContent;
    try {
        await navigator.clipboard.writeText(text);
        button.textContent = 'Copied';
    } catch {
        // Clipboards are closed to pages served over plain HTTP from another machine.
        const shown = from || button.previousElementSibling;
        window.getSelection().selectAllChildren(shown);
        button.textContent = 'Selected';
    }
    button.dataset.copied = '';
    setTimeout(() => {
        button.textContent = label;
        delete button.dataset.copied;
    }, 1600);
});

// One open menu at a time, closed by a click elsewhere or by Escape.
const closeMenus = (except) => {
    for (const menu of document.querySelectorAll('.row-menu[open], .phone-nav[open]')) {
        if (menu !== except) {
            menu.open = false;
        }
    }
};
document.addEventListener('click', (event) => closeMenus(event.target.closest('.row-menu, .phone-nav')));
document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
        const open = document.querySelector('.row-menu[open], .phone-nav[open]');
        closeMenus(null);
        open?.querySelector('summary').focus();
    }
});

// A select with data-submits sends its form at once; without scripts its button does.
document.addEventListener('change', (event) => {
    if (event.target.matches('[data-submits]')) {
        event.target.form.requestSubmit();
    }
});

// A second click while the answer is on its way would do it twice, and take away the first answer,
// which may be all there ever is of a secret. Heard last: forms that a script takes care of stay.
const TWICE_WITHIN_MS = 3000;
let sentAt = new WeakMap();
window.addEventListener('submit', (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute('method') !== 'post') {
        return;
    }
    const now = performance.now();
    if (now - (sentAt.get(form) ?? -Infinity) < TWICE_WITHIN_MS) {
        event.preventDefault();
    } else {
        sentAt.set(form, now);
    }
});
window.addEventListener('pageshow', () => {
    sentAt = new WeakMap();
});

// An address that names a section opens it: #section-generic.
const openNamed = () => {
    const named = document.getElementById(window.location.hash.slice(1));
    if (named?.matches('details.section-panel') && !named.open) {
        named.open = true;
        named.scrollIntoView();
    }
};
window.addEventListener('hashchange', openNamed);
openNamed();
